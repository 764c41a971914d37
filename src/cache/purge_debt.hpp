// A purge of everything that Redis has not taken yet. It stays pending, and one I/O thread repeats it until Redis takes
// it. The thread does not write this process's epoch into Redis instead: other processes may have reached the same
// number by purges of their own, and would not know of this one.
//
// Thread-safety: none; everything on the thread of the CacheThread that owns the object.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/executor.hpp"

namespace wx::cache {

class CacheCore;
class CacheThread;

class PurgeDebt {
 public:
  explicit PurgeDebt(CacheThread& thread) : thread_(thread) {}

  // Redis did not take a purge: it is pending from now on, and is repeated.
  void set_pending(const std::shared_ptr<CacheCore>& core);
  // Redis took a purge, this one or a later one, and answered with the new epoch.
  void on_purged(CacheCore& core, std::uint64_t epoch);

 private:
  void wait();
  void try_again(CacheCore& core);
  // Calls work(core), unless the cache is gone. After an exception the purge is tried again.
  template <class Work>
  void guarded(Work work);

  CacheThread& thread_;
  std::weak_ptr<CacheCore> core_;
  bool pending_ = false;
  std::unique_ptr<Timer> timer_;
  nanoseconds pause_{0};  // before the next try
};

}  // namespace wx::cache
