// Time as a parameter: code that needs the current time asks a Clock, never the system, so that tests can set it. Only
// timers and waits (Executor, ConditionVariable, libcurl) use the system's clock.
//
// The steady clock measures spans (deadlines, ages of copies in memory). It never jumps back, and it includes the time
// in which the machine is suspended. The wall clock dates things for others (stored_at, Date) and may jump at any
// moment.
#pragma once

#include <chrono>

namespace wx {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Thread-safety: steady() and wall() may be called from any thread.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual SteadyTime steady() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override;
  [[nodiscard]] WallTime wall() const override;
};

}  // namespace wx
