// A bound on how often something happens: on average `per_second` times, in bursts of up to one second's worth. This is
// the generic cell rate algorithm (ITU-T I.371), which needs one moment as its state.
//
// Thread-safety: any thread.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/clock.hpp"

namespace wx {

class RateGate {
 public:
  explicit RateGate(int per_second) : interval_(kBurst.count() / per_second) {}

  // Returns true, and counts one, unless that would exceed the rate.
  [[nodiscard]] bool pass(SteadyTime now) {
    const auto time = now.time_since_epoch().count();
    auto next = next_.load(std::memory_order_relaxed);
    while (true) {
      const auto then = std::max(next, time) + interval_;
      if (then - time > kBurst.count()) return false;
      if (next_.compare_exchange_weak(next, then, std::memory_order_relaxed)) return true;
    }
  }

  // Undoes one pass() that returned true.
  void give_back() { next_.fetch_sub(interval_, std::memory_order_relaxed); }

 private:
  static constexpr nanoseconds kBurst = std::chrono::seconds(1);

  const nanoseconds::rep interval_;
  std::atomic<nanoseconds::rep> next_{SteadyTime::min().time_since_epoch().count()};  // when the rate is unused again
};

}  // namespace wx
