#include "open_meteo/shared_budget.hpp"

#include <array>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "fake_fleet.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using cache::Purpose;

constexpr WallTime kMidnight = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1);
constexpr std::int64_t kCall = 1000;

std::string told(const std::optional<Budget::Refusal>& refusal) {
  if (!refusal) return "yes";
  return cat("no, ", name(refusal->window), " ", refusal->retry_after / 1ms, "ms");
}

// A store, and the processes that share it.
struct Fleet {
  explicit Fleet(std::string_view limits, unsigned size) : whole(*parse_limits(limits)), fleet_size(size) {
    for (unsigned i = 0; i < size; ++i) start_process();
  }
  void start_process() { processes.emplace_back(whole, fleet_size, cat("process", processes.size())); }

  // One exchange, and another one if the store lacks totals; `heard` is false if the reply is lost.
  void exchange(SharedBudget& budget, const SharedBudget::Parts& parts, bool heard = true) {
    const auto counts = store.exchange(budget.to_exchange(parts, steady));
    if (!heard) return;
    budget.merge(parts, counts, steady);
    const auto lacking = budget.lacking(parts);
    if (lacking.empty()) return;
    const auto again = store.exchange(budget.to_exchange(lacking, steady));
    budget.merge(lacking, again, steady);
    EXPECT_TRUE(budget.lacking(lacking).empty());
  }
  std::string take(std::size_t process, Purpose purpose = Purpose::cold) {
    SharedBudget& budget = processes.at(process);
    if (const auto refused = budget.check(purpose, wall)) return told(refused);
    const auto parts = budget.reserve(steady, wall);
    if (down) return told(budget.settle_alone(purpose, parts, SharedBudget::Silence::outage, steady, wall));
    exchange(budget, parts);
    const auto refused = budget.settle(purpose, parts, steady, wall);
    if (refused) exchange(budget, parts);
    return told(refused);
  }
  int exhaust(std::size_t process) {
    int calls = 0;
    while (take(process) == "yes") ++calls;
    return calls;
  }
  void watch(std::size_t process, Watch why = Watch::interval) {
    SharedBudget& budget = processes.at(process);
    exchange(budget, budget.watch(why, steady, wall));
  }
  void pass(milliseconds span) {
    steady += span;
    wall += span;
  }
  std::uint32_t used(std::size_t process, Counting counting = Counting::fleet, Window window = Window::minute) {
    return processes.at(process).usage(window, counting, steady, wall).used;
  }

  Limits whole;
  unsigned fleet_size;
  std::vector<SharedBudget> processes;
  FakeStore store;
  bool down = false;
  SteadyTime steady{1000s};
  WallTime wall = kMidnight + 10h + 30min + 15s;
};

TEST(SharedBudget, ExchangesTheLimitedWindowsOfTheFleetsTime) {
  Fleet fleet("600/m,10000/d", 1);
  SharedBudget& budget = fleet.processes.front();
  const auto windows = budget.to_exchange(budget.reserve(fleet.steady, WallTime(1'785'580'215s)), fleet.steady);
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].name, "minute:29759670");
  EXPECT_EQ(windows[0].plain_name, "m:29759670");
  EXPECT_EQ(windows[0].expires_after, 2min);
  EXPECT_EQ(windows[0].write, (std::vector<FleetTotals>{{"process0", 1000, 0}}));
  EXPECT_EQ(windows[1].name, "day:20666");
  EXPECT_EQ(windows[1].expires_after, 48h);
}

TEST(SharedBudget, OneOfAFleetMayUseAllThatTheOthersLeave) {
  Fleet fleet("60/m", 4);
  EXPECT_EQ(fleet.exhaust(0), 60);
  for (std::size_t p = 1; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 0);
  EXPECT_EQ(fleet.store.used("minute:29759670"), 60 * kCall) << "refused calls were given back";
}

TEST(SharedBudget, ARefusalByOneWindowCostsTheOthersNothing) {
  Fleet fleet("10/m,100/h", 2);
  EXPECT_EQ(fleet.exhaust(0), 10);
  for (int i = 0; i < 50; ++i) EXPECT_NE(fleet.take(1), "yes");
  EXPECT_EQ(fleet.store.used("hour:495994"), 10 * kCall);
  EXPECT_EQ(fleet.take(1), "no, minute 47000ms");
}

TEST(SharedBudget, WhatTheFleetUsedTakesEachLadderUp) {
  Fleet fleet("100/m", 2);
  for (int i = 0; i < 89; ++i) ASSERT_EQ(fleet.take(0), "yes");
  EXPECT_EQ(fleet.take(1, Purpose::refresh), "yes") << "it does not know the count yet";
  EXPECT_NE(fleet.take(1, Purpose::refresh), "yes");
  EXPECT_EQ(fleet.processes.at(1).throttle_level(Counting::fleet, fleet.steady, fleet.wall), ThrottleLevel::no_refresh);
  EXPECT_EQ(fleet.used(1), 90U);
}

TEST(SharedBudget, TheLadderIsTheFleetsWhateverThisProcessKnewBefore) {
  Fleet fleet("20/d", 2);
  ASSERT_EQ(fleet.take(0), "yes");
  // The other process uses all but what is reserved for cold questions, and this one does not know it.
  for (int i = 0; i < 17; ++i) ASSERT_EQ(fleet.take(1), "yes");
  EXPECT_NE(fleet.take(0, Purpose::early), "yes");
  EXPECT_NE(fleet.take(0, Purpose::refresh), "yes");
  EXPECT_EQ(fleet.store.used("day:20666"), 18 * kCall) << "refused calls are given back";
  EXPECT_EQ(fleet.take(0), "yes");
}

TEST(SharedBudget, ATimeoutIsNotCountedAgain) {
  Fleet fleet("1000/m", 2);
  SharedBudget& late = fleet.processes.at(0);
  for (int i = 0; i < 80; ++i) {
    // The store takes each exchange, but every reply comes too late.
    const auto parts = late.reserve(fleet.steady, fleet.wall);
    fleet.exchange(late, parts, false);
    ASSERT_EQ(told(late.settle_alone(Purpose::cold, parts, SharedBudget::Silence::late, fleet.steady, fleet.wall)),
              "yes");
  }
  EXPECT_EQ(fleet.store.used("minute:29759670"), 80 * kCall);
  ASSERT_EQ(fleet.take(1), "yes");
  EXPECT_EQ(fleet.used(1), 81U);
}

TEST(SharedBudget, ALateReplyIsLearntFrom) {
  Fleet fleet("60/m", 2);
  SharedBudget& late = fleet.processes.at(0);
  for (int i = 0; i < 40; ++i) ASSERT_EQ(fleet.take(1), "yes");
  const auto parts = late.reserve(fleet.steady, fleet.wall);
  const auto counts = fleet.store.exchange(late.to_exchange(parts, fleet.steady));
  ASSERT_EQ(told(late.settle_alone(Purpose::cold, parts, SharedBudget::Silence::late, fleet.steady, fleet.wall)),
            "yes");
  late.merge(parts, counts, fleet.steady);
  EXPECT_EQ(fleet.used(0), 41U);
}

// Four processes use up their parts during an outage, and the store has lost everything. The first one that is back
// sees none of what the others did.
TEST(SharedBudget, WhoIsBackFirstAfterAnOutageKeepsToItsPartForAWhile) {
  for (const bool quiet : {false, true}) {
    Fleet fleet("200/h", 4);
    for (int i = 0; i < 160; ++i) ASSERT_EQ(fleet.take(static_cast<std::size_t>(i % 4)), "yes");
    for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
    fleet.down = true;
    for (std::size_t p = quiet ? 1 : 0; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 10);
    fleet.store.clear();
    fleet.down = false;
    fleet.watch(0, Watch::connected);
    EXPECT_EQ(fleet.exhaust(0), quiet ? 10 : 0);
    EXPECT_EQ(fleet.take(0), "no, hour 5000ms");
    fleet.pass(2s);
    EXPECT_EQ(fleet.take(0), "no, hour 3000ms");
    for (std::size_t p = 1; p < 4; ++p) fleet.watch(p, Watch::connected);
    fleet.pass(3s);
    EXPECT_EQ(fleet.exhaust(0), 0) << "all is counted by now";
    EXPECT_EQ(fleet.store.used("hour:495994"), 200 * kCall);
  }
}

// Once the others have had the time to tell, what they have left may be used.
TEST(SharedBudget, WhatIsLeftAfterAnOutageMayBeUsedByOne) {
  Fleet fleet("200/h", 4);
  for (int i = 0; i < 160; ++i) ASSERT_EQ(fleet.take(static_cast<std::size_t>(i % 4)), "yes");
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
  fleet.down = true;
  EXPECT_EQ(fleet.take(0), "yes");
  fleet.down = false;
  EXPECT_EQ(fleet.exhaust(0), 9);
  fleet.pass(5s);
  EXPECT_EQ(fleet.exhaust(0), 30);
}

// The window begins during the outage, so that nothing is known of it.
TEST(SharedBudget, WhoIsBackFirstLeavesThePartsOfTheOthersInANewWindowToo) {
  Fleet fleet("40/m", 4);
  for (std::size_t p = 0; p < 4; ++p) ASSERT_EQ(fleet.take(p), "yes");
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
  fleet.down = true;
  fleet.pass(1min);
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 10);
  fleet.down = false;
  fleet.watch(0, Watch::connected);
  EXPECT_EQ(fleet.exhaust(0), 0);
}

TEST(SharedBudget, AnOutageMayGoOn) {
  Fleet fleet("200/h", 4);
  for (int i = 0; i < 160; ++i) ASSERT_EQ(fleet.take(static_cast<std::size_t>(i % 4)), "yes");
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p, Watch::connected);
  fleet.pass(500ms);
  fleet.down = true;
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 10);
  fleet.pass(4400ms);
  fleet.down = false;
  fleet.watch(0, Watch::connected);
  fleet.pass(100ms);
  EXPECT_EQ(fleet.exhaust(0), 0) << "the others have had no time yet";
}

// A fleet whose processes are mostly idle, as FLEET_SIZE allows for many.
TEST(SharedBudget, ALateReplyOrAReconnectionCostsABusyProcessNothing) {
  for (const bool late : {true, false}) {
    Fleet fleet("600/m", 1);
    fleet.processes.clear();
    fleet.processes.emplace_back(fleet.whole, 100, "busy");
    for (int i = 0; i < 31; ++i) ASSERT_EQ(fleet.take(0), "yes");
    SharedBudget& budget = fleet.processes.front();
    if (late) {
      const auto parts = budget.reserve(fleet.steady, fleet.wall);
      const auto counts = fleet.store.exchange(budget.to_exchange(parts, fleet.steady));
      ASSERT_EQ(told(budget.settle_alone(Purpose::cold, parts, SharedBudget::Silence::late, fleet.steady, fleet.wall)),
                "yes");
      budget.merge(parts, counts, fleet.steady);
    } else {
      fleet.watch(0, Watch::connected);
    }
    EXPECT_EQ(fleet.exhaust(0), late ? 568 : 569);
  }
}

TEST(SharedBudget, AFirstConnectionIsNoOutage) {
  Fleet fleet("200/h", 4);
  fleet.watch(0, Watch::connected);
  EXPECT_EQ(fleet.exhaust(0), 200);
}

TEST(SharedBudget, WithoutTheStoreEachKeepsToItsPart) {
  Fleet fleet("60/m", 4);
  fleet.down = true;
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 15);
  EXPECT_EQ(fleet.used(0, Counting::alone), 15U);
  EXPECT_EQ(fleet.processes.at(0).usage(Window::minute, Counting::alone, fleet.steady, fleet.wall).limit, 15U);
  fleet.down = false;
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
  EXPECT_EQ(fleet.exhaust(0), 0) << "all 60 are counted";
}

TEST(SharedBudget, WithoutTheStoreEachTakesItsPartOfWhatWasLeft) {
  Fleet fleet("60/m", 4);
  for (int i = 0; i < 40; ++i) (void)fleet.take(0);
  EXPECT_EQ(fleet.take(1), "yes");
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p, Watch::connected);
  fleet.down = true;
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.exhaust(p), 4) << "19 are left for four";
  fleet.pass(1min);
  EXPECT_EQ(fleet.exhaust(0), 15) << "nothing is known of the next window";
}

TEST(SharedBudget, SharesOutAmongTheProcessesAtWorkIfTheyAreMoreThanFleetSizeSays) {
  Fleet fleet("60/m", 1);
  for (int i = 0; i < 5; ++i) fleet.start_process();
  for (std::size_t p = 0; p < 6; ++p) EXPECT_EQ(fleet.take(p), "yes");
  fleet.watch(0);
  fleet.down = true;
  EXPECT_EQ(fleet.exhaust(0), 9) << "54 are left for six";
  fleet.pass(1min);
  EXPECT_EQ(fleet.exhaust(0), 10);
}

TEST(SharedBudget, DoesNotShareOutAmongTheEndedProcessesOfTheDay) {
  Fleet fleet("100/d", 1);
  for (int i = 0; i < 10; ++i) {
    fleet.start_process();
    EXPECT_EQ(fleet.take(static_cast<std::size_t>(i)), "yes");
  }
  fleet.pass(1h);
  fleet.watch(10, Watch::connected);
  fleet.down = true;
  EXPECT_EQ(fleet.exhaust(10), 90) << "it is alone";
}

TEST(SharedBudget, WhatWasCountedAloneIsCountedByAllOnceTheStoreIsBack) {
  Fleet fleet("60/m,1000/h", 4);
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.take(p), "yes");
  fleet.down = true;
  for (std::size_t p = 0; p < 4; ++p) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(fleet.take(p), "yes");
  }
  fleet.down = false;
  for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(fleet.take(p), "yes");
  EXPECT_EQ(fleet.store.used("minute:29759670"), 48 * kCall);
  EXPECT_EQ(fleet.store.used("hour:495994"), 48 * kCall);
  int more = 0;
  for (std::size_t p = 0; p < 4; ++p) more += fleet.exhaust(p);
  EXPECT_EQ(more, 12) << "60 in all";
}

TEST(SharedBudget, AStoreThatForgotGetsTheTotalsOfAllBackThoseOfEndedProcessesToo) {
  Fleet fleet("200/h", 4);
  for (int i = 0; i < 160; ++i) ASSERT_EQ(fleet.take(static_cast<std::size_t>(i) % 4), "yes");
  for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
  fleet.store.clear();
  // The processes 2 and 3 have ended.
  fleet.watch(0);
  EXPECT_EQ(fleet.store.used("hour:495994"), 160 * kCall);
  fleet.start_process();
  int more = fleet.exhaust(4);
  for (std::size_t p = 0; p < 2; ++p) more += fleet.exhaust(p);
  EXPECT_EQ(more, 40);
}

TEST(SharedBudget, AStoreThatForgetsInTheMiddleCostsNoCallMoreThanTheLimit) {
  Fleet fleet("200/h", 4);
  int calls = 0;
  for (int i = 0; i < 400; ++i) {
    if (i == 160) fleet.store.clear();
    if (fleet.take(static_cast<std::size_t>(i) % 4) == "yes") ++calls;
  }
  EXPECT_EQ(calls, 200);
}

TEST(SharedBudget, AReplyForAWindowThatIsOverDoesNotDisturbTheNext) {
  Fleet fleet("10/m", 1);
  SharedBudget& budget = fleet.processes.front();
  const auto old = budget.reserve(fleet.steady, fleet.wall);
  fleet.pass(1min);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(fleet.take(0), "yes");
  budget.merge(old, {{.totals = {{"other", 3000, 0}}}}, fleet.steady);
  EXPECT_FALSE(budget.settle(Purpose::cold, old, fleet.steady, fleet.wall));
  EXPECT_EQ(fleet.used(0), 5U);
}

TEST(SharedBudget, ATotalMayBeAnyNumber) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  for (const auto& [total, plain] : {std::pair<std::int64_t, std::int64_t>{std::numeric_limits<std::int64_t>::min(), 0},
                                     {-5, -5},
                                     {0, std::numeric_limits<std::int64_t>::min()},
                                     {kMost, 0},
                                     {WindowLedger::kMost, 0},
                                     {0, kMost}}) {
    Fleet fleet("10/m", 1);
    SharedBudget& budget = fleet.processes.front();
    const auto parts = budget.reserve(fleet.steady, fleet.wall);
    budget.merge(parts, {{.totals = {{"other", total, 0}}, .plain = plain}}, fleet.steady);
    const bool full = total == WindowLedger::kMost || plain == kMost;
    EXPECT_EQ(budget.settle(Purpose::cold, parts, fleet.steady, fleet.wall).has_value(), full) << total << " " << plain;
    EXPECT_LE(fleet.used(0), 10U);
  }
}

TEST(SharedBudget, WithinTwoSecondsOfABoundaryACallCountsInBothWindows) {
  Fleet fleet("10/m", 2);
  fleet.wall = kMidnight + 10h + 30min + 58s;
  EXPECT_EQ(fleet.take(0), "yes");
  EXPECT_EQ(fleet.store.used("minute:29759670"), kCall);
  EXPECT_EQ(fleet.store.used("minute:29759671"), kCall);
  fleet.pass(3s);  // a second into the next
  EXPECT_EQ(fleet.take(1), "yes");
  EXPECT_EQ(fleet.store.used("minute:29759670"), 2 * kCall);
  EXPECT_EQ(fleet.store.used("minute:29759671"), 2 * kCall);
  fleet.pass(1s);
  EXPECT_EQ(fleet.take(1), "yes");
  EXPECT_EQ(fleet.store.used("minute:29759670"), 2 * kCall);
}

TEST(SharedBudget, AFullWindowRefusesCallsForTwoMoreSeconds) {
  Fleet fleet("10/m", 2);
  EXPECT_EQ(fleet.exhaust(0), 10);
  fleet.pass(45s + 500ms);
  EXPECT_EQ(fleet.take(0), "no, minute 1500ms");
  EXPECT_EQ(fleet.take(1), "no, minute 1500ms") << "it learns of the full window by asking";
  fleet.pass(1500ms);
  EXPECT_EQ(fleet.exhaust(1), 10);
}

TEST(SharedBudget, SaysWhenACallWouldBeAllowed) {
  Fleet fleet("10/m", 1);
  EXPECT_EQ(fleet.exhaust(0), 10);
  EXPECT_EQ(fleet.take(0), "no, minute 47000ms");
  fleet.pass(47s);
  fleet.wall += 56s;  // near the next boundary, where calls count in both windows
  EXPECT_EQ(fleet.exhaust(0), 10);
  EXPECT_EQ(fleet.take(0), "no, minute 64000ms") << "the next window is full too";
  fleet.pass(64s);
  EXPECT_EQ(fleet.take(0), "yes");
}

TEST(SharedBudget, SeesTheCallsOfProcessesOfVersion010) {
  Fleet fleet("10/m", 2);
  fleet.store.count_plainly("m:29759670", 7);
  EXPECT_EQ(fleet.take(0), "yes");
  EXPECT_EQ(fleet.used(0), 8U);
  EXPECT_EQ(fleet.exhaust(0), 2);
}

TEST(SharedBudget, LooksForProcessesOfVersion010NowAndThen) {
  Fleet fleet("100/d", 1);
  SharedBudget& budget = fleet.processes.front();
  const auto looks = [&] {
    const auto parts = budget.reserve(fleet.steady, fleet.wall);
    const auto windows = budget.to_exchange(parts, fleet.steady);
    budget.merge(parts, fleet.store.exchange(windows), fleet.steady);
    return !windows.front().plain_name.empty();
  };
  EXPECT_TRUE(looks());
  EXPECT_FALSE(looks());
  fleet.pass(29s);
  fleet.store.count_plainly("d:20666", 1);
  EXPECT_TRUE(looks());
  EXPECT_TRUE(looks()) << "there is such a process";
}

TEST(SharedBudget, ItsWatchIsForWindowsOfWhichSomethingIsKnown) {
  Fleet fleet("10/m,20/h", 1);
  SharedBudget& budget = fleet.processes.front();
  EXPECT_TRUE(budget.watch(Watch::interval, fleet.steady, fleet.wall).empty());
  ASSERT_EQ(fleet.take(0), "yes");
  EXPECT_EQ(budget.watch(Watch::interval, fleet.steady, fleet.wall).size(), 2U);
  fleet.pass(2min);
  EXPECT_EQ(budget.watch(Watch::interval, fleet.steady, fleet.wall).size(), 1U) << "the hour";
}

TEST(SharedBudget, SetsTheExpiryUntilAReplyHasCome) {
  Fleet fleet("100/d", 1);
  SharedBudget& budget = fleet.processes.front();
  const auto expires = [&](const SharedBudget::Parts& parts, auto... how) {
    return budget.to_exchange(parts, fleet.steady, how...).front().expire;
  };
  const auto first = budget.reserve(fleet.steady, fleet.wall);
  EXPECT_TRUE(expires(first));
  const auto second = budget.reserve(fleet.steady, fleet.wall);
  EXPECT_TRUE(expires(second)) << "the first reply was lost";
  fleet.exchange(budget, second);
  EXPECT_FALSE(expires(budget.reserve(fleet.steady, fleet.wall)));
  EXPECT_TRUE(expires(budget.watch(Watch::interval, fleet.steady, fleet.wall), SharedBudget::Expire::always));
}

TEST(SharedBudget, ItsWatchIsRareWhileNoCallsAreMade) {
  Fleet fleet("10/m,20/d", 1);
  SharedBudget& budget = fleet.processes.front();
  ASSERT_EQ(fleet.take(0), "yes");
  int watches = 0;
  const auto count = [&](nanoseconds span) {
    watches = 0;
    for (nanoseconds passed{0}; passed < span; passed += 30s) {
      fleet.pass(30s);
      if (!budget.watch(Watch::interval, fleet.steady, fleet.wall).empty()) ++watches;
    }
    return watches;
  };
  EXPECT_EQ(count(9min + 30s), 19);
  EXPECT_LE(count(1h), 13);
  EXPECT_GE(watches, 11);
}

TEST(SharedBudget, AfterAConnectionItReadsAllWindows) {
  Fleet fleet("60/m", 4);
  EXPECT_EQ(fleet.exhaust(0), 60);
  fleet.watch(1, Watch::connected);
  EXPECT_EQ(fleet.used(1), 60U);
  EXPECT_EQ(fleet.take(1), "no, minute 47000ms");
}

TEST(SharedBudget, TellsTheCallsOfAWindowWithoutALimitToo) {
  Fleet fleet("10/d", 1);
  ASSERT_EQ(fleet.take(0), "yes");
  const auto minute = fleet.processes.front().usage(Window::minute, Counting::fleet, fleet.steady, fleet.wall);
  EXPECT_EQ(minute.used, 1U);
  EXPECT_EQ(minute.limit, 0U);
}

// The calls as the provider sees them, whose windows may begin up to two seconds earlier or later: in no window more
// than its limit.
class Provider {
 public:
  explicit Provider(Limits limits) : limits_(limits) {}
  void called(WallTime wall) {
    for (const auto shift : {-1999ms, 0ms, 1999ms}) {
      for (const Window window : kAllWindows) {
        if (limits_.of(window) == 0) continue;
        const auto id = (wall + shift).time_since_epoch() / length(window);
        ASSERT_LE((++calls_[{shift, window, id}]), limits_.of(window)) << name(window) << " " << id;
      }
    }
    ++total_;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  Limits limits_;
  std::map<std::tuple<milliseconds, Window, std::int64_t>, std::uint64_t> calls_;
  std::uint64_t total_ = 0;
};

TEST(SharedBudget, NeverMoreThanTheLimitsWhateverTheStoreForgets) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Fleet fleet("20/m,300/h,2000/d", 4);
    Provider provider(fleet.whole);
    for (const auto end = fleet.wall + 72h; fleet.wall < end;) {
      fleet.pass(milliseconds(random.next() % 1500));
      if (fleet.take(random.next() % 4, static_cast<Purpose>(random.next() % 4)) == "yes") provider.called(fleet.wall);
      if (HasFatalFailure()) return;
      if (random.next() % 5000 != 0) continue;
      // Every process has looked since the last call: the watch of each half minute.
      for (std::size_t p = 0; p < 4; ++p) fleet.watch(p);
      fleet.store.clear();
    }
    EXPECT_GT(provider.total(), 3U * 2000U * 3 / 4);
  }
}

TEST(SharedBudget, ManyCallsUnderWayAtOnceDoNotOvershoot) {
  Random random(7);
  Fleet fleet("30/m", 4);
  Provider provider(fleet.whole);
  struct Pending {
    std::size_t process;
    SharedBudget::Parts parts;
    FleetBudget::Counts counts;
    WallTime asked_at;
  };
  std::vector<Pending> pending;
  for (int step = 0; step < 200'000; ++step) {
    fleet.pass(milliseconds(random.next() % 300));
    const auto process = random.next() % 4;
    SharedBudget& budget = fleet.processes.at(process);
    if (random.next() % 2 == 0 && pending.size() < 16) {
      if (budget.check(Purpose::cold, fleet.wall)) continue;
      auto parts = budget.reserve(fleet.steady, fleet.wall);
      auto counts = fleet.store.exchange(budget.to_exchange(parts, fleet.steady));
      pending.push_back({process, std::move(parts), std::move(counts), fleet.wall});
    } else if (!pending.empty()) {
      const auto at = pending.begin() + static_cast<long>(random.next() % pending.size());
      SharedBudget& asked = fleet.processes.at(at->process);
      asked.merge(at->parts, at->counts, fleet.steady);
      if (asked.settle(Purpose::cold, at->parts, fleet.steady, fleet.wall)) {
        fleet.exchange(asked, at->parts);
      } else {
        provider.called(at->asked_at);
      }
      pending.erase(at);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(provider.total(), 1000U);
}

}  // namespace
}  // namespace wx::open_meteo
