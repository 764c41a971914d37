// The state of one cache: its memory tier, its flights and its epoch. TieredCache, Run and PurgeDebt share it. It also
// receives the messages of other processes (FleetListener).
//
// Ownership: TieredCache owns the core. All others hold it weakly, because a callback of Redis, of a loader or of a
// timer may run after the cache is destroyed.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "cache/cache_options.hpp"
#include "cache/flight_table.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_tier.hpp"
#include "cache/served.hpp"
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

  // The fleet's count of purges of everything. An entry of another epoch counts as purged.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(); }
  [[nodiscard]] Validity validity() const;

  // Turns an entry read from Redis into a copy of this process.
  [[nodiscard]] std::optional<Copy> take_over(std::optional<Entry> entry) const;
  [[nodiscard]] Result<std::optional<Copy>> take_over(Result<std::optional<Entry>> entry) const;
  // Drops a copy of another epoch, as if Redis held none. A flight must call this under the lock of its shard, so that
  // a later change of the epoch finds the copy in the flight.
  void drop_purged(std::optional<Copy>& copy) const;

  // The number of threads with a pending purge (PurgeDebt). While it is not 0, Redis's epoch is lower than this
  // process's and must not be restored.
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

[[nodiscard]] inline Served served_from(const Copy& copy, Tier tier, Outcome outcome, SteadyTime now) {
  Served served;
  served.entry = copy.entry;
  served.tier = tier;
  served.outcome = outcome;
  served.age = copy.age(now);
  return served;
}

}  // namespace wx::cache
