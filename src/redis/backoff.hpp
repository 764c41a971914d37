// The delay between attempts to connect: it doubles, and a random part keeps clients that lost the same server from
// returning in step.
//
// The delay counts from the start of an attempt, so an attempt that used it all before failing is followed by the next
// at once. Only a connection that lasted resets it: a server that accepts and closes is not dialled in a tight loop.
//
// A pure kernel. Thread-safety: none.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace wx::redis {

// How long to wait after a failed attempt: `soon` is the back-off below; `slow` is for faults that a person has to fix,
// such as a wrong password.
enum class RetryDelay : std::uint8_t { soon, slow };

class Backoff {
 public:
  static constexpr milliseconds kFirst{50};
  static constexpr milliseconds kMost{1000};
  // A connection that was up for this long resets the delay.
  static constexpr milliseconds kLasting{1000};

  explicit Backoff(std::uint64_t seed) : random_(seed) {}

  // Returns between half and all of the current span, and doubles the span up to kMost.
  [[nodiscard]] nanoseconds next() {
    const nanoseconds half = span_ / 2;
    span_ = std::min<nanoseconds>(span_ * 2, kMost);
    return random_.between(half, 2 * half);
  }
  // A connection that was up for `lived` is lost.
  void on_lost(nanoseconds lived) {
    if (lived >= kLasting) span_ = kFirst;
  }

 private:
  Random random_;
  nanoseconds span_ = kFirst;
};

}  // namespace wx::redis
