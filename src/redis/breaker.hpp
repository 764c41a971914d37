// The state machine of the breaker in front of a Redis server. After repeated failures no command is sent until one
// PING of the breaker's own is answered, so a dead server costs nothing, and a server that comes back is not flooded.
//
//   closed ── 5 failures in a row, or half of at least 20 within 1 s ──► open ── wait is over ──► probing
//      ▲                                                                  ▲ wait doubled │           │
//      └───────────────────────────── answered ───────────────────────────┼──────────────┘ failed ───┘
//
// A pure kernel: time comes in as a parameter. Thread-safety: none; one per server and I/O thread.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace wx::redis {

struct BreakerOptions {
  int failures_in_a_row = 5;
  int sample = 20;  // the breaker also opens when half of at least this many operations within `window` failed
  milliseconds window{1000};
  milliseconds first_wait{250};  // doubles with each failed probe
  milliseconds longest_wait{1000};
};

class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, probing };

  explicit Breaker(const BreakerOptions& options) : options_(options), wait_(options.first_wait) {}

  // Takes the outcome of an operation that was allowed. Returns true if the breaker has just opened: a probe is then
  // due after wait().
  [[nodiscard]] bool record(bool success, SteadyTime now);

  // The probe is being sent.
  void probe();
  // Takes the probe's outcome. Returns true if the breaker has just closed; otherwise the next probe is due after
  // wait().
  [[nodiscard]] bool probed(bool success);

  [[nodiscard]] State state() const { return state_; }
  // How long to wait before the next probe; the caller adds the random spread.
  [[nodiscard]] nanoseconds wait() const { return wait_; }

 private:
  void open();

  const BreakerOptions options_;
  State state_ = State::closed;
  nanoseconds wait_;
  int in_a_row_ = 0;
  SteadyTime window_start_{};
  int window_total_ = 0;
  int window_failed_ = 0;
};

}  // namespace wx::redis
