#include "redis/breaker.hpp"

#include <algorithm>

namespace wx::redis {

bool Breaker::record(bool success, SteadyTime now) {
  // Outcomes of operations that began before the breaker opened tell nothing new.
  if (state_ != State::closed) return false;
  if (now - window_start_ >= options_.window) {
    window_start_ = now;
    window_total_ = window_failed_ = 0;
  }
  ++window_total_;
  if (success) {
    in_a_row_ = 0;
    return false;
  }
  ++window_failed_;
  ++in_a_row_;
  const bool half = window_total_ >= options_.sample && 2 * window_failed_ >= window_total_;
  if (in_a_row_ < options_.failures_in_a_row && !half) return false;
  wait_ = options_.first_wait;
  open();
  return true;
}

void Breaker::probe() {
  if (state_ == State::open) state_ = State::probing;
}

bool Breaker::probed(bool success) {
  if (state_ != State::probing) return false;
  if (!success) {
    wait_ = std::min<nanoseconds>(2 * wait_, options_.longest_wait);
    open();
    return false;
  }
  state_ = State::closed;
  return true;
}

void Breaker::open() {
  state_ = State::open;
  in_a_row_ = window_total_ = window_failed_ = 0;
}

}  // namespace wx::redis
