#include "open_meteo/budget.hpp"

#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using cache::Purpose;

constexpr WallTime kMidnight = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1);

std::string told(const std::optional<Budget::Refusal>& refusal) {
  if (!refusal) return "yes";
  return cat("no, ", name(refusal->window), " ", refusal->retry_after / 1ms, "ms");
}

// One process that counts alone, and its clocks.
struct Alone {
  explicit Alone(std::string_view limits) : budget(*parse_limits(limits)) {}

  std::string take(Purpose purpose = Purpose::cold) { return told(budget.take(purpose, steady, wall)); }
  std::string check(Purpose purpose) { return told(budget.check(purpose, steady, wall)); }
  ThrottleLevel throttle_level() { return budget.throttle_level(steady, wall); }
  void pass(milliseconds span) {
    steady += span;
    wall += span;
  }
  // The number of calls until one is refused.
  int exhaust() {
    int calls = 0;
    while (take() == "yes") ++calls;
    return calls;
  }

  Budget budget;
  SteadyTime steady{1000s};
  WallTime wall = kMidnight + 10h + 30min + 15s;
};

TEST(Budget, AllowsAsManyAsTheLimitAndThenTheNextWindow) {
  Alone one("3/m");
  EXPECT_EQ(one.exhaust(), 3);
  EXPECT_EQ(one.take(), "no, minute 45000ms");
  one.pass(44'999ms);
  EXPECT_EQ(one.take(), "no, minute 1ms");
  one.pass(1ms);
  EXPECT_EQ(one.exhaust(), 3);
}

TEST(Budget, TheWindowThatLastsLongestIsTheOneToWaitFor) {
  Alone one("3/m,3/h,3/d");
  EXPECT_EQ(one.exhaust(), 3);
  EXPECT_EQ(one.take(), cat("no, day ", (13h + 29min + 45s) / 1ms, "ms"));
  one.pass(1min);
  EXPECT_EQ(one.take(), cat("no, day ", (13h + 28min + 45s) / 1ms, "ms"));
  one.pass(14h);
  EXPECT_EQ(one.take(), "yes");
}

TEST(Budget, WindowsWithoutALimitDoNotCount) {
  Alone one("1000/h");
  EXPECT_EQ(one.exhaust(), 1000);
  EXPECT_EQ(one.budget.usage(Window::minute, one.steady, one.wall).limit, 0U);
}

TEST(Budget, TheLadderKeepsTheLastCallsForThoseWhoNeedThemMost) {
  Alone one("10/m");
  for (int i = 0; i < 7; ++i) EXPECT_EQ(one.take(), "yes");
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::open);
  EXPECT_EQ(one.take(Purpose::early), "yes");
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::no_early);
  EXPECT_EQ(one.take(Purpose::early), "no, minute 45000ms");
  EXPECT_EQ(one.take(Purpose::refresh), "yes");
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::no_refresh);
  EXPECT_EQ(one.take(Purpose::early), "no, minute 45000ms");
  EXPECT_EQ(one.take(Purpose::refresh), "no, minute 45000ms");
  EXPECT_EQ(one.check(Purpose::revalidate), "yes");
  EXPECT_EQ(one.take(Purpose::revalidate), "yes");
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::closed);
  EXPECT_EQ(one.take(Purpose::revalidate), "no, minute 45000ms");
  EXPECT_EQ(one.take(Purpose::cold), "no, minute 45000ms");
  one.pass(1min);
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::open);
}

TEST(Budget, AnyWindowMayTakeTheLadderUp) {
  Alone one("100/m,10/d");
  for (int i = 0; i < 8; ++i) EXPECT_EQ(one.take(), "yes");
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::no_early);
  one.pass(5min);
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::no_early);
}

TEST(Budget, TheSmallestLimitsAreUsable) {
  Alone one("1/m");
  EXPECT_EQ(one.take(Purpose::early), "yes");
  EXPECT_EQ(one.throttle_level(), ThrottleLevel::closed);
}

TEST(Budget, AClockThatIsSetForwardOpensItsWindowsAtOnce) {
  Alone one("3/m,3/h");
  EXPECT_EQ(one.exhaust(), 3);
  one.wall += 1h;
  EXPECT_EQ(one.exhaust(), 3);
}

TEST(Budget, AClockThatIsSetBackYieldsNoCallsAndBlocksNoLongerThanTheWindowLasts) {
  Alone one("3/m,5/h");
  EXPECT_EQ(one.exhaust(), 3);
  one.wall -= 1h;
  EXPECT_EQ(one.take(), "no, minute 45600ms");
  one.pass(45'599ms);
  EXPECT_EQ(one.take(), "no, minute 1ms");
  one.pass(1ms);
  // The minute is over. The hour still ends when it would have.
  EXPECT_EQ(one.exhaust(), 2);
  EXPECT_EQ(one.take(), cat("no, hour ", (29min + 35s + 400ms) / 1ms, "ms"));
  one.pass(29min + 35s + 400ms);
  EXPECT_EQ(one.exhaust(), 3);
  one.pass(1min);
  EXPECT_EQ(one.exhaust(), 2);
}

TEST(Budget, AClockThatIsSetBackWithinAWindowProlongsItByNextToNothing) {
  Alone one("3/m");
  EXPECT_EQ(one.exhaust(), 3);
  one.pass(40s);
  one.wall -= 50s;
  EXPECT_EQ(one.take(), "no, minute 5600ms");
  one.pass(5600ms);
  EXPECT_EQ(one.exhaust(), 3);
}

TEST(Budget, AYearBackIsNoDifferentAndBeforeTheEpochNeither) {
  Alone one("3/m,100/h,100/d");
  EXPECT_EQ(one.exhaust(), 3);
  for (const auto wall : {kMidnight - 24h * 365, WallTime(-1ms), WallTime(-60s), WallTime(0ms)}) {
    one.wall = wall;
    one.pass(61s);
    EXPECT_EQ(one.exhaust(), 3);
  }
}

TEST(Budget, UsageTellsUsedLimitAndEnd) {
  Alone one("10/m,20/d");
  for (int i = 0; i < 4; ++i) (void)one.take();
  one.pass(1min);
  (void)one.take();
  const auto minute = one.budget.usage(Window::minute, one.steady, one.wall);
  EXPECT_EQ(minute.used, 1U);
  EXPECT_EQ(minute.limit, 10U);
  EXPECT_EQ(minute.ends_in, 45s);
  const auto day = one.budget.usage(Window::day, one.steady, one.wall);
  EXPECT_EQ(day.used, 5U);
  EXPECT_EQ(day.limit, 20U);
}

// The calls as the provider sees them: in no window of the wall clock more than its limit.
class Ledger {
 public:
  explicit Ledger(Limits limits) : limits_(limits) {}
  void called(WallTime wall) {
    for (const Window window : kAllWindows) {
      if (limits_.of(window) == 0) continue;
      const auto id = wall.time_since_epoch() / length(window);
      auto& calls = calls_[{window, id}];
      ASSERT_LE(++calls, limits_.of(window)) << name(window) << " " << id;
    }
    ++total_;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  Limits limits_;
  std::map<std::pair<Window, std::int64_t>, std::uint64_t> calls_;
  std::uint64_t total_ = 0;
};

Purpose any_purpose(Random& random) {
  return static_cast<Purpose>(random.next() % 4);
}

TEST(Budget, NeverMoreThanTheLimitsOverDaysOfRandomCalls) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Alone one("20/m,300/h,2000/d");
    Ledger ledger(*parse_limits("20/m,300/h,2000/d"));
    for (const auto end = one.wall + 72h; one.wall < end;) {
      one.pass(milliseconds(random.next() % 1500));
      if (random.next() % 1000 == 0) one.pass(milliseconds(random.next() % 3'600'000));
      if (one.take(any_purpose(random)) == "yes") ledger.called(one.wall);
      if (HasFatalFailure()) return;
    }
    EXPECT_GT(ledger.total(), 3U * 2000U * 3 / 4) << "allowed calls are made";
  }
}

TEST(Budget, AWanderingClockNeverWedgesIt) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Alone one("5/m,50/h");
    auto last = one.steady;
    for (int step = 0; step < 20'000; ++step) {
      one.pass(milliseconds(random.next() % 20'000));
      if (random.next() % 20 == 0) one.wall += milliseconds(random.next() % 7'200'000) - 1h;
      if (one.take() == "yes") last = one.steady;
      ASSERT_LE(one.steady - last, 1h + 36s + 20s) << "the next call comes within a window after the last one";
    }
  }
}

}  // namespace
}  // namespace wx::open_meteo
