// A clock that a test moves while the program under test runs: the machine's clocks plus two offsets in a small file
// that both processes map. tests/program is the program with this clock; no package contains it.
//
// Only what asks base/clock.hpp sees the new time: ages, spans, deadlines, memos, budgets, Date. What the system
// measures by itself does not move with it: timers of an Executor, timeouts of libcurl, the clocks of other processes
// that were not given the same file. A timer still fires after its real span, and then finds that more time has passed.
// So a test moves the clock between requests and asks again; it does not expect anything to happen by itself. A request
// that is under way may find that its deadline has passed once its timer fires or its answer comes. A connection to
// Redis may find that it was idle, and send a PING.
//
// A Redis beside the service moves with RedisServerOptions::clock. Without that, values and leases in Redis end by the
// machine's clock, and a service that takes the time from Redis would take a moved clock for a wrong one.
#pragma once

#include <string>
#include <utility>

#include "base/clock.hpp"
#include "support/clock_offsets.hpp"
#include "support/temp_dir.hpp"

namespace wx::test {

// Maps the file for as long as it lives. Throws std::runtime_error if it cannot be mapped.
class MappedOffsets {
 public:
  explicit MappedOffsets(const std::string& file);
  MappedOffsets(const MappedOffsets&) = delete;
  MappedOffsets& operator=(const MappedOffsets&) = delete;
  ~MappedOffsets();

  [[nodiscard]] ClockOffsets* operator->() const { return offsets_; }

 private:
  ClockOffsets* offsets_;
};

// The program's side. Thread-safety: any thread.
class MovableClock final : public Clock {
 public:
  explicit MovableClock(const std::string& file) : offsets_(file) {}

  [[nodiscard]] SteadyTime steady() const override { return system_.steady() + nanoseconds(offsets_->steady_ns); }
  [[nodiscard]] WallTime wall() const override { return system_.wall() + milliseconds(offsets_->wall_ms); }

 private:
  SystemClock system_;
  MappedOffsets offsets_;
};

// The test's side. Several services may share one. Thread-safety: any thread.
class ClockControl {
 public:
  // For the settings of a Service, and for the environment of any program with tests/preload.
  [[nodiscard]] std::pair<std::string, std::string> setting() const { return {std::string(kClockFile), file_}; }

  // Lets time pass: both clocks move. `span` must not be negative, because the steady clock never goes back.
  void advance(milliseconds span);
  // Lets time pass to one o'clock, UTC, of the next day. A test of some hours stays within a day then, whenever it
  // runs.
  void begin_day() {
    constexpr milliseconds kDay = std::chrono::hours(24);
    advance(kDay - wall() % kDay + std::chrono::hours(1));
  }
  // Sets the wall clock as an administrator would: the steady clock does not move.
  void step_wall(milliseconds span) { offsets_->wall_ms += span.count(); }
  // The wall clock that the program sees, since 1970.
  [[nodiscard]] milliseconds wall() const {
    const auto real = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::floor<milliseconds>(real) + milliseconds(offsets_->wall_ms);
  }

 private:
  TempDir dir_;
  std::string file_ = dir_.write("clock", std::string(sizeof(ClockOffsets), '\0'));
  MappedOffsets offsets_{file_};
};

}  // namespace wx::test
