// A pending purge: a call of purge_all() that Redis has not accepted yet. Its I/O thread repeats it until Redis accepts
// it. Until then the purge is this process's own (CacheCore::purge_here).
//
// Thread-safety: none; only the thread of the CacheThread that owns the object.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "cache/entry.hpp"

namespace wx::cache {

class CacheCore;
class CacheThread;

class PurgeDebt {
 public:
  explicit PurgeDebt(CacheThread& thread) : thread_(thread) {}

  // Call it when Redis did not accept a purge. The purge is pending from now on and is repeated.
  void set_pending(const std::shared_ptr<CacheCore>& core);
  // Call it when Redis accepted a purge, the pending one or a later one, which was asked for at `at`. `epoch` is the
  // new epoch.
  void on_purged(CacheCore& core, std::uint64_t epoch, const Moment& at);

 private:
  void schedule();
  void try_again(CacheCore& core);
  // Calls work(core), unless the cache is destroyed. After an exception a pending purge is repeated.
  template <class Work>
  void guarded(Work work);

  CacheThread& thread_;
  std::weak_ptr<CacheCore> core_;
  bool pending_ = false;
  Moment at_{};  // of the pending purge
  std::unique_ptr<Timer> timer_;
  nanoseconds pause_{0};  // before the next attempt
};

}  // namespace wx::cache
