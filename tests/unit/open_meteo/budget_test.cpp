#include "open_meteo/budget.hpp"

#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

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
  explicit Alone(std::string_view limits) : budget(*parse_limits(limits), *parse_limits(limits)) {}

  std::string take(Purpose purpose = Purpose::cold) { return told(budget.take_alone(purpose, steady, wall)); }
  std::string check(Purpose purpose) { return told(budget.check(purpose, Counting::alone, steady, wall)); }
  ThrottleLevel throttle_level() { return budget.throttle_level(Counting::alone, steady, wall); }
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
  EXPECT_EQ(one.budget.usage(Window::minute, Counting::alone, one.steady, one.wall).limit, 0U);
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
  const auto minute = one.budget.usage(Window::minute, Counting::alone, one.steady, one.wall);
  EXPECT_EQ(minute.used, 1U);
  EXPECT_EQ(minute.limit, 10U);
  EXPECT_EQ(minute.ends_in, 45s);
  const auto day = one.budget.usage(Window::day, Counting::alone, one.steady, one.wall);
  EXPECT_EQ(day.used, 5U);
  EXPECT_EQ(day.limit, 20U);
}

// Shared counters, and the processes that use them.
struct Fleet {
  explicit Fleet(std::string_view limits, unsigned size) : whole(*parse_limits(limits)), share(*share_of(whole, size)) {
    for (unsigned i = 0; i < size; ++i) processes.emplace_back(whole, share);
  }

  std::vector<std::int64_t> add(const Budget::FleetTake& asked, int units) {
    std::vector<std::int64_t> counts;
    for (const auto& window : asked.windows) counts.push_back(counters[window.key_suffix] += units + window.owed);
    return counts;
  }
  void give_back(Budget::FleetTake asked) {
    for (auto& window : asked.windows) window.owed = 0;
    (void)add(asked, -1);
  }
  std::string take(std::size_t process, Purpose purpose = Purpose::cold) {
    Budget& budget = processes.at(process);
    if (const auto refused = budget.check(purpose, Counting::fleet, steady, wall)) return told(refused);
    if (down) return told(budget.take_alone(purpose, steady, wall));
    const auto asked = budget.ask_fleet(wall);
    const auto refused = budget.take_with_fleet(purpose, asked, add(asked, 1), steady, wall);
    if (refused) give_back(asked);
    return told(refused);
  }
  int exhaust(std::size_t process) {
    int calls = 0;
    while (take(process) == "yes") ++calls;
    return calls;
  }

  Limits whole;
  Limits share;
  std::vector<Budget> processes;
  std::map<std::string, std::int64_t> counters;
  bool down = false;
  SteadyTime steady{1000s};
  WallTime wall = kMidnight + 10h + 30min + 15s;
};

TEST(Budget, AFleetAsksForTheWindowsOfTheWallClock) {
  Fleet fleet("600/m,5000/h,10000/d", 1);
  const auto asked = fleet.processes.front().ask_fleet(WallTime(1'785'580'215s));
  ASSERT_EQ(asked.windows.size(), 3U);
  EXPECT_EQ(asked.windows.at(0).key_suffix, "m:29759670");
  EXPECT_EQ(asked.windows.at(1).key_suffix, "h:495994");
  EXPECT_EQ(asked.windows.at(2).key_suffix, "d:20666");
  EXPECT_EQ(asked.windows.at(0).expires_after, 2min);
  EXPECT_EQ(asked.windows.at(2).expires_after, 48h);
  EXPECT_TRUE(Fleet("off", 1).processes.front().ask_fleet(fleet.wall).windows.empty());
}

TEST(Budget, OneOfAFleetMayUseAllThatTheOthersLeave) {
  Fleet fleet("60/m", 4);
  EXPECT_EQ(fleet.exhaust(0), 60);
  for (std::size_t p = 1; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 0);
  EXPECT_EQ(fleet.counters.at("m:29759670"), 60) << "refused calls were given back";
}

TEST(Budget, ARefusalByOneWindowCostsTheOthersNothing) {
  Fleet fleet("10/m,100/h", 2);
  EXPECT_EQ(fleet.exhaust(0), 10);
  for (int i = 0; i < 50; ++i) EXPECT_NE(fleet.take(1), "yes");
  EXPECT_EQ(fleet.counters.at("h:495994"), 10);
}

TEST(Budget, WhatTheFleetUsedTakesEachLadderUp) {
  Fleet fleet("100/m", 2);
  for (int i = 0; i < 89; ++i) ASSERT_EQ(fleet.take(0), "yes");
  EXPECT_EQ(fleet.take(1, Purpose::refresh), "yes") << "it does not know the count yet";
  EXPECT_NE(fleet.take(1, Purpose::refresh), "yes");
  EXPECT_EQ(fleet.processes.at(1).throttle_level(Counting::fleet, fleet.steady, fleet.wall), ThrottleLevel::no_refresh);
  EXPECT_EQ(fleet.processes.at(1).usage(Window::minute, Counting::fleet, fleet.steady, fleet.wall).used, 90U);
}

TEST(Budget, WithoutTheCountersEachKeepsToItsShare) {
  Fleet fleet("60/m", 4);
  fleet.down = true;
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 15);
  fleet.down = false;
  EXPECT_GT(fleet.exhaust(0), 0) << "the counters are back in the same window";
}

TEST(Budget, WhatWasCountedAloneIsToldToTheCountersOnceTheyAreBack) {
  Fleet fleet("60/m,1000/h", 4);
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.take(p), "yes");
  fleet.down = true;
  for (std::size_t p = 0; p < 4; ++p) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(fleet.take(p), "yes");
  }
  fleet.down = false;
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.take(p), "yes");
  EXPECT_EQ(fleet.counters.at("m:29759670"), 48);
  EXPECT_EQ(fleet.counters.at("h:495994"), 48);
  int more = 0;
  for (std::size_t p = 0; p < 4; ++p) more += fleet.exhaust(p);
  EXPECT_EQ(more, 12) << "60 in all";
}

TEST(Budget, WhatIsOwedIsToldOnceAndStaysOwedIfNobodyHeard) {
  Fleet fleet("60/m", 4);
  Budget& budget = fleet.processes.front();
  for (int i = 0; i < 3; ++i) (void)budget.take_alone(Purpose::cold, fleet.steady, fleet.wall);
  const auto lost = budget.ask_fleet(fleet.wall);
  EXPECT_EQ(lost.windows.at(0).owed, 3);
  EXPECT_EQ(budget.ask_fleet(fleet.wall).windows.at(0).owed, 0) << "while another call is under way";
  budget.not_counted(lost);
  EXPECT_EQ(budget.ask_fleet(fleet.wall).windows.at(0).owed, 3);
  (void)budget.take_alone(Purpose::cold, fleet.steady, fleet.wall);
  EXPECT_EQ(budget.ask_fleet(fleet.wall + 1min).windows.at(0).owed, 0) << "the window is over";
}

TEST(Budget, WhoIsBeyondItsShareWhenTheCountersGoWaitsForTheNextWindow) {
  Fleet fleet("60/m", 4);
  for (int i = 0; i < 40; ++i) (void)fleet.take(0);
  EXPECT_EQ(fleet.take(1), "yes");
  fleet.down = true;
  EXPECT_EQ(fleet.exhaust(0), 0);
  EXPECT_EQ(fleet.exhaust(1), 5) << "two thirds were used, so of its share a third is left";
  fleet.wall += 1min;
  fleet.steady += 1min;
  EXPECT_EQ(fleet.exhaust(0), 15);
}

TEST(Budget, CountersThatForgotDoNotMakeUsForget) {
  Fleet fleet("60/m", 4);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(fleet.take(0), "yes");
  fleet.counters.clear();
  EXPECT_EQ(fleet.exhaust(0), 10);
}

TEST(Budget, AReplyOfAnOldWindowDoesNotDisturbTheNew) {
  Fleet fleet("10/m", 1);
  Budget& budget = fleet.processes.front();
  const auto old = budget.ask_fleet(fleet.wall);
  fleet.wall += 1min;
  fleet.steady += 1min;
  for (int i = 0; i < 5; ++i) ASSERT_EQ(fleet.take(0), "yes");
  EXPECT_FALSE(budget.take_with_fleet(Purpose::cold, old, std::vector<std::int64_t>{3}, fleet.steady, fleet.wall));
  EXPECT_EQ(budget.usage(Window::minute, Counting::fleet, fleet.steady, fleet.wall).used, 6U);
}

TEST(Budget, TheLadderIsTheFleetsWhateverThisProcessKnewBefore) {
  Fleet fleet("20/d", 2);
  ASSERT_EQ(fleet.take(0), "yes");
  // The other process uses all but what is reserved for cold questions, and this one does not know it.
  for (int i = 0; i < 17; ++i) ASSERT_EQ(fleet.take(1), "yes");
  EXPECT_NE(fleet.take(0, Purpose::early), "yes");
  EXPECT_NE(fleet.take(0, Purpose::refresh), "yes");
  EXPECT_EQ(fleet.counters.begin()->second, 18) << "refused calls are given back";
  EXPECT_EQ(fleet.take(0), "yes");
}

TEST(Budget, ReplyOfTheFleetMayBeAnyNumber) {
  for (const auto count : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-5}, std::int64_t{0},
                           std::numeric_limits<std::int64_t>::max()}) {
    Fleet fleet("10/m", 1);
    Budget& budget = fleet.processes.front();
    const auto asked = budget.ask_fleet(fleet.wall);
    const auto refused =
        budget.take_with_fleet(Purpose::cold, asked, std::vector<std::int64_t>{count}, fleet.steady, fleet.wall);
    EXPECT_EQ(refused.has_value(), count > 0);
    EXPECT_LE(budget.usage(Window::minute, Counting::fleet, fleet.steady, fleet.wall).used, 10U);
  }
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

TEST(Budget, NeverMoreThanTheLimitsByAFleetWhoseCountersAnswer) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Fleet fleet("20/m,300/h,2000/d", 4);
    Ledger ledger(fleet.whole);
    for (const auto end = fleet.wall + 72h; fleet.wall < end;) {
      const milliseconds span(random.next() % 1500);
      fleet.wall += span;
      fleet.steady += span;
      if (fleet.take(random.next() % 4, any_purpose(random)) == "yes") ledger.called(fleet.wall);
      if (HasFatalFailure()) return;
    }
    EXPECT_GT(ledger.total(), 3U * 2000U * 3 / 4);
  }
}

TEST(Budget, ManyCallsUnderWayAtOnceDoNotOvershoot) {
  Random random(7);
  Fleet fleet("30/m", 4);
  Ledger ledger(fleet.whole);
  struct Pending {
    std::size_t process;
    Budget::FleetTake asked;
    std::vector<std::int64_t> counts;
    WallTime asked_at;
  };
  std::vector<Pending> pending;
  for (int step = 0; step < 200'000; ++step) {
    const milliseconds span(random.next() % 300);
    fleet.wall += span;
    fleet.steady += span;
    const auto process = random.next() % 4;
    Budget& budget = fleet.processes.at(process);
    if (random.next() % 2 == 0 && pending.size() < 16) {
      if (budget.check(Purpose::cold, Counting::fleet, fleet.steady, fleet.wall)) continue;
      auto asked = budget.ask_fleet(fleet.wall);
      auto counts = fleet.add(asked, 1);
      pending.push_back({process, std::move(asked), std::move(counts), fleet.wall});
    } else if (!pending.empty()) {
      const auto at = pending.begin() + static_cast<long>(random.next() % pending.size());
      const auto refused = fleet.processes.at(at->process)
                               .take_with_fleet(Purpose::cold, at->asked, at->counts, fleet.steady, fleet.wall);
      if (refused) {
        fleet.give_back(at->asked);
      } else {
        ledger.called(at->asked_at);
      }
      pending.erase(at);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(ledger.total(), 1000U);
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
