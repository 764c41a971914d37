#include "weather/question.hpp"

#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::weather {
namespace {

Question question(std::string_view lat, std::string_view lon, bool mock = false) {
  Question question;
  question.location = {*parse_coordinate(Axis::latitude, lat), *parse_coordinate(Axis::longitude, lon)};
  question.mock = mock;
  return question;
}

std::string key(std::string_view lat, std::string_view lon, bool mock = false) {
  return std::string(Key(question(lat, lon, mock)).text());
}

TEST(Key, ReadsAsPeopleSeeItInRedis) {
  EXPECT_EQ(key("52.52", "13.41"), "weather:52.52:13.41");
  EXPECT_EQ(key("52.52", "13.41", true), "weather:mock:52.52:13.41");
  EXPECT_EQ(key("0", "-0"), "weather:0:0");
  EXPECT_EQ(key("-33.9", "-180"), "weather:-33.9:-180");
}

TEST(Key, IsOneForEveryWayOfWritingAPlace) {
  EXPECT_EQ(key("5.252e1", "13.410"), key("52.52", "13.41"));
  EXPECT_EQ(key("-0", "0.0"), key("0", "0"));
}

TEST(Key, IsNeverTheSameForMockAndReal) {
  Random random(3);
  std::set<std::string> real;
  std::set<std::string> mock;
  for (int i = 0; i < 2000; ++i) {
    std::string lat;
    std::string lon;
    append_fixed(lat, random.fraction() * 180 - 90, i % 8);
    append_fixed(lon, random.fraction() * 360 - 180, i % 8);
    real.insert(key(lat, lon));
    mock.insert(key(lat, lon, true));
  }
  for (const auto& one : real) EXPECT_FALSE(mock.contains(one)) << one;
}

TEST(Key, DoesNotDependOnHowTheCacheIsUsed) {
  auto asked = question("1", "2", true);
  const Key normal(asked);
  asked.mode = cache::Mode::redis_only;
  EXPECT_EQ(Key(asked).text(), normal.text());
}

// The longest texts that a client can ask for: the smallest positive Float32, and many digits.
TEST(Key, HoldsTheLongestPlaceWhole) {
  for (const std::string_view text : {"-1.4e-45", "-89.123456789012345678901234567890123456789012345678901234567890"}) {
    const auto coordinate = parse_coordinate(Axis::latitude, text);
    ASSERT_TRUE(coordinate);
    const auto whole = key(text, text, true);
    EXPECT_TRUE(whole.ends_with(cat(":", coordinate->text, ":", coordinate->text))) << whole;
  }
}

TEST(Key, IsNeverCut) {
  Question longest;
  longest.mock = true;
  const auto fits = std::string(144 - std::string_view("weather:mock::").size(), '1');
  longest.location.latitude.text = fits;
  EXPECT_EQ(Key(longest).text(), cat("weather:mock:", fits, ":"));
  longest.location.longitude.text = "2";
  EXPECT_THROW(Key{longest}, std::length_error);
}

TEST(Key, KnowsItsHash) {
  const Key one(question("52.52", "13.41"));
  EXPECT_EQ(one.hash(), hash64("weather:52.52:13.41"));
}

// Tiny numbers have the longest texts: 37 to 44 zeros after the point, then up to nine digits.
TEST(Key, HasRoomForTheLongestCoordinates) {
  for (const std::string digits : {"-1.17549435e-38", "-1.1754942e-38", "-1.4e-45", "-2.3509887e-38", "-9.9999999e-38",
                                   "-1.00000001e-37", "-89.999992", "-179.99998"}) {
    const auto one = question(digits.starts_with("-179") ? "0" : digits, digits, true);
    const auto expected = cat("weather:mock:", one.location.latitude.text, ":", one.location.longitude.text);
    EXPECT_EQ(Key(one).text(), expected) << digits;
    EXPECT_LT(expected.size(), 130U);
  }
}

TEST(Key, MayBeCopied) {
  const Key one(question("52.52", "13.41"));
  const Key same = one;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(same.text(), one.text());
  EXPECT_EQ(same.hash(), one.hash());
  EXPECT_NE(same.text().data(), one.text().data());
}

}  // namespace
}  // namespace wx::weather
