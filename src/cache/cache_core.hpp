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

#include "base/clock.hpp"
#include "cache/cache_options.hpp"
#include "cache/fleet_listener.hpp"
#include "cache/flight_table.hpp"
#include "cache/memory_tier.hpp"
#include "cache/rate_gate.hpp"
#include "cache/remote_tier.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::cache {

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

  // The fleet's count of purges of everything. An entry of another epoch counts as purged.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(); }
  [[nodiscard]] Validity validity() const;

  // Turns an entry read from Redis into a copy of this process.
  [[nodiscard]] std::optional<Copy> take_over(std::optional<Entry> entry) const;
  [[nodiscard]] Result<std::optional<Copy>> take_over(Result<std::optional<Entry>> entry) const;
  // Drops a copy of another epoch, as if Redis held none. Run must call this under the lock of the flight's shard, in
  // the step that gives the copy to the flight. Then a later change of the epoch reaches the copy (Flight::new_epoch).
  void drop_purged(std::optional<Copy>& copy) const;

  // Count the threads with a pending purge (PurgeDebt). While there is one, Redis's epoch may be lower than this
  // process's, and on_epoch() does not ask for it to be restored.
  void add_pending_purge() { ++pending_purges_; }
  void remove_pending_purge() { --pending_purges_; }

  void on_fill(const Fill& fill) override;
  void on_fail(std::string_view key) override;
  void on_purge(std::string_view key) override;
  std::uint64_t on_epoch(std::uint64_t epoch) override;
  void on_listening() override;
  void on_disconnected() override;

 private:
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<int> pending_purges_{0};  // threads with a pending purge
  // Steady time in ns. Copies inserted earlier are doubtful (see Validity). The minimum: no copy is.
  std::atomic<nanoseconds::rep> trusted_from_{SteadyTime::min().time_since_epoch().count()};
  std::atomic<bool> was_disconnected_{false};
};

}  // namespace wx::cache
