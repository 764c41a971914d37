// A clock that throws on demand. Timers and replies read the clock, so a test can make them throw.
#pragma once

#include <atomic>
#include <stdexcept>

#include "base/clock.hpp"

namespace wx::test {

class FaultyClock final : public Clock {
 public:
  explicit FaultyClock(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] SteadyTime steady() const override {
    fail_if_due();
    return clock_.steady();
  }
  [[nodiscard]] WallTime wall() const override {
    fail_if_due();
    return clock_.wall();
  }

  // The nth reading of either clock from now on throws, once. 0: none.
  mutable std::atomic<int> fails_at{0};

 private:
  void fail_if_due() const {
    if (fails_at > 0 && --fails_at == 0) throw std::runtime_error("the clock broke");
  }
  const Clock& clock_;
};

}  // namespace wx::test
