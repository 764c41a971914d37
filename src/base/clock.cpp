#include "base/clock.hpp"

#include <ctime>

namespace wx {

SteadyTime SystemClock::steady() const {
  // CLOCK_BOOTTIME also counts the time in which the machine was suspended, unlike CLOCK_MONOTONIC (and thus
  // std::chrono::steady_clock): an answer grows old meanwhile.
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return SteadyTime(std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec));
}

WallTime SystemClock::wall() const {
  // The kernel's cached time, at most a few milliseconds old. It costs a quarter of CLOCK_REALTIME, and every answer
  // reads it.
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return WallTime(std::chrono::seconds(now.tv_sec) + milliseconds(now.tv_nsec / 1'000'000));
}

}  // namespace wx
