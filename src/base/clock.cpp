#include "base/clock.hpp"

#include <ctime>

namespace wx {

SteadyTime SystemClock::steady() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
  // The kernel's own note of the time, some milliseconds old at most: a quarter of the price, on every answer.
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return WallTime(std::chrono::seconds(now.tv_sec) + milliseconds(now.tv_nsec / 1'000'000));
}

}  // namespace wx
