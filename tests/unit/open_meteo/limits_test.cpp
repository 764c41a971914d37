#include "open_meteo/limits.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

TEST(Limits, AreReadInAnyOrderAndWrittenBack) {
  EXPECT_EQ(parse_limits("600/m,5000/h,10000/d"), kFreeLimits);
  EXPECT_EQ(parse_limits(" 10000/d , 600/m,5000/h "), kFreeLimits);
  EXPECT_EQ(format_limits(kFreeLimits), "600/m,5000/h,10000/d");
  EXPECT_EQ(format_limits(*parse_limits("7/h")), "7/h");
  EXPECT_EQ(format_limits(*parse_limits("1000000000/d,1/m")), "1/m,1000000000/d");
}

TEST(Limits, OffIsNoLimit) {
  EXPECT_TRUE(parse_limits("off")->off());
  EXPECT_TRUE(parse_limits(" OFF ")->off());
  EXPECT_EQ(format_limits({}), "off");
  EXPECT_FALSE(kFreeLimits.off());
}

TEST(Limits, WindowsHaveLettersAndNames) {
  EXPECT_EQ(*parse_limits("600/min,5000/hour,10000/day"), *parse_limits("600/m,5000/h,10000/d"));
  EXPECT_EQ(*parse_limits("600/minute"), *parse_limits("600/m"));
  EXPECT_EQ(*parse_limits("600 / Min, 5000/H , 10000/DAY"), *parse_limits("600/m,5000/h,10000/d"));
}

// A limit may be a misplaced secret, so that no message repeats it.
TEST(Limits, WhatIsWrongIsNamedButNotRepeated) {
  const auto wrong = [](std::string_view text) {
    const auto limits = parse_limits(text);
    return limits ? std::string("fine") : limits.error().detail;
  };
  EXPECT_EQ(wrong(""), "a limit is written like 600/m");
  EXPECT_EQ(wrong("600"), "a limit is written like 600/m");
  EXPECT_EQ(wrong("600/m,"), "a limit is written like 600/m");
  EXPECT_EQ(wrong("600/m,,5/h"), "a limit is written like 600/m");
  EXPECT_EQ(wrong("0/m"), "a limit begins with a number from 1 to 1000000000");
  EXPECT_EQ(wrong("-1/m"), "a limit begins with a number from 1 to 1000000000");
  EXPECT_EQ(wrong("1000000001/m"), "a limit begins with a number from 1 to 1000000000");
  EXPECT_EQ(wrong("99999999999999999999/d"), "a limit begins with a number from 1 to 1000000000");
  EXPECT_EQ(wrong("5 x/m"), "a limit begins with a number from 1 to 1000000000");
  for (const auto* const text : {"600/s", "600/minutes", "600/", "600/M", "600/m/h", "600/60s"}) {
    EXPECT_EQ(wrong(text), "a limit ends with /m (minute), /h (hour) or /d (day)") << text;
  }
  EXPECT_EQ(wrong("5/h,6/h"), "there are two limits per hour");
  EXPECT_EQ(wrong("off,5/h"), "a limit is written like 600/m");
}

TEST(Limits, AShareIsRoundedDownAndNeverNothing) {
  EXPECT_EQ(share_of(kFreeLimits, 1), kFreeLimits);
  EXPECT_EQ(share_of(kFreeLimits, 0), kFreeLimits);
  EXPECT_EQ(share_of(kFreeLimits, 7), *parse_limits("85/m,714/h,1428/d"));
  EXPECT_EQ(share_of(Limits{}, 7), Limits{});
  EXPECT_EQ(share_of(*parse_limits("600/m,5/h"), 10).error().detail,
            "a limit of 5 calls per hour leaves less than one call for each of 10 processes (FLEET_SIZE)");
}

}  // namespace
}  // namespace wx::open_meteo
