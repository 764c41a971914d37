#include "open_meteo/paused_calls.hpp"

#include "open_meteo/thrown.hpp"

namespace wx::open_meteo {

bool PausedCalls::add(const CallPtr& call, nanoseconds pause) {
  {
    const Lock lock(mutex_);
    if (closed_) return false;
    calls_.insert(call);
  }
  // The executor holds the call weakly, because close() may end it before the timer fires. A live call keeps the
  // pipeline alive, and thereby this object.
  try {
    executor_->post([this, weak = std::weak_ptr(call), pause] {
      const auto paused = weak.lock();
      if (!paused) return;
      try {
        paused->retry_timer = executor_->after(pause, [this, weak] {
          if (const auto waited = weak.lock()) resume(waited);
        });
      } catch (...) {
        (void)thrown(log_, "an exception while starting the timer of a second attempt");
        resume(paused);
      }
    });
  } catch (...) {
    remove(call);
    throw;
  }
  return true;
}

std::vector<CallPtr> PausedCalls::close() {
  const Lock lock(mutex_);
  closed_ = true;
  std::vector<CallPtr> all(calls_.begin(), calls_.end());
  calls_.clear();
  return all;
}

void PausedCalls::resume(const CallPtr& call) {
  const auto timer = std::move(call->retry_timer);  // the timer must live until its callback returns
  remove(call);
  resume_(call);
}

void PausedCalls::remove(const CallPtr& call) {
  const Lock lock(mutex_);
  calls_.erase(call);
}

}  // namespace wx::open_meteo
