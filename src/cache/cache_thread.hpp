// The cache's view of one I/O thread: its executor, its connection to Redis, and the objects that only this thread
// uses.
//
// Thread-safety: dispatch() and executor() from any thread; everything else on this thread only.
#pragma once

#include <utility>

#include "base/executor.hpp"
#include "base/random.hpp"
#include "cache/deadline_queue.hpp"
#include "cache/key_purges.hpp"
#include "cache/purge_debt.hpp"
#include "cache/remote_tier.hpp"

namespace wx::cache {

class CacheThread {
 public:
  // `remote` is null if there is no Redis. All arguments must outlive the object.
  CacheThread(Executor& executor, RemoteTier* remote, const Clock& clock)
      : executor_(executor),
        remote_(remote),
        deadlines_(executor, clock),
        random_(random_seed()),
        purge_debt_(*this),
        key_purges_(*this) {}
  CacheThread(const CacheThread&) = delete;
  CacheThread& operator=(const CacheThread&) = delete;

  // Runs `work` on this thread: at once if the caller is on it, else by posting it.
  template <class Work>
  void dispatch(Work work) {
    if (executor_.in_this_thread()) {
      work();
    } else {
      executor_.post(std::move(work));
    }
  }

  [[nodiscard]] Executor& executor() { return executor_; }
  [[nodiscard]] RemoteTier* remote() { return remote_; }
  [[nodiscard]] DeadlineQueue& deadlines() { return deadlines_; }
  [[nodiscard]] Random& random() { return random_; }  // for lease tokens and jitter
  [[nodiscard]] PurgeDebt& purge_debt() { return purge_debt_; }
  [[nodiscard]] KeyPurges& key_purges() { return key_purges_; }

 private:
  Executor& executor_;
  RemoteTier* remote_;
  DeadlineQueue deadlines_;
  Random random_;
  PurgeDebt purge_debt_;
  KeyPurges key_purges_;
};

}  // namespace wx::cache
