// The state of one cache: its memory tier, its flights and its epoch. TieredCache, Run and PurgeDebt share it. It also
// receives the messages of other processes (FleetListener).
//
// Ownership: TieredCache owns the core. Runs, callbacks and PurgeDebt hold it weakly, because a callback of Redis, of a
// loader or of a timer may run after the cache is destroyed. The backplane holds a reference, so it must end first.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/rate_gate.hpp"
#include "cache/cache_options.hpp"
#include "cache/fleet_listener.hpp"
#include "cache/flight_table.hpp"
#include "cache/known_purges.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_tier.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::cache {

// The content of a key in Redis, as this process judges it.
struct Found {
  std::optional<Copy> copy;
  std::optional<Moment> purged_at = {};  // everything stored until then is purged
  bool unreadable = false;               // there is something, but not for this process to read
  bool revived = false;                  // Redis holds a value from before that purge
};

class CacheCore final : public FleetListener {
 public:
  CacheCore(const CacheOptions& o, const Clock& c, observability::Metrics& m, observability::Log& l)
      : options(o), clock(c), metrics(m), log(l), memory(o.memory, m), flights(o.memos) {}

  const CacheOptions options;
  const Clock& clock;
  observability::Metrics& metrics;
  observability::Log& log;
  MemoryTier memory;
  FlightTable flights;
  // Bounds the looks in Redis for copies that need no load, so that a burst of messages or a gap costs Redis little.
  RateGate looks{200};
  // Bounds the copies that are put back into a Redis that has lost them.
  RateGate put_backs{100};
  KnownPurges known_purges;

  // The fleet's count of purges of everything. An entry of a lower epoch counts as purged.
  [[nodiscard]] std::uint64_t epoch() const override { return current_epoch_.load(); }
  // The number of purges of everything that this process knows of, its own included.
  [[nodiscard]] std::uint64_t purges() const { return purges_.load(); }
  // The number of purges of single keys that named no moment. Nobody remembers those.
  [[nodiscard]] std::uint64_t undated_purges() const { return undated_purges_.load(); }
  [[nodiscard]] Validity validity() const;

  // Turns what Redis holds for a key into a copy of this process, or the moment of a purge. Adopts the entry's epoch if
  // that is higher. A value from before a purge that this process knows counts as purged. A value of another question
  // (Lookup::question) is none. `now`: when the reply came; judge the copy by it.
  [[nodiscard]] Found take_over(std::string_view key, std::string_view question, std::optional<Entry> entry,
                                const Moment& now);
  // Counts a read of an entry from Redis, and the time that it took.
  void count_read(bool failed, const Found& found, nanoseconds took);
  [[nodiscard]] Moment now() const { return {.wall = clock.wall(), .steady = clock.steady()}; }
  // The same moment in the fleet's time of now, which may have stepped since (fleet_clock.hpp).
  [[nodiscard]] WallTime wall_of(const Moment& moment) const;
  [[nodiscard]] static Moment moment_of(WallTime at, const Moment& now);
  // A copy that was dated by a wrong clock gets the date of its age. Others are returned as they are.
  [[nodiscard]] Copy rightly_dated(const Copy& copy) const;
  // Drops a copy of another epoch, or from before a purge that this process has made, as if Redis held none. Run must
  // call this under the lock of the flight's shard, in the step that gives the copy to the flight. Then a later change
  // of the epoch reaches the copy (Flight::new_epoch).
  void drop_purged(std::optional<Copy>& copy) const;
  // Returns true if the fleet remembers this failure from before a purge of everything that this process knows.
  [[nodiscard]] bool is_purged(const FailureMemo& memo) const { return memo.epoch && *memo.epoch < epoch(); }
  // Returns true if a value that was loaded without a lease may replace this one in Redis.
  [[nodiscard]] bool may_replace(const Copy& held, const Copy& loaded) const;

  // Purges everything for this process alone: what memory holds, and what Redis holds with a time until now.
  void purge_here();
  // Redis has accepted a purge of everything that was asked for at this moment, with this epoch. From now on the epoch
  // tells what Redis holds from before it. But if Redis had lost the epoch, the new one may be lower than that of older
  // values: those of a higher epoch are judged by the moment.
  void on_purge_accepted(std::uint64_t epoch, const Moment& at);
  // That purge was one of purge_here(). (A purge by the time of a clock that is ahead would otherwise last until that
  // time.)
  void on_debt_paid();

  bool on_fill(const Fill& fill) override;
  void on_fail(std::string_view key) override;
  void on_purge(std::string_view key, std::optional<WallTime> at) override;
  // Drops what was stored until `at`, and remembers the purge.
  void purge_until(std::string_view key, const Moment& at);
  Epoch::Heard on_epoch(std::uint64_t epoch) override;
  Epoch::Repair on_epoch_key(const EpochKey& key) override;
  void on_listening() override;
  void on_disconnected() override;

 private:
  // Calls change(epoch_), and purges everything if that raises the epoch. Returns its result.
  template <class Change>
  std::invoke_result_t<Change, Epoch&> change_epoch(Change change);
  // The entry has a higher epoch than the last purge that Redis took from this process, and is older.
  [[nodiscard]] bool outlived_purge(const Entry& entry) const;
  // Makes the flights and the memos forget what they know.
  void forget_everything();

  mutable Mutex mutex_;
  Epoch epoch_ WX_GUARDED_BY(mutex_);
  Moment accepted_at_ WX_GUARDED_BY(mutex_){.wall = WallTime::min(), .steady = SteadyTime::min()};
  std::atomic<std::uint64_t> accepted_epoch_{~std::uint64_t{0}};  // the maximum: Redis took none
  std::atomic<std::uint64_t> current_epoch_{0};                   // epoch_.current() and epoch_.read()
  std::atomic<std::uint64_t> read_epoch_{0};
  std::atomic<std::uint64_t> purges_{0};
  std::atomic<std::uint64_t> undated_purges_{0};
  // See purge_here(): of memory's copies, and of Redis's values (time since the epoch of WallTime, in ms).
  std::atomic<nanoseconds::rep> memory_purged_until_{SteadyTime::min().time_since_epoch().count()};
  std::atomic<milliseconds::rep> purged_until_{WallTime::min().time_since_epoch().count()};
  // Steady time in ns. Copies inserted earlier are doubtful (see Validity). The minimum: no copy is.
  std::atomic<nanoseconds::rep> trusted_from_{SteadyTime::min().time_since_epoch().count()};
  std::atomic<bool> was_disconnected_{true};  // before the first connection, too, messages are missed
};

}  // namespace wx::cache
