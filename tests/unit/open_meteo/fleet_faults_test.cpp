// The hour of a fleet in which its store and its processes fail in a random order, without sockets.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "fake_fleet.hpp"
#include "open_meteo/shared_budget.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using cache::Purpose;

constexpr std::int64_t kCall = 1000;
constexpr std::int64_t kLimit = 200;
constexpr std::size_t kFleet = 4;
constexpr nanoseconds kWatch = 29s;

// An hour in rounds of half a minute. In each round the processes make calls in a random order, and each looks at the
// counters at its end, as the program does. The faults:
//
//   flush     the store loses everything, at any moment
//   outage    the store does not answer for some rounds, and may have lost everything then; every process looks once it
//             is back
//   late      the replies of some processes come after their deadline, until the end of the round. From 80 % of the
//             limit on, a process waits for them.
//   kill      a process ends at any moment, also between the counting of a call and the call; another takes its place,
//             or at the end of the round if the store does not answer or has lost everything in this round
//
// A call is lost if the process that made it has ended and neither the store nor a process has its count. A call is
// hidden, until the end of the round, if the store has lost it and the others have not seen it.
class FaultyHour {
 public:
  explicit FaultyHour(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < kFleet; ++i) fleet_.push_back(start());
  }

  void run() {
    while (wall_ < kEnd && first_full_ < 0) {
      begin_fault();
      for (std::size_t i = 0; i < 2 * kFleet; ++i) {
        if (one_in(60) && !down()) flush();
        const auto who = random_.next() % kFleet;
        if (one_in(120)) {
          kill(who);
        } else if (fleet_[who]) {
          (void)ask(who);
        }
        note_lost();
      }
      end_round();
    }
    while (down()) end_round();
    // After an outage each first keeps to its part.
    steady_ += SharedBudget::kReturn;
    wall_ += std::chrono::floor<milliseconds>(SharedBudget::kReturn);
    for (std::size_t who = 0; who < kFleet; ++who) {
      while (ask(who)) {
      }
    }
  }
  // Whether a call is allowed in the next hour.
  [[nodiscard]] bool opens_again() {
    const auto next = kEnd + 5min;
    steady_ += next - wall_;
    wall_ = next;
    return std::ranges::all_of(std::array<std::size_t, kFleet>{0, 1, 2, 3},
                               [this](std::size_t who) { return ask(who); });
  }

  // The most calls above the limit and the lost and hidden calls.
  [[nodiscard]] std::int64_t excess() const { return excess_; }
  [[nodiscard]] std::int64_t calls() const { return calls_; }
  // Calls that were counted and not made.
  [[nodiscard]] std::int64_t not_made() const { return not_made_; }
  // The calls when one was first refused although the store answers, and not only for the seconds in which a process
  // keeps to its part after an outage.
  [[nodiscard]] std::int64_t first_full() const { return first_full_; }
  [[nodiscard]] std::int64_t lost() const {
    std::int64_t lost = 0;
    for (const auto& [id, calls] : lost_) lost += calls;
    return lost;
  }

  // How often each fault happened.
  int flushes = 0;
  int outages = 0;
  int lates = 0;
  int kills = 0;

 private:
  struct Late {
    SharedBudget::Parts parts;
    FleetBudget::Counts counts;
  };
  struct Process {
    std::string id;
    SharedBudget budget;
    std::map<std::string, FleetTotals> heard = {};
    bool late = false;
    std::vector<Late> replies = {};  // that have not come yet
  };
  static constexpr WallTime kBegin = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 10h + 1min;
  static constexpr WallTime kEnd = kBegin + 55min;

  bool one_in(std::uint64_t n) { return random_.next() % n == 0; }
  [[nodiscard]] bool down() const { return outage_ > 0; }

  std::unique_ptr<Process> start() {
    const std::string id = cat("process", started_++);
    auto process = std::make_unique<Process>(Process{.id = id, .budget = SharedBudget(limits_, kFleet, id)});
    look(*process, Watch::connected);
    return process;
  }
  void flush() {
    ++flushes;
    store_.clear();
    hidden_ = in_round_;
    flushed_ = true;
  }
  void kill(std::size_t who) {
    if (!fleet_[who]) return;
    ++kills;
    Process& process = *fleet_[who];
    if (one_in(2) && !down()) {  // a call is counted, and not made
      const auto parts = process.budget.reserve(steady_, wall_);
      (void)store_.exchange(process.budget.to_exchange(parts, steady_));
      ++not_made_;
    }
    ended_.push_back(process.id);
    fleet_[who] = nullptr;
    note_lost();
    if (!down() && !flushed_) fleet_[who] = start();
  }

  void begin_fault() {
    if (down()) return;
    if (one_in(8)) {
      ++outages;
      outage_ = 1 + static_cast<int>(random_.next() % 4);
    }
    for (const auto& process : fleet_) {
      process->late = one_in(4);
      if (process->late) ++lates;
    }
  }
  void end_round() {
    steady_ += kWatch;
    wall_ += std::chrono::floor<milliseconds>(kWatch);
    if (down() && --outage_ == 0 && one_in(2)) store_.clear();
    if (down()) return;
    for (const auto& process : fleet_) {
      if (!process) continue;
      for (const auto& [parts, counts] : process->replies) hear(*process, parts, counts);
      process->replies.clear();
      look(*process, Watch::connected);
    }
    for (auto& process : fleet_) {
      if (!process) process = start();
      look(*process, Watch::interval);
    }
    note_lost();
    in_round_ = hidden_ = 0;
    flushed_ = false;
  }

  void hear(Process& process, const SharedBudget::Parts& parts, const FleetBudget::Counts& counts) {
    for (const auto& count : counts) {
      for (const auto& totals : count.totals) {
        auto& heard = process.heard[totals.id];
        heard.spent = std::max(heard.spent, totals.spent);
        heard.given_back = std::max(heard.given_back, totals.given_back);
      }
    }
    process.budget.merge(parts, counts, steady_);
    const auto lacking = process.budget.lacking(parts);
    if (!lacking.empty()) (void)store_.exchange(process.budget.to_exchange(lacking, steady_));
  }
  void look(Process& process, Watch why) {
    const auto parts = process.budget.watch(why, steady_, wall_);
    hear(process, parts, store_.exchange(process.budget.to_exchange(parts, steady_)));
  }

  // One question for a new place. Returns whether the call was made.
  bool ask(std::size_t who) {
    Process& process = *fleet_[who];
    SharedBudget& budget = process.budget;
    const bool waits = budget.throttle_level(Counting::fleet, steady_, wall_) != ThrottleLevel::open;
    if (const auto full = budget.check(Purpose::cold, wall_)) return refuse(*full);
    const auto parts = budget.reserve(steady_, wall_);
    std::optional<Budget::Refusal> refused;
    if (down()) {
      refused = budget.settle_alone(Purpose::cold, parts, SharedBudget::Silence::outage, steady_, wall_);
    } else {
      auto counts = store_.exchange(budget.to_exchange(parts, steady_));
      if (process.late && !waits) {
        refused = budget.settle_alone(Purpose::cold, parts, SharedBudget::Silence::late, steady_, wall_);
        process.replies.push_back({.parts = parts, .counts = std::move(counts)});
      } else {
        hear(process, parts, counts);
        refused = budget.settle(Purpose::cold, parts, steady_, wall_);
        if (refused) hear(process, parts, store_.exchange(budget.to_exchange(parts, steady_)));
      }
    }
    if (refused) return refuse(*refused);
    ++calls_;
    ++in_round_;
    excess_ = std::max(excess_, calls_ - kLimit - lost() - hidden_);
    made_[process.id] += kCall;
    return true;
  }
  bool refuse(const Budget::Refusal& refusal) {
    if (!down() && first_full_ < 0 && refusal.retry_after > SharedBudget::kReturn) first_full_ = calls_;
    return false;
  }

  void note_lost() {
    FleetWindow window;
    window.name = cat("hour:", window_number(Window::hour, kBegin));
    const auto stored = store_.exchange({window}).front().totals;
    for (const auto& id : ended_) {
      std::int64_t known = 0;
      for (const auto& totals : stored) {
        if (totals.id == id) known = totals.spent - totals.given_back;
      }
      for (const auto& process : fleet_) {
        if (!process) continue;
        const auto heard = process->heard.find(id);
        if (heard != process->heard.end()) {
          known = std::max(known, heard->second.spent - heard->second.given_back);
        }
      }
      auto& lost = lost_[id];
      lost = std::max(lost, (made_[id] - known) / kCall);
    }
  }

  const Limits limits_ = *parse_limits(cat(kLimit, "/h"));
  Random random_;
  SteadyTime steady_{1000s};
  WallTime wall_ = kBegin;
  FakeStore store_;
  std::vector<std::unique_ptr<Process>> fleet_;
  int started_ = 0;
  int outage_ = 0;  // rounds that are left of it
  std::vector<std::string> ended_;
  std::map<std::string, std::int64_t> made_;  // in thousandths
  std::map<std::string, std::int64_t> lost_;
  std::int64_t calls_ = 0;
  std::int64_t in_round_ = 0;
  std::int64_t hidden_ = 0;
  bool flushed_ = false;  // in this round
  std::int64_t excess_ = -kLimit;
  std::int64_t not_made_ = 0;
  std::int64_t first_full_ = -1;
};

TEST(FleetFaults, GetTheProviderNoMoreCallsThanItsLimitAndWhatIsLostOrHidden) {
  int within_limit = 0;
  std::array<int, 4> faults{};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    FaultyHour hour(seed);
    hour.run();
    ASSERT_LE(hour.excess(), 0);
    if (hour.calls() <= kLimit) ++within_limit;
    ASSERT_GE(hour.first_full(), kLimit - hour.not_made());
    ASSERT_GE(hour.first_full(), 190);
    ASSERT_TRUE(hour.opens_again());
    faults[0] += hour.flushes;
    faults[1] += hour.outages;
    faults[2] += hour.lates;
    faults[3] += hour.kills;
  }
  EXPECT_GT(within_limit, 100) << "most hours need no excuse";
  EXPECT_GT(*std::ranges::min_element(faults), 200) << "each fault happens more than once in an hour";
}

}  // namespace
}  // namespace wx::open_meteo
