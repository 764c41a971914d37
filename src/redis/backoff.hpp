// How long to wait between attempts to connect: a doubling span, spread by chance so that many clients that lost the
// same server do not come back in step.
//
// Measured from the start of an attempt, so that one that took its whole time to fail is followed by the next at once.
// A connection that did not last resets nothing: a server that accepts and closes is not dialled in a tight loop.
//
// A pure kernel. Thread-safety: none.
#pragma once

#include <algorithm>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace wx::redis {

class Backoff {
 public:
  static constexpr milliseconds kFirst{50};
  static constexpr milliseconds kMost{1000};
  // A connection that was up for this long was a good one.
  static constexpr milliseconds kLasting{1000};

  explicit Backoff(std::uint64_t seed) : random_(seed) {}

  // Between half and all of the span, which doubles up to kMost.
  [[nodiscard]] nanoseconds next() {
    const nanoseconds half = span_ / 2;
    span_ = std::min<nanoseconds>(span_ * 2, kMost);
    return random_.between(half, 2 * half);
  }
  // A connection that had come up is gone, `lived` after that.
  void on_lost(nanoseconds lived) {
    if (lived >= kLasting) span_ = kFirst;
  }

 private:
  Random random_;
  nanoseconds span_ = kFirst;
};

}  // namespace wx::redis
