#include "weather/lifetime.hpp"

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::weather {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A value that is valid for a quarter of an hour from 12:00:00.
constexpr std::chrono::sys_seconds kNoon{days(20'000) + hours(12)};

open_meteo::CurrentWeather weather(seconds valid_for = minutes(15)) {
  open_meteo::CurrentWeather weather;
  weather.valid_from = kNoon;
  weather.valid_for = valid_for;
  return weather;
}

// The fresh span with `auto`, for a request this long after noon and a key without spread.
milliseconds fresh_after(milliseconds after, seconds valid_for = minutes(15)) {
  return real_lifetime({}, weather(valid_for), WallTime(kNoon) + after, 0).spans.fresh_for;
}

TEST(RealLifetime, LastsUntilTheProvidersNextValue) {
  EXPECT_EQ(fresh_after(minutes(0)), minutes(15));
  EXPECT_EQ(fresh_after(minutes(5)), minutes(10));
  EXPECT_EQ(fresh_after(milliseconds(1)), minutes(15) - milliseconds(1));
  EXPECT_EQ(fresh_after(minutes(20), hours(1)), minutes(40));
}

TEST(RealLifetime, LastsAtLeastTenSeconds) {
  EXPECT_EQ(fresh_after(minutes(14) + seconds(50)), seconds(10));
  EXPECT_EQ(fresh_after(minutes(14) + seconds(51)), seconds(10));
  EXPECT_EQ(fresh_after(minutes(15)), seconds(10));
}

// The next value of the provider is late, or our clock is ahead.
TEST(RealLifetime, LastsTenSecondsWhenTheNextValueIsOverdue) {
  EXPECT_EQ(fresh_after(hours(3)), seconds(10));
  EXPECT_EQ(fresh_after(days(10'000)), seconds(10));
}

TEST(RealLifetime, LastsNoLongerThanAnIntervalWhenOurClockIsBehind) {
  EXPECT_EQ(fresh_after(-seconds(1)), minutes(15));
  EXPECT_EQ(fresh_after(-days(10'000)), minutes(15));
}

TEST(RealLifetime, LastsTenSecondsWhereTheIntervalIsShorterThanThat) {
  EXPECT_EQ(fresh_after(seconds(0), seconds(1)), seconds(10));
  EXPECT_EQ(fresh_after(seconds(0), seconds(0)), seconds(10));
  EXPECT_EQ(fresh_after(-hours(1), seconds(0)), seconds(10));
}

TEST(RealLifetime, BelievesADateThatFitsTheValue) {
  const auto value = weather();
  for (const milliseconds after :
       {milliseconds(-minutes(1)), milliseconds(0), milliseconds(minutes(15)), milliseconds(minutes(30))}) {
    EXPECT_TRUE(fits(value, WallTime(kNoon) + after)) << after.count();
  }
  EXPECT_FALSE(fits(value, WallTime(kNoon) - minutes(1) - milliseconds(1)));
  EXPECT_FALSE(fits(value, WallTime(kNoon) + minutes(30) + milliseconds(1))) << "an interval after its end";
  EXPECT_FALSE(fits(value, WallTime(milliseconds(0))));
}

TEST(RealLifetime, IsSpreadByUpToHalfAMinutePerKey) {
  milliseconds least = hours(1);
  milliseconds most{0};
  for (int i = 0; i < 2000; ++i) {
    const auto hash = hash64(cat("weather:", i));
    const auto span = real_lifetime({}, weather(), WallTime(kNoon), hash).spans.fresh_for;
    EXPECT_EQ(span, real_lifetime({}, weather(), WallTime(kNoon), hash).spans.fresh_for);
    least = std::min(least, span);
    most = std::max(most, span);
  }
  EXPECT_GE(least, minutes(15));
  EXPECT_LT(least, minutes(15) + seconds(1));
  EXPECT_LE(most, minutes(15) + seconds(30));
  EXPECT_GT(most, minutes(15) + seconds(29));
}

TEST(RealLifetime, HasNoEarlyRefreshWithAuto) {
  EXPECT_FALSE(real_lifetime({}, weather(), WallTime(kNoon), 0).early_refresh);
}

TEST(RealLifetime, TakesTheOtherSpansFromTheSettings) {
  const auto defaults = real_lifetime({}, weather(), WallTime(kNoon), 0);
  EXPECT_EQ(defaults.spans.stale_for, seconds(60));
  EXPECT_EQ(defaults.spans.keep_for, hours(24));
  const auto none =
      real_lifetime({.fresh_for = {}, .stale_for = seconds(0), .keep_for = seconds(0)}, weather(), WallTime(kNoon), 0);
  EXPECT_EQ(none.spans.stale_for, seconds(0));
  EXPECT_EQ(none.spans.keep_for, seconds(0));
}

TEST(RealLifetime, IsWhatTheSettingSaysWithoutSpread) {
  for (const milliseconds ttl :
       {milliseconds(0), milliseconds(1), milliseconds(seconds(10)), milliseconds(days(365))}) {
    const auto fixed = real_lifetime({.fresh_for = ttl}, weather(), WallTime(kNoon) + hours(5), ~0ULL);
    EXPECT_EQ(fixed.spans.fresh_for, ttl);
    EXPECT_EQ(fixed.spans.stale_for, seconds(60));
    EXPECT_EQ(fixed.spans.keep_for, hours(24));
    EXPECT_TRUE(fixed.early_refresh);
  }
}

TEST(MockLifetime, IsTenSecondsAndThenGone) {
  const auto mock = mock_lifetime({});
  EXPECT_EQ(mock.spans, (cache::Spans{.fresh_for = seconds(10)}));
  EXPECT_EQ(mock.spans.total(), seconds(10));
  EXPECT_TRUE(mock.early_refresh);
}

TEST(MockLifetime, FollowsAFixedSettingButIsNeverStaleNorKept) {
  const auto mock = mock_lifetime({.fresh_for = seconds(3), .stale_for = hours(1), .keep_for = hours(1)});
  EXPECT_EQ(mock.spans, (cache::Spans{.fresh_for = seconds(3)}));
}

}  // namespace
}  // namespace wx::weather
