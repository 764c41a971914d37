// The budget of provider calls. Every call is counted before it is made, in fixed windows of the wall clock. Throttle
// levels keep the last calls of a window for the loads that need them most: from 80 % of any window on there are no
// early refreshes, from 90 % no refreshes of stale entries, at 100 % no calls.
//
// Alone or with a fleet. Alone, this process keeps to its share of each limit. With a fleet the shared counters decide
// (see FleetBudget): a reply tells the calls of all processes, and the last reply also sets the throttle level. When
// the counters are unreachable for a call, the call is counted alone, against the share, and is added to the counters
// when they can be reached again. Lost counters (a Redis that restarted empty) do not lower what this process knows: a
// reply counts as at least one more than the last.
//
// Clocks. Windows follow the wall clock. When it is set forward (or the machine slept) new windows begin at once. When
// it is set back, this process's own count goes on until its window has ended by the steady clock, plus a hundredth of
// its length for the drift between the two clocks. So a step back yields no extra calls, and blocks no longer than a
// window lasts. The counters of a fleet always follow the wall clock, as in the other processes. A call that is counted
// at the very end of a window may reach the provider in the next.
//
// Thread-safety: none. The caller holds a lock.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "cache/loader.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "open_meteo/limits.hpp"

namespace wx::open_meteo {

enum class ThrottleLevel : std::uint8_t {
  open,        // every purpose
  no_early,    // from 80 %
  no_refresh,  // from 90 %
  closed,      // at 100 %
};

enum class Counting : std::uint8_t { alone, fleet };

class Budget {
 public:
  using Purpose = cache::Purpose;

  struct Refusal {
    Window window = Window::minute;  // of the windows that refuse, the one that ends last
    nanoseconds retry_after{0};      // until it ends
  };

  // `share` is this process's part of `whole`, for counting alone.
  Budget(const Limits& whole, const Limits& share) : whole_(whole), share_(share) {}

  // The refusal of a call for this purpose as far as is known, or nothing if it would be allowed. Counts nothing.
  [[nodiscard]] std::optional<Refusal> check(Purpose purpose, Counting counting, SteadyTime now, WallTime wall);

  // Counts one call that is about to be made, or returns its refusal.
  [[nodiscard]] std::optional<Refusal> take_alone(Purpose purpose, SteadyTime now, WallTime wall);

  // One call for the fleet to count. Pass `windows` to FleetBudget::take(), then this to take_with_fleet().
  struct FleetTake {
    std::vector<FleetWindow> windows;
    std::array<std::int64_t, kWindows> ids{};
  };
  [[nodiscard]] FleetTake ask_fleet(WallTime wall);
  // Call it when the counters did not answer: the calls they have not counted stay owed.
  void not_counted(const FleetTake& asked);
  // Counts the call, or returns its refusal; then the caller gives the unit back to the counters. The throttle levels
  // are checked again, because the others may have used more than was known before. `counts` has the size of
  // `asked.windows`.
  [[nodiscard]] std::optional<Refusal> take_with_fleet(Purpose purpose, const FleetTake& asked,
                                                       std::span<const std::int64_t> counts, SteadyTime now,
                                                       WallTime wall);

  struct Usage {
    std::uint32_t used = 0;
    std::uint32_t limit = 0;  // 0 means unlimited
    nanoseconds ends_in{0};
  };
  [[nodiscard]] Usage usage(Window window, Counting counting, SteadyTime now, WallTime wall);
  // The strictest level of all windows.
  [[nodiscard]] ThrottleLevel throttle_level(Counting counting, SteadyTime now, WallTime wall);

 private:
  // Calls of this process.
  struct Own {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    SteadyTime ends;  // at the latest
    std::uint32_t used = 0;
  };
  // Calls of the fleet by the last reply.
  struct Known {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    std::int64_t used = 0;
    std::int64_t alone = 0;  // by this process since then, without the fleet
  };
  // Calls of this process that the fleet's counters have not counted.
  struct Owed {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    std::int64_t calls = 0;
  };

  void roll(SteadyTime now, WallTime wall);
  void count(SteadyTime now, WallTime wall);
  [[nodiscard]] const Limits& limits(Counting counting) const { return counting == Counting::alone ? share_ : whole_; }

  const Limits whole_;
  const Limits share_;
  std::array<Own, kWindows> own_;
  std::array<Known, kWindows> known_;
  std::array<Owed, kWindows> owed_;
};

}  // namespace wx::open_meteo
