// One I/O thread as the cache sees it: where callbacks run, and what belongs to that thread alone.
//
// Thread-safety: run() and executor() from any thread; the rest on the thread itself.
#pragma once

#include <utility>

#include "base/executor.hpp"
#include "base/random.hpp"
#include "cache/deadline_queue.hpp"
#include "cache/purge_debt.hpp"
#include "cache/remote_tier.hpp"

namespace wx::cache {

class CacheThread {
 public:
  // `remote` may be null: memory only. Everything passed must outlive the object.
  CacheThread(Executor& executor, RemoteTier* remote, const Clock& clock)
      : executor_(executor), remote_(remote), deadlines_(executor, clock), random_(random_seed()), purge_debt_(*this) {}
  CacheThread(const CacheThread&) = delete;
  CacheThread& operator=(const CacheThread&) = delete;

  // Runs `work` on this thread: at once if the caller is on it, else posted.
  template <class Work>
  void run(Work work) {
    if (executor_.in_this_thread()) {
      work();
    } else {
      executor_.post(std::move(work));
    }
  }

  [[nodiscard]] Executor& executor() { return executor_; }
  [[nodiscard]] RemoteTier* remote() { return remote_; }
  [[nodiscard]] DeadlineQueue& deadlines() { return deadlines_; }
  [[nodiscard]] Random& random() { return random_; }  // lease tokens, jitter
  [[nodiscard]] PurgeDebt& purge_debt() { return purge_debt_; }

 private:
  Executor& executor_;
  RemoteTier* remote_;
  DeadlineQueue deadlines_;
  Random random_;
  PurgeDebt purge_debt_;
};

}  // namespace wx::cache
