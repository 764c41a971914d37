// A staged outage of the shared tier: for a few seconds, the laboratory shows what the service does without Redis. One
// object per process; an OutageTier on each I/O thread acts on it.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <limits>
#include <optional>

#include "base/clock.hpp"

namespace wx::cache {

class Outage {
 public:
  // Long enough to see what changes, short enough to wait for the end.
  static constexpr std::chrono::seconds kSpan{10};
  // From one beginning to the next.
  static constexpr std::chrono::seconds kInterval{60};

  // Begins an outage and returns nothing; or, within kInterval of the last one, returns how much of that is left.
  [[nodiscard]] std::optional<nanoseconds> begin(SteadyTime now);

  // Reads the clock only during an outage, and once after it.
  [[nodiscard]] bool is_on(const Clock& clock) {
    const auto until = until_.load(std::memory_order_relaxed);
    return until != kNone && is_on(until, clock.steady());
  }

  // The rest of the outage; 0 without one.
  [[nodiscard]] nanoseconds left(SteadyTime now) const;

 private:
  static constexpr auto kNone = std::numeric_limits<nanoseconds::rep>::min();

  [[nodiscard]] bool is_on(nanoseconds::rep until, SteadyTime now);

  // Steady times in ns.
  std::atomic<nanoseconds::rep> until_{kNone};  // kNone: no outage, or its end was noticed
  std::atomic<nanoseconds::rep> next_{kNone};   // the earliest beginning of the next one
};

}  // namespace wx::cache
