// The log lines of Admission: one for each change of the breaker's state, of the way of counting, and of the budget's
// throttle level. With a slow Redis the fleet's count may be lost and regained at every call, so each of these two
// changes is logged at most once in ten seconds.
//
// Thread-safety: none. The caller holds a lock.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "observability/log.hpp"
#include "open_meteo/budget.hpp"
#include "open_meteo/provider_breaker.hpp"

namespace wx::open_meteo {

class AdmissionLog {
 public:
  explicit AdmissionLog(observability::Log& log) : log_(log) {}

  // The state of `breaker` is now `state`.
  void breaker(ProviderBreaker::State state, const ProviderBreaker& breaker, SteadyTime now) {
    if (std::exchange(state_, state) != state) say_state(breaker, now);
  }

  // Whether the fleet's count is lost.
  void fleet_count(bool lost, SteadyTime now) {
    if (lost != count_lost_) say_fleet_count(lost, now);
  }
  // As logged last.
  [[nodiscard]] bool count_lost() const { return count_lost_; }

  [[nodiscard]] bool is_new(ThrottleLevel level) const { return level != level_; }
  // A new throttle level, with what is used of each window.
  void throttle(ThrottleLevel level, const std::array<Budget::Usage, kWindows>& usage);

 private:
  void say_state(const ProviderBreaker& breaker, SteadyTime now);
  void say_fleet_count(bool lost, SteadyTime now);

  observability::Log& log_;
  // The last logged values.
  ProviderBreaker::State state_ = ProviderBreaker::State::closed;
  ThrottleLevel level_ = ThrottleLevel::open;
  bool count_lost_ = false;
  std::array<std::optional<SteadyTime>, 2> count_logged_at_;  // by count_lost_
};

}  // namespace wx::open_meteo
