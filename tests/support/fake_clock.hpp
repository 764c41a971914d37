// A clock that stands still until a test moves it. Thread-safe.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace wx::test {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override { return SteadyTime(nanoseconds(steady_ns_.load())); }
  [[nodiscard]] WallTime wall() const override { return WallTime(milliseconds(wall_ms_.load())); }

  // Lets time pass: both clocks move.
  void advance(nanoseconds span) {
    steady_ns_ += span.count();
    wall_ms_ += std::chrono::duration_cast<milliseconds>(span).count();
  }
  // Sets the wall clock as an administrator would: the steady clock does not move.
  void step_wall(milliseconds span) { wall_ms_ += span.count(); }
  void set_wall(WallTime time) { wall_ms_ = time.time_since_epoch().count(); }

 private:
  std::atomic<long long> steady_ns_{1'000'000'000'000};
  std::atomic<long long> wall_ms_{1'767'225'600'000};  // 2026-01-01T00:00:00Z
};

}  // namespace wx::test
