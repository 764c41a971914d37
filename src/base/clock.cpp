#include "base/clock.hpp"

#include <ctime>

namespace wx {

SteadyTime SystemClock::steady() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
  // The kernel's cached time, at most a few milliseconds old. It costs a quarter of CLOCK_REALTIME, and every answer
  // reads it.
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return WallTime(std::chrono::seconds(now.tv_sec) + milliseconds(now.tv_nsec / 1'000'000));
}

}  // namespace wx
