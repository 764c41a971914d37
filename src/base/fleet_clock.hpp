// The clock of a fleet: its wall clock is that of Redis, as well as this process knows it.
//
// Processes compare moments with each other: when a value was stored, which window of the budget a call falls into.
// Their own wall clocks may differ, so such moments are in the time of the server that all of them ask (TIME). Until
// this process has heard Redis, its own wall clock takes its place.
//
// A sample is a question and its answer. The server read its clock at some moment between the two, so the offset from
// the steady clock lies in an interval as wide as the round trip (F. Cristian, "Probabilistic clock synchronization",
// Distributed Computing 3, 1989). Of the last samples, the one with the shortest round trip counts; its error is at
// most half of that round trip, plus the drift since then. A sample whose interval does not overlap with that one's
// shows that the server's clock was set, that another server answers, or that the clocks have drifted apart: the older
// samples no longer count.
//
// The fleet's time may jump, like any wall clock.
//
// Thread-safety: steady() and wall() from any thread; sample() from one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "base/clock.hpp"

namespace wx {

class FleetClock final : public Clock {
 public:
  using ServerTime = std::chrono::sys_time<std::chrono::microseconds>;

  // `own` must outlive this object.
  explicit FleetClock(const Clock& own) : own_(own) {}

  // The own steady clock.
  [[nodiscard]] SteadyTime steady() const override { return own_.steady(); }
  [[nodiscard]] WallTime wall() const override;

  // Takes the server's answer to a question that was sent and answered at these moments of the steady clock, or
  // slightly before and after them.
  void sample(SteadyTime sent, SteadyTime received, ServerTime server);

 private:
  // The bounds of the server's offset: from the steady clock to the Unix epoch.
  struct Sample {
    nanoseconds least;
    nanoseconds most;

    [[nodiscard]] nanoseconds width() const { return most - least; }
  };
  [[nodiscard]] Sample best() const;

  const Clock& own_;
  std::deque<Sample> samples_;  // the oldest first
  std::atomic<bool> heard_{false};
  std::atomic<nanoseconds::rep> offset_{0};
};

}  // namespace wx
