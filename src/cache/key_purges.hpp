// Carries a purge of one key to Redis: repeats the tombstone and the announcement until Redis has accepted each, and
// then reads Redis again, in case a SET that was under way has brought the purged value back.
//
//   pending    what Redis has not accepted: tried again after 0.5 s, doubling to 4 s, or after a minute if Redis
//              refuses for good. Redis is read first: a later value or tombstone needs no tombstone any more, but a
//              failure that the fleet remembers is forgotten beside it. (A value that is stored after that reading is
//              lost, which costs a load.) A tombstone that follows its
//              announcement late is announced again, for a process that has missed the first and looked before the
//              tombstone was there. One pending purge per key, the latest. More than 1,000 of a thread become one purge
//              of everything (PurgeDebt). They are lost if the process ends.
//   accepted   read after 2 s, and after a lease span and 2 s. A value from before the purge is purged again, and
//              read again after 2 s, three times in a row at most. A key that is absent gets its tombstone back. At
//              most 1,000 readings of each kind wait; the oldest is dropped if there are more.
//
// Thread-safety: none; only the thread of the CacheThread that owns the object.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "cache/remote_tier.hpp"

namespace wx::cache {

class CacheCore;
class CacheThread;

class KeyPurges {
 public:
  static constexpr std::size_t kMost = 1000;

  explicit KeyPurges(CacheThread& thread) : thread_(thread) {}

  // Purges the key in Redis as of `at`. `done` is called once, with the result of the first attempt.
  void purge(const std::shared_ptr<CacheCore>& core, std::string_view key, const Moment& at,
             RemoteTier::DoneCallback done);
  // Redis holds a value from before a purge at `at`, which this process knows: reads it again after 2 s, and purges it
  // again unless a load has replaced it by then.
  void on_revived(const std::shared_ptr<CacheCore>& core, std::string_view key, const Moment& at);

 private:
  struct Purge {
    std::string key;
    Moment at;
    int again = 0;  // how often it was purged again
  };
  struct Pending {
    Moment at;
    int again = 0;
    bool buried = false;     // Redis has accepted a tombstone, or holds something later
    bool announced = false;  // Redis has accepted the message
    bool lasting = false;    // the last refusal was a lasting one
    bool trying = false;     // an attempt is under way
  };
  struct Reading {
    Purge purge;
    SteadyTime due;
  };
  using Readings = std::deque<Reading>;
  using Attempted = std::move_only_function<void(const std::optional<Error>&)>;

  // Sends what is missing of a purge. `attempted` is called when everything has been answered, with the first error.
  void attempt(CacheCore& core, const Purge& purge, Attempted attempted);
  void on_attempted(CacheCore& core, const Purge& purge, const std::optional<Error>& error);
  [[nodiscard]] Pending* pending_of(const Purge& purge);
  void purge_again(CacheCore& core, const Purge& purge);
  void retry(CacheCore& core);
  void retry_one(CacheCore& core, const Purge& purge);
  void on_followed(CacheCore& core, const Purge& purge);
  void schedule_retry();
  void give_up_singles(CacheCore& core);
  void read_later(CacheCore& core, Readings& readings, const Purge& purge, nanoseconds span);
  void arm_readings(CacheCore& core);
  void read_due(CacheCore& core);
  void read(const Purge& purge);
  // Calls work(core), unless the cache is destroyed. An exception is logged.
  template <class Work>
  void guarded(Work work);

  CacheThread& thread_;
  std::weak_ptr<CacheCore> core_;
  std::unordered_map<std::string, Pending> pending_;
  nanoseconds pause_{0};  // before the next attempts
  bool lasting_pause_ = false;
  std::unique_ptr<Timer> retry_timer_;
  Readings soon_;  // each in the order of their due times
  Readings later_;
  SteadyTime readings_armed_for_ = SteadyTime::max();
  std::unique_ptr<Timer> reading_timer_;
};

}  // namespace wx::cache
