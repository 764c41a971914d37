// The breaker before Redis: after failures in a row nobody asks any more, until one PING of the breaker's own has been
// answered. So a dead Redis costs nothing, and it is not rushed at when it comes back. What is no failure (a refused
// write) is not recorded at all.
//
//   closed ── 5 failures in a row, or half of at least 20 within 1 s ──► open ── wait is over ──► probing
//      ▲                                                                  ▲ wait doubled │           │
//      └───────────────────────────── answered ───────────────────────────┼──────────────┘ failed ───┘
//
// A state machine without a clock of its own. Thread-safety: none; one per I/O thread.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace wx::cache {

struct BreakerOptions {
  int failures_in_a_row = 5;
  int sample = 20;  // within `window`, half of them failed
  milliseconds window{1000};
  milliseconds first_wait{250};  // doubles per failed probe
  milliseconds longest_wait{1000};
};

class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, probing };

  explicit Breaker(const BreakerOptions& options) : options_(options), wait_(options.first_wait) {}

  // Whether a command may be sent.
  [[nodiscard]] bool allows() const { return state_ == State::closed; }

  // What became of a command that was allowed. Returns true if the breaker has just opened: a probe is then due after
  // wait().
  [[nodiscard]] bool record(bool success, SteadyTime now);

  // The probe is being sent.
  void probe();
  // What became of it. Returns true if the breaker has just closed; otherwise another probe is due after wait().
  [[nodiscard]] bool probed(bool success);

  [[nodiscard]] State state() const { return state_; }
  // How long to wait before the next probe, to be spread by the caller.
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

}  // namespace wx::cache
