#include "drop_in/service.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::drop_in {
namespace {

Key key_of(std::string_view path, std::string_view query) {
  auto resource = open_meteo::find_resource(path, "");
  EXPECT_TRUE(resource) << path;
  return Service::key_of(open_meteo::make_question(*std::move(resource), query, {}));
}

TEST(DropInKey, IsTheQuestionItself) {
  const auto key = key_of("/v1/forecast", "longitude=13.41&latitude=52.520&hourly[]=rain");
  EXPECT_EQ(key.text, "weather:om:api:forecast?latitude=52.52&longitude=13.41&hourly=rain");
  EXPECT_EQ(key.hash, hash64(key.text));
  EXPECT_EQ(key.question, "") << "the text tells all";
}

// A hash does not stand for a question alone: the question is compared, too.
TEST(DropInKey, HasTheQuestionOfAHash) {
  std::string query = "latitude=52.52&longitude=13.41&hourly=rain";
  for (int i = 0; i < 100; ++i) append(query, cat(",temperature_", i, "hPa"));
  const auto key = key_of("/archive-api/v1/archive", query);
  EXPECT_TRUE(key.text.starts_with("weather:om:archive-api:archive#")) << key.text;
  EXPECT_LT(key.text.size(), 100U);
  EXPECT_EQ(key.hash, hash64(key.text));
  EXPECT_EQ(key.question, cat("archive-api:archive?", query));
  const auto other = key_of("/archive-api/v1/archive", cat(query, "x"));
  EXPECT_NE(other.text, key.text);
  EXPECT_NE(other.question, key.question);
}

}  // namespace
}  // namespace wx::drop_in
