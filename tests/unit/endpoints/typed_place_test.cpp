// Coordinates as people type them, checked against the table that the tests of the page's script use, too (tests/page).
#include "endpoints/typed_place.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/json.hpp"

namespace wx::endpoints {
namespace {

using test::json_at;

TEST(TypedPlace, IsReadAsTheTableSays) {
  std::ifstream file(WX_SOURCE "/tests/unit/endpoints/typed_places.json");
  ASSERT_TRUE(file);
  const std::string table{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::size_t rows = 0;
  for (std::size_t number = 0; table.find("\"typed\"", rows) != std::string::npos; ++number) {
    const auto at = [&](std::string_view pointer) { return json_at(table, cat("/", number, "/", pointer)); };
    const auto read = tidy_place(at("typed/0"), at("typed/1"));
    EXPECT_EQ(read.latitude, at("read/0")) << at("typed/0");
    EXPECT_EQ(read.longitude, at("read/1")) << at("typed/1");
    EXPECT_EQ(tidy_place(read.latitude, read.longitude), read) << "a second time";
    rows = table.find("\"typed\"", rows) + 1;
  }
}

TEST(TypedPlace, GoesIntoAQueryWithEverythingElse) {
  EXPECT_EQ(tidy_query("lang=pt-BR&lat=-23%2C55&lon=-46%2C63&mock=true"), "lat=-23.55&lon=-46.63&lang=pt-BR&mock=true");
  EXPECT_EQ(tidy_query("lat=%E2%88%9223.55&lon=1"), "lat=-23.55&lon=1");
  EXPECT_EQ(tidy_query("lat=-23.5505%2C+-46.6333&lon=13.41&format=html"), "lat=-23.5505&lon=-46.6333&format=html");
  EXPECT_EQ(tidy_query("lat=-23.5505%2C-46.6333"), "lat=-23.5505&lon=-46.6333");
  EXPECT_EQ(tidy_query("latitude=1%2C5&longitude=%2B2%2C5"), "lat=1.5&lon=%2B2.5");
  EXPECT_EQ(tidy_query("lat=1%2C5&lon=%22%3E&x=%22"), "lat=1.5&lon=%22%3E&x=%22");
}

TEST(TypedPlace, SetsNoCoordinateThatIsMissing) {
  EXPECT_EQ(tidy_query("lat=1%2C5"), "lat=1.5");
  EXPECT_EQ(tidy_query("lat=1%2C5&lon="), "lat=1.5&lon=");
  EXPECT_EQ(tidy_query("lang=en&lon=1%2C5"), "lon=1.5&lang=en");
  EXPECT_EQ(tidy_query("lat=&lon=1%2C5"), "lat=&lon=1.5");
}

TEST(TypedPlace, LeavesAQueryAloneThatItCannotHelp) {
  for (const auto* query : {"", "lat=1&lon=2", "lat=east&lon=2", "lat=1%2C5&lat=2&lon=1", "lat=1%2C5&latitude=2&lon=1",
                            "lat=1%2C5&lon=%", "lat=&lon=", "lat=1;2;3&lon=1"}) {
    EXPECT_EQ(tidy_query(query), std::nullopt) << query;
  }
}

}  // namespace
}  // namespace wx::endpoints
