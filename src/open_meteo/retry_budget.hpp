// The budget of second attempts: a token bucket that fills with every call and with time. When everything fails,
// retries remain a small part of the traffic; an idle process still has a few.
//
// Thread-safety: none. The caller holds a lock.
#pragma once

#include <algorithm>
#include <optional>

#include "base/clock.hpp"

namespace wx::open_meteo {

struct RetryBudgetOptions {
  double per_call = 0.1;    // retries added per call
  double per_minute = 5.0;  // retries added per minute
  double most = 10.0;       // capacity; 0: no retries
};

class RetryBudget {
 public:
  explicit RetryBudget(RetryBudgetOptions options)
      : options_(options), saved_(std::min(options.per_minute, options.most)) {}

  // Records a first attempt.
  void called(SteadyTime now) { add(now, options_.per_call); }

  // Takes one retry. Returns false if none is left.
  [[nodiscard]] bool take(SteadyTime now) {
    add(now, 0);
    if (saved_ < 1) return false;
    saved_ -= 1;
    return true;
  }

 private:
  void add(SteadyTime now, double earned) {
    if (last_ && now > *last_) earned += std::chrono::duration<double>(now - *last_).count() / 60 * options_.per_minute;
    last_ = now;
    saved_ = std::min(saved_ + earned, options_.most);
  }

  const RetryBudgetOptions options_;
  double saved_;
  std::optional<SteadyTime> last_;
};

}  // namespace wx::open_meteo
