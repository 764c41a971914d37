// Counts the threads that have not taken a step (drained, say), for the thread that waits for the last one.
//
// Thread-safety: everything from any thread.
#pragma once

#include <cstddef>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace wx::app {

class ThreadLatch {
 public:
  // Sets the number of threads to wait for. Until this is called, wait_for() cannot succeed.
  void arm(std::size_t threads) {
    const Lock lock(mutex_);
    left_ = threads;
  }
  void count_down() {
    const Lock lock(mutex_);
    if (--left_ == 0) changed_.notify_all();
  }
  // Waits until every thread has counted down, or for `limit`. Returns whether they have.
  [[nodiscard]] bool wait_for(nanoseconds limit) {
    const Lock lock(mutex_);
    while (left_ > 0 && changed_.wait_for(mutex_, limit)) {
    }
    return left_ == 0;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  std::size_t left_ WX_GUARDED_BY(mutex_) = 1;
};

}  // namespace wx::app
