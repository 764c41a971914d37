// The budget of provider calls. Every call is counted before it is made, in fixed windows of the wall clock. Throttle
// levels reserve the last calls of a window for the most important loads: from 80 % of any window there are no early
// refreshes, from 90 % no refreshes of stale entries, at 100 % no calls.
//
// This budget counts the calls of one process alone, against its share of the limits. A process of a fleet uses
// SharedBudget instead.
//
// Clocks. Windows follow the wall clock. After a step forward (or a suspend of the machine) new windows begin at once.
// After a step back, this process's own count continues until its window has ended by the steady clock, plus 1 % of its
// length for the drift between the two clocks. So a step back gives no extra calls, and blocks no longer than the
// window lasts. A call counted at the very end of a window may reach the provider in the next window.
//
// Thread-safety: none. The caller holds a lock.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/clock.hpp"
#include "cache/loader.hpp"
#include "open_meteo/limits.hpp"

namespace wx::open_meteo {

enum class ThrottleLevel : std::uint8_t {
  open,        // every purpose
  no_early,    // from 80 %
  no_refresh,  // from 90 %
  closed,      // at 100 %
};

class Budget {
 public:
  using Purpose = cache::Purpose;

  struct Refusal {
    Window window = Window::minute;  // of the exhausted windows, the one that ends last
    nanoseconds retry_after{0};      // until it ends
  };

  // `share` is this process's part of the limits.
  explicit Budget(const Limits& share) : share_(share) {}

  // Returns the refusal of a call for this purpose by the counts known now, or nothing if the call would be allowed.
  // Counts nothing.
  [[nodiscard]] std::optional<Refusal> check(Purpose purpose, SteadyTime now, WallTime wall);

  // Counts one call that is about to be made, or returns its refusal.
  [[nodiscard]] std::optional<Refusal> take(Purpose purpose, SteadyTime now, WallTime wall);

  struct Usage {
    std::uint32_t used = 0;
    std::uint32_t limit = 0;  // 0 means unlimited
    nanoseconds ends_in{0};
  };
  [[nodiscard]] Usage usage(Window window, SteadyTime now, WallTime wall);
  // The strictest level of all windows.
  [[nodiscard]] ThrottleLevel throttle_level(SteadyTime now, WallTime wall);

 private:
  // Calls of this process.
  struct Own {
    std::int64_t id = std::numeric_limits<std::int64_t>::min();
    SteadyTime ends;  // by the steady clock, at the latest
    std::uint32_t used = 0;
  };
  void roll(SteadyTime now, WallTime wall);

  const Limits share_;
  std::array<Own, kWindows> own_;
};

// The rules that Budget and SharedBudget have in common.

// The number of the window since the Unix epoch.
[[nodiscard]] std::int64_t window_number(Window window, WallTime wall);
// The time until the window ends.
[[nodiscard]] nanoseconds left_of(Window window, WallTime wall);
// Whether calls for this purpose stop when `used` of `limit` are used. A limit of 0 stops nothing.
[[nodiscard]] bool stops(cache::Purpose purpose, std::uint64_t used, std::uint64_t limit);
// The level at which `used` of `limit` are used.
[[nodiscard]] ThrottleLevel level_of(std::uint64_t used, std::uint64_t limit);
// Replaces `refusal` if that of `window` lasts longer.
void keep_later(std::optional<Budget::Refusal>& refusal, Window window, nanoseconds retry_after);

}  // namespace wx::open_meteo
