// The budget of provider calls: every call is counted before it is made, in fixed windows of the wall clock, and a
// ladder keeps the last calls of a window for those who need them most: from 80 % of any window on there are no early
// refreshes, from 90 % no refreshes of what is stale, at 100 % nothing.
//
// Who counts. Alone, this process keeps to its share of each limit. With a fleet the shared counters decide (see
// FleetBudget): their replies are the truth about everybody's calls, and what they said last also serves the ladder.
// Where they are out of reach for a call, the call is counted alone, by the share, and owed to the counters until they
// can be reached again. Counters that were lost (a Redis
// that restarted empty) never make us forget what we knew: a reply is taken for at least one more than the last.
//
// Clocks. Windows are the wall clock's. When that is set forward (or the machine slept) new windows begin at once. When
// it is set back, this process's own count goes on until its window would have ended by the steady clock (and a
// hundredth of its length later, as the two clocks drift) and only then begins anew: no step back yields calls, and
// none blocks longer than a window lasts. The counters of a fleet are always those of the wall clock, as the others'
// are. A call counted in the last moment of a window may reach the provider in the next.
//
// Thread-safety: none; guard it.
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

enum class Rung : std::uint8_t {
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
    Window window = Window::minute;  // of those that refuse, the one that lasts longest
    nanoseconds retry_after{0};      // its end
  };

  // `share`: of `whole`, for counting alone.
  Budget(const Limits& whole, const Limits& share) : whole_(whole), share_(share) {}

  // Whether a call for this purpose would be allowed, as far as is known. Counts nothing. A refusal, or nothing.
  [[nodiscard]] std::optional<Refusal> check(Purpose purpose, Counting counting, SteadyTime now, WallTime wall);

  // Counts one call that is about to be made, or refuses it.
  [[nodiscard]] std::optional<Refusal> take_alone(Purpose purpose, SteadyTime now, WallTime wall);

  // One call to be counted by the fleet: pass `windows` to FleetBudget::take(), and this to take_with_fleet().
  struct FleetTake {
    std::vector<FleetWindow> windows;
    std::array<std::int64_t, kWindows> ids{};
  };
  [[nodiscard]] FleetTake ask_fleet(WallTime wall);
  // The counters did not answer: what was owed to them still is.
  void not_counted(const FleetTake& asked);
  // Counts the call, or refuses it: then the unit is to be given back. The ladder holds here too: the others may have
  // used more than was known before. `counts` are as many as `asked.windows`.
  [[nodiscard]] std::optional<Refusal> take_with_fleet(Purpose purpose, const FleetTake& asked,
                                                       std::span<const std::int64_t> counts, SteadyTime now,
                                                       WallTime wall);

  struct Usage {
    std::uint32_t used = 0;
    std::uint32_t limit = 0;  // 0: unlimited
    nanoseconds ends_in{0};
  };
  [[nodiscard]] Usage usage(Window window, Counting counting, SteadyTime now, WallTime wall);
  // The highest of all windows.
  [[nodiscard]] Rung rung(Counting counting, SteadyTime now, WallTime wall);

 private:
  // Calls of this process.
  struct Own {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    SteadyTime ends;  // at the latest
    std::uint32_t used = 0;
  };
  // Calls of the fleet, as far as was heard.
  struct Known {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    std::int64_t used = 0;
    std::int64_t alone = 0;  // since then by us, not counted by the fleet
  };
  // Calls of this process that the fleet's counters have not heard of.
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
