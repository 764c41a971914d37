#include "cache/cache_core.hpp"

#include <utility>

#include "base/hash.hpp"
#include "cache/run.hpp"

namespace wx::cache {

using observability::Counter;

Validity CacheCore::validity() const {
  return {.epoch = epoch_.load(std::memory_order_relaxed),
          .trusted_from = SteadyTime(nanoseconds(trusted_from_.load(std::memory_order_relaxed)))};
}

std::optional<Copy> CacheCore::take_over(std::optional<Entry> entry) const {
  if (!entry) return std::nullopt;
  if (ahead_of_clock(entry->stored_at, clock)) metrics.add(Counter::cache_ahead_of_clock);
  return make_copy(std::make_shared<const Entry>(std::move(*entry)), clock);
}

Result<std::optional<Copy>> CacheCore::take_over(Result<std::optional<Entry>> entry) const {
  if (!entry) return std::unexpected(std::move(entry.error()));
  return take_over(std::move(*entry));
}

void CacheCore::drop_purged(std::optional<Copy>& copy) const {
  if (copy && copy->entry->epoch != epoch_.load(std::memory_order_relaxed)) copy.reset();
}

void CacheCore::on_fill(const Fill& fill) {
  metrics.add(Counter::cache_fills_heard);
  const auto hash = hash64(fill.key);
  memory.heard_fill(fill, hash, clock, validity());
  for (const auto& run : flights.flights_of(fill.key, hash)) run->post(&Flight::on_fill);
}

void CacheCore::on_fail(std::string_view key) {
  metrics.add(Counter::cache_fails_heard);
  for (const auto& run : flights.flights_of(key, hash64(key))) run->post(&Flight::on_fail);
}

void CacheCore::on_purge(std::string_view key) {
  metrics.add(Counter::cache_purges);
  const auto hash = hash64(key);
  auto& shard = flights.shard_of(hash);
  const FlightTable::Locked lock(shard);
  memory.erase(key, hash);
  for (const auto mode : {Mode::normal, Mode::redis_only}) {
    const auto table_key = table_key_of(mode, key);
    shard.memos.forget(table_key);
    // Flight::purge() returns no actions, so it need not run on the flight's thread.
    if (const auto run = shard.find(table_key)) run->state(lock).flight.purge();
  }
}

std::uint64_t CacheCore::on_epoch(std::uint64_t epoch) {
  auto before = epoch_.load();
  while (epoch > before && !epoch_.compare_exchange_weak(before, epoch)) {
  }
  // While a purge is pending, the epoch is not restored in Redis: the purge will raise it above this process's.
  if (epoch <= before) return pending_purges_.load() > 0 ? epoch : before;
  // Memory need not be cleared: find() removes copies of another epoch.
  metrics.add(Counter::cache_purges);
  for (const auto& shard : flights.shards()) {
    const FlightTable::Locked lock(*shard);
    shard->memos.clear();
    for (const auto& [key, run] : shard->runs) run->state(lock).flight.new_epoch();
  }
  return epoch;
}

void CacheCore::on_listening() {
  if (was_disconnected_.exchange(false)) trusted_from_ = clock.steady().time_since_epoch().count();
  for (const auto& run : flights.all()) run->post(&Flight::on_listening);
}

void CacheCore::on_disconnected() {
  was_disconnected_ = true;
}

}  // namespace wx::cache
