// The budget of provider calls. Every call is counted before it is made, in fixed windows of the wall clock. Throttle
// levels reserve the last calls of a window for the most important loads: from 80 % of any window there are no early
// refreshes, from 90 % no refreshes of stale entries, at 100 % no calls.
//
// Counting alone or with a fleet. Alone, this process limits itself to its share of each limit. With a fleet the shared
// counters decide (see FleetBudget): a reply carries the calls of all processes, and the last reply also sets the
// throttle level. If the counters are unreachable for a call, the call is counted alone, against the share, and is
// added to the counters once they are reachable again. Lost counters (a Redis that restarted empty) do not lower the
// known count: a reply counts as at least one more than the last.
//
// Clocks. Windows follow the wall clock. After a step forward (or a suspend of the machine) new windows begin at once.
// After a step back, this process's own count continues until its window has ended by the steady clock, plus 1 % of its
// length for the drift between the two clocks. So a step back gives no extra calls, and blocks no longer than the
// window lasts. The fleet's counters always follow the wall clock, as in the other processes. A call counted at the
// very end of a window may reach the provider in the next window.
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
    Window window = Window::minute;  // of the exhausted windows, the one that ends last
    nanoseconds retry_after{0};      // until it ends
  };

  // `share` is this process's part of `whole`; it applies when counting alone.
  Budget(const Limits& whole, const Limits& share) : whole_(whole), share_(share) {}

  // Returns the refusal of a call for this purpose by the counts known now, or nothing if the call would be allowed.
  // Counts nothing.
  [[nodiscard]] std::optional<Refusal> check(Purpose purpose, Counting counting, SteadyTime now, WallTime wall);

  // Counts one call that is about to be made, or returns its refusal.
  [[nodiscard]] std::optional<Refusal> take_alone(Purpose purpose, SteadyTime now, WallTime wall);

  // One call for the fleet to count. Pass `windows` to FleetBudget::take(), and the whole struct to take_with_fleet().
  struct FleetTake {
    std::vector<FleetWindow> windows;
    std::array<std::int64_t, kWindows> ids{};
  };
  [[nodiscard]] FleetTake ask_fleet(WallTime wall);
  // Call it if the counters did not answer: the calls in `asked` that they have not counted are sent again next time.
  void not_counted(const FleetTake& asked);
  // Counts the call, or returns its refusal; after a refusal the caller subtracts the unit from the counters. Checks
  // the throttle levels again, because other processes may have used more than was known before. `counts` has the size
  // of `asked.windows`.
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
    SteadyTime ends;  // by the steady clock, at the latest
    std::uint32_t used = 0;
  };
  // Calls of the fleet by the last reply.
  struct Known {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    std::int64_t used = 0;
    std::int64_t alone = 0;  // by this process since that reply, counted alone
  };
  // Calls of this process that the fleet's counters do not include yet.
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
