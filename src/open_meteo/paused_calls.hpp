// The calls that pause before their second attempt, with one timer each.
//
// Thread-safety: add() from any thread; attach() before the first add(); close() on the executor's thread, or after
// that thread has stopped.
#pragma once

#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/executor.hpp"
#include "base/mutex.hpp"
#include "observability/log.hpp"
#include "open_meteo/call_in_progress.hpp"

namespace wx::open_meteo {

class PausedCalls {
 public:
  // `resume` receives each call when its pause is over, on the executor's thread. It must not throw.
  PausedCalls(std::function<void(const CallPtr&)> resume, observability::Log& log)
      : resume_(std::move(resume)), log_(log) {}

  // Timers run on `executor`. Without an executor there are no pauses and no second attempts.
  void attach(Executor* executor) { executor_ = executor; }
  [[nodiscard]] bool enabled() const { return executor_ != nullptr; }

  // Holds `call` for the duration of `pause`. After close() it returns false and does not hold the call. If the timer
  // cannot be started, the failure is logged and the call resumes at once.
  [[nodiscard]] bool add(const CallPtr& call, nanoseconds pause);

  // Removes and returns all calls. Their timers never fire.
  [[nodiscard]] std::vector<CallPtr> close();

 private:
  void resume(const CallPtr& call);
  void remove(const CallPtr& call);

  const std::function<void(const CallPtr&)> resume_;
  observability::Log& log_;
  Executor* executor_ = nullptr;
  Mutex mutex_;
  std::unordered_set<CallPtr> calls_ WX_GUARDED_BY(mutex_);
  bool closed_ WX_GUARDED_BY(mutex_) = false;
};

}  // namespace wx::open_meteo
