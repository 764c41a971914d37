// How far the provider's clock is from this machine's, for a gauge and the log. Logs once when they differ by more than
// a minute, and once when they agree again.
//
// Thread-safety: any thread.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "observability/log.hpp"

namespace wx::open_meteo {

class ProviderClock {
 public:
  explicit ProviderClock(observability::Log& log) : log_(log) {}

  // Takes the difference that an answer shows: the provider's clock minus ours (see clock_ahead()).
  void note(milliseconds ahead, SteadyTime now);
  // The last difference; zero until there is one.
  [[nodiscard]] milliseconds ahead() const;

 private:
  observability::Log& log_;
  mutable Mutex mutex_;
  milliseconds ahead_ WX_GUARDED_BY(mutex_){0};
  bool differs_ WX_GUARDED_BY(mutex_) = false;
  std::optional<SteadyTime> logged_at_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::open_meteo
