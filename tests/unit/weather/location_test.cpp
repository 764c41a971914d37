#include "weather/location.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::weather {
namespace {

std::string text_of(Axis axis, std::string_view text, int decimals = -1) {
  const auto coordinate = parse_coordinate(axis, text, decimals);
  return coordinate ? coordinate->text : "refused: " + coordinate.error().detail;
}
std::string lat(std::string_view text, int decimals = -1) {
  return text_of(Axis::latitude, text, decimals);
}
std::string lon(std::string_view text, int decimals = -1) {
  return text_of(Axis::longitude, text, decimals);
}

TEST(Location, EveryWayOfWritingAPlaceIsOneText) {
  for (const auto* text : {"52.52", "52.520", "052.52", "5.252e1", "0.5252e2", "5252E-2", "+52.52", "52.5200001",
                           "52.5199999", "52.52e0", "52.52e+00", "525200000000000000000000e-22"}) {
    EXPECT_EQ(lat(text), "52.52") << text;
  }
}

TEST(Location, ZeroHasNoSign) {
  for (const auto* text : {"0", "-0", "+0", "0.0", "-0.000", "0e5", "-0e-5", "0e99999999999999999999", "-1e-50"}) {
    EXPECT_EQ(lat(text), "0") << text;
    const auto coordinate = parse_coordinate(Axis::latitude, text);
    ASSERT_TRUE(coordinate);
    EXPECT_FALSE(std::signbit(coordinate->degrees)) << text;
  }
}

// Short numbers are copied without a conversion. An exponent of zero sends the same number through the conversion.
TEST(Location, ShortNumbersAreWhatTheLongWayMakesOfThem) {
  Random random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto digits = random.next() % 1'000'000;
    auto text = std::to_string(digits);
    if (const auto decimals = random.next() % 7; decimals > 0) {
      text.insert(0, text.size() <= decimals ? decimals + 1 - text.size() : 0, '0');
      text.insert(text.size() - decimals, ".");
    }
    if (random.next() % 2 == 0) text.insert(0, "-");
    const auto axis = random.next() % 2 == 0 ? Axis::latitude : Axis::longitude;
    const int limit = static_cast<int>(random.next() % 8) - 1;
    const auto plain = parse_coordinate(axis, text, limit);
    const auto long_way = parse_coordinate(axis, text + "e0", limit);
    ASSERT_EQ(plain.has_value(), long_way.has_value()) << text;
    if (!plain) continue;
    ASSERT_EQ(plain->text, long_way->text) << text << " to " << limit;
    ASSERT_EQ(plain->degrees, long_way->degrees) << text << " to " << limit;
  }
}

TEST(Location, TheEndsOfTheRangeBelongToIt) {
  EXPECT_EQ(lat("90"), "90");
  EXPECT_EQ(lat("-90"), "-90");
  EXPECT_EQ(lon("180"), "180");
  EXPECT_EQ(lon("-180"), "-180");
  EXPECT_EQ(lon("-179.99999"), "-179.99998");
}

TEST(Location, BeyondTheRangeIsRefusedWithTheRange) {
  for (const auto* text : {"90.0000001", "-90.0000001", "91", "999", "1e400", "-1e400", "1e99999999999999999999",
                           "100000000000000000000000000000000000000000"}) {
    EXPECT_EQ(lat(text), "refused: must be between -90 and 90") << text;
  }
  EXPECT_EQ(lon("180.0000001"), "refused: must be between -180 and 180");
  EXPECT_EQ(lon("-999"), "refused: must be between -180 and 180");
  EXPECT_EQ(lon(std::string(8192, '9')), "refused: must be between -180 and 180");
}

TEST(Location, WhatIsNoDecimalNumberIsRefused) {
  using std::literals::string_view_literals::operator""sv;
  for (const auto text :
       {"abc"sv, "NaN"sv,   "nan"sv,   "inf"sv,    "-Infinity"sv, "0x10"sv,  "1,5"sv,      " 1"sv, "1 "sv,   "1\0"sv,
        "1\n"sv, "--1"sv,   "+-1"sv,   "-"sv,      "+"sv,         "."sv,     ".5"sv,       "5."sv, "5.e1"sv, "1e"sv,
        "1e+"sv, "1e1.5"sv, "1.2.3"sv, "52&x=1"sv, "1f"sv,        "1e5e5"sv, "\xC2\xB2"sv, "e5"sv}) {
    EXPECT_EQ(lat(text), "refused: is not a decimal number") << text;
  }
  EXPECT_EQ(lat(""), "refused: is empty");
  EXPECT_EQ(parse_coordinate(Axis::latitude, "abc").error().kind, ErrorKind::bad_parameter);
}

TEST(Location, TinyNumbersArePrintedWithoutAnExponent) {
  EXPECT_EQ(lat("1e-40"), "0.0000000000000000000000000000000000000001");
  EXPECT_EQ(lat("-1.4e-45"), "-0.000000000000000000000000000000000000000000001");
  EXPECT_EQ(lat("1e-400"), "0");
  EXPECT_EQ(lat("0." + std::string(5000, '0') + "1"), "0");
  EXPECT_EQ(lat("1" + std::string(400, '0') + "e-401"), "0.1");
  EXPECT_EQ(lat("0." + std::string(400, '0') + "1e401"), "1");
  EXPECT_EQ(lat("1" + std::string(400, '0') + "e-9999999999999"), "0");
}

TEST(Location, RoundsToTheDecimalsAskedFor) {
  EXPECT_EQ(lat("52.525678", 2), "52.53");
  EXPECT_EQ(lat("-52.525678", 2), "-52.53");
  EXPECT_EQ(lat("52.525678", 0), "53");
  EXPECT_EQ(lat("52.525678", 4), "52.5257");
  EXPECT_EQ(lat("-0.004", 2), "0");
  EXPECT_EQ(lat("89.999", 2), "90");
  EXPECT_EQ(lat("52.52", 15), "52.52");
  EXPECT_EQ(lat("52.52", 400), "52.52");
  EXPECT_EQ(lat("90.001", 2), "refused: must be between -90 and 90");
}

// The text is canonical: parsing it gives the same text and the same Float32.
TEST(Location, ReadingTheTextAgainGivesTheSameText) {
  Random random(7);
  const auto check = [](Axis axis, const std::string& written, int decimals) {
    const auto once = parse_coordinate(axis, written, decimals);
    ASSERT_TRUE(once) << written;
    const auto twice = parse_coordinate(axis, once->text, decimals);
    ASSERT_TRUE(twice) << written;
    EXPECT_EQ(once->text, twice->text) << written << " with " << decimals << " decimals";
    EXPECT_EQ(once->degrees, twice->degrees) << written;
    EXPECT_EQ(once->text.find_first_not_of("-.0123456789"), std::string::npos) << once->text;
    float back = 0;
    std::from_chars(once->text.data(), once->text.data() + once->text.size(), back);
    EXPECT_EQ(back, once->degrees);
  };
  for (int i = 0; i < 20000; ++i) {
    const Axis axis = random.next() % 2 == 0 ? Axis::latitude : Axis::longitude;
    const double limit = axis == Axis::latitude ? 90 : 180;
    const double degrees =
        (random.fraction() * 2 - 1) * limit * std::pow(10.0, -static_cast<double>(random.next() % 8));
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, degrees).ptr;
    check(axis, std::string(buffer, end), static_cast<int>(random.next() % 10) - 1);
  }
}

}  // namespace
}  // namespace wx::weather
