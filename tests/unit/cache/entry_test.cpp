#include "cache/entry.hpp"

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "support/fake_clock.hpp"

namespace wx::cache {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Spans kSpans{.fresh_for = seconds(10), .stale_for = seconds(60), .keep_for = seconds(600)};

EntryPtr stored_at(WallTime time, Spans spans = kSpans) {
  Entry entry;
  entry.body = "{}";
  entry.stored_at = time;
  entry.spans = spans;
  return std::make_shared<const Entry>(std::move(entry));
}

TEST(Entry, PassesThroughItsSpansInOrder) {
  EXPECT_EQ(freshness_at(kSpans, nanoseconds(0)), Freshness::fresh);
  EXPECT_EQ(freshness_at(kSpans, seconds(10) - nanoseconds(1)), Freshness::fresh);
  EXPECT_EQ(freshness_at(kSpans, seconds(10)), Freshness::stale);
  EXPECT_EQ(freshness_at(kSpans, seconds(70) - nanoseconds(1)), Freshness::stale);
  EXPECT_EQ(freshness_at(kSpans, seconds(70)), Freshness::kept);
  EXPECT_EQ(freshness_at(kSpans, seconds(670) - nanoseconds(1)), Freshness::kept);
  EXPECT_EQ(freshness_at(kSpans, seconds(670)), Freshness::gone);
}

TEST(Entry, SkipsSpansThatAreZero) {
  EXPECT_EQ(freshness_at({}, nanoseconds(0)), Freshness::gone);
  EXPECT_EQ(freshness_at({.fresh_for = seconds(10)}, seconds(10)), Freshness::gone);
  EXPECT_EQ(freshness_at({.stale_for = seconds(1)}, nanoseconds(0)), Freshness::stale);
  EXPECT_EQ(freshness_at({.keep_for = seconds(1)}, nanoseconds(0)), Freshness::kept);
  EXPECT_EQ(freshness_at({.fresh_for = seconds(1), .keep_for = seconds(1)}, seconds(1)), Freshness::kept);
}

TEST(Entry, HoldsTheSmallestAndTheLargestSpans) {
  EXPECT_EQ(freshness_at({.fresh_for = milliseconds(1)}, nanoseconds(999'999)), Freshness::fresh);
  EXPECT_EQ(freshness_at({.fresh_for = milliseconds(1)}, milliseconds(1)), Freshness::gone);
  constexpr auto kTenYears = hours(24 * 366 * 10);
  constexpr Spans kLong{.fresh_for = kTenYears, .stale_for = kTenYears, .keep_for = kTenYears};
  EXPECT_EQ(kLong.total(), 3 * kTenYears);
  EXPECT_EQ(freshness_at(kLong, 3 * kTenYears - nanoseconds(1)), Freshness::kept);
  EXPECT_EQ(freshness_at(kLong, 3 * kTenYears), Freshness::gone);
}

TEST(Copy, IsAsOldAsTheTimeSinceItWasStored) {
  test::FakeClock clock;
  const auto copy = make_copy(stored_at(clock.wall() - milliseconds(3250)), clock);
  EXPECT_EQ(copy.age(clock.steady()), nanoseconds(milliseconds(3250)));
  clock.advance(seconds(4));
  EXPECT_EQ(copy.age(clock.steady()), nanoseconds(milliseconds(7250)));
  EXPECT_EQ(copy.freshness(clock.steady()), Freshness::fresh);
  clock.advance(seconds(3));
  EXPECT_EQ(copy.freshness(clock.steady()), Freshness::stale);
}

TEST(Copy, DoesNotNoticeWhenSomebodySetsTheWallClock) {
  test::FakeClock clock;
  const auto copy = make_copy(stored_at(clock.wall()), clock);
  clock.step_wall(hours(24));
  EXPECT_EQ(copy.age(clock.steady()), nanoseconds(0));
  clock.step_wall(-hours(48));
  clock.advance(seconds(5));
  EXPECT_EQ(copy.age(clock.steady()), nanoseconds(seconds(5)));
}

TEST(Copy, TakesAnotherMachinesClockThatIsUpToTwoSecondsAheadForItsOwn) {
  test::FakeClock clock;
  for (const auto ahead : {milliseconds(1), milliseconds(1999), milliseconds(2000)}) {
    const auto copy = make_copy(stored_at(clock.wall() + ahead), clock);
    EXPECT_EQ(copy.age(clock.steady()), nanoseconds(0)) << ahead.count();
  }
}

TEST(Copy, TreatsAnEntryFromFurtherAheadAsStale) {
  test::FakeClock clock;
  for (const milliseconds ahead : {milliseconds(2001), milliseconds(hours(1)), milliseconds(hours(24 * 365 * 30))}) {
    const auto copy = make_copy(stored_at(clock.wall() + ahead), clock);
    EXPECT_EQ(copy.age(clock.steady()), nanoseconds(seconds(10))) << ahead.count();
    EXPECT_EQ(copy.freshness(clock.steady()), Freshness::stale) << ahead.count();
  }
}

// The codec accepts times whose distance does not fit into 64 bits of nanoseconds.
TEST(Copy, SurvivesTimesBeyondTheRangeOfNanoseconds) {
  test::FakeClock clock;
  const auto future = make_copy(stored_at(WallTime(milliseconds(1LL << 52))), clock);
  EXPECT_EQ(future.freshness(clock.steady()), Freshness::stale);
  const auto past = make_copy(stored_at(WallTime(milliseconds(0))), clock);
  EXPECT_EQ(past.freshness(clock.steady()), Freshness::gone);
  clock.set_wall(WallTime(milliseconds(1LL << 52)));
  EXPECT_EQ(make_copy(stored_at(WallTime(milliseconds(0))), clock).freshness(clock.steady()), Freshness::gone);
}

TEST(Copy, IsNeverOfNegativeAge) {
  test::FakeClock clock;
  const Copy copy{stored_at(clock.wall()), clock.steady() + seconds(1)};
  EXPECT_EQ(copy.age(clock.steady()), nanoseconds(0));
}

TEST(EarlyRefresh, IsDueAtItsPartOfTheFreshSpanSpreadByATenthPerKey) {
  const auto entry = stored_at(WallTime{});
  nanoseconds least = seconds(10);
  nanoseconds most{0};
  for (int i = 0; i < 1000; ++i) {
    const auto age = early_refresh_age(*entry, 0.8, hash64(cat("weather:", i)));
    EXPECT_EQ(age, early_refresh_age(*entry, 0.8, hash64(cat("weather:", i))));
    least = std::min(least, age);
    most = std::max(most, age);
  }
  EXPECT_GE(least, nanoseconds(milliseconds(7200)));
  EXPECT_LT(least, nanoseconds(milliseconds(7300)));
  EXPECT_LE(most, nanoseconds(milliseconds(8800)));
  EXPECT_GT(most, nanoseconds(milliseconds(8700)));
}

TEST(EarlyRefresh, IsNeverDueBeyondTheFreshSpan) {
  const auto entry = stored_at(WallTime{});
  for (int i = 0; i < 200; ++i) {
    EXPECT_LE(early_refresh_age(*entry, 0.99, hash64(cat(i))), nanoseconds(seconds(10)));
  }
  EXPECT_EQ(early_refresh_age(*entry, 0.99, ~0ULL), nanoseconds(seconds(10)));
}

TEST(EarlyRefresh, IsOffFromAWholeSpanOn) {
  const auto entry = stored_at(WallTime{});
  EXPECT_EQ(early_refresh_age(*entry, 1.0, 0), nanoseconds(seconds(10)));
  EXPECT_EQ(early_refresh_age(*entry, 2.0, 0), nanoseconds(seconds(10)));
}

TEST(EarlyRefresh, IsOffWhereTheEntryWantsNone) {
  Entry entry = *stored_at(WallTime{});
  entry.early_refresh = false;
  EXPECT_EQ(early_refresh_age(entry, 0.8, 0), nanoseconds(seconds(10)));
}

TEST(EarlyRefresh, HasAnAnswerForSpansOfNothingAndOfAMillisecond) {
  EXPECT_EQ(early_refresh_age(*stored_at(WallTime{}, {}), 0.8, ~0ULL), nanoseconds(0));
  const auto age = early_refresh_age(*stored_at(WallTime{}, {.fresh_for = milliseconds(1)}), 0.8, 0);
  EXPECT_EQ(age, nanoseconds(720'000));
}

}  // namespace
}  // namespace wx::cache
