#include "cache/cache_core.hpp"

#include <utility>

#include "base/hash.hpp"
#include "cache/run.hpp"

namespace wx::cache {

using observability::Counter;

Validity CacheCore::validity() const {
  return {.epoch = current_epoch_.load(std::memory_order_relaxed),
          .purged_until = SteadyTime(nanoseconds(memory_purged_until_.load(std::memory_order_relaxed))),
          .trusted_from = SteadyTime(nanoseconds(trusted_from_.load(std::memory_order_relaxed)))};
}

std::optional<Copy> CacheCore::take_over(std::optional<Entry> entry) {
  if (!entry) return std::nullopt;
  if (ahead_of_clock(entry->stored_at, clock)) metrics.add(Counter::cache_ahead_of_clock);
  if (entry->epoch > read_epoch_.load()) change_epoch([&](Epoch& known) { return known.on_value(entry->epoch); });
  return make_copy(std::make_shared<const Entry>(std::move(*entry)), clock);
}

Result<std::optional<Copy>> CacheCore::take_over(Result<std::optional<Entry>> entry) {
  if (!entry) return std::unexpected(std::move(entry.error()));
  return take_over(std::move(*entry));
}

void CacheCore::drop_purged(std::optional<Copy>& copy) const {
  if (!copy) return;
  const WallTime purged_until(milliseconds(purged_until_.load(std::memory_order_relaxed)));
  if (copy->entry->epoch != epoch() || copy->entry->stored_at <= purged_until) copy.reset();
}

bool CacheCore::on_fill(const Fill& fill) {
  metrics.add(Counter::cache_fills_heard);
  const auto hash = hash64(fill.key);
  const auto now = clock.steady();  // before validity(), see SieveShard
  memory.heard_fill(fill, hash, now, clock, validity());
  {
    auto& shard = flights.shard_of(hash);
    const FlightTable::Locked lock(shard);
    for (const auto mode : kSharedModes) shard.memos.on_fill(table_key_of(mode, fill.key));
  }
  for (const auto& run : flights.flights_of(fill.key, hash)) run->post(&Flight::on_fill);
  return fill.epoch.value_or(epoch()) != epoch();
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
  for (const auto mode : kSharedModes) {
    const auto table_key = table_key_of(mode, key);
    shard.memos.forget(table_key);
    // Flight::purge() returns no actions, so it need not run on the flight's thread.
    if (const auto run = shard.find(table_key)) run->state(lock).flight.purge();
  }
}

Epoch::Heard CacheCore::on_epoch(std::uint64_t epoch) {
  return change_epoch([&](Epoch& known) { return known.on_message(epoch); });
}

Epoch::Repair CacheCore::on_epoch_key(const EpochKey& key) {
  return change_epoch([&](Epoch& known) { return known.on_key(key); });
}

template <class Change>
std::invoke_result_t<Change, Epoch&> CacheCore::change_epoch(Change change) {
  std::invoke_result_t<Change, Epoch&> result{};
  bool raised = false;
  {
    const Lock lock(mutex_);
    const auto before = epoch_.current();
    result = change(epoch_);
    raised = epoch_.current() > before;
    if (raised) ++purges_;
    current_epoch_ = epoch_.current();
    read_epoch_ = epoch_.read();
  }
  // Memory need not be cleared: find() removes copies of another epoch.
  if (raised) forget_everything();
  return result;
}

void CacheCore::purge_here() {
  const auto mark = [this] { memory_purged_until_ = clock.steady().time_since_epoch().count(); };
  ++purges_;
  purged_until_ = clock.wall().time_since_epoch().count();
  mark();
  forget_everything();
  // Once more: a load that did not see this purge yet may have filled memory in the meantime.
  mark();
}

void CacheCore::on_purge_accepted() {
  purged_until_ = WallTime::min().time_since_epoch().count();
}

void CacheCore::forget_everything() {
  metrics.add(Counter::cache_purges);
  for (const auto& shard : flights.shards()) {
    const FlightTable::Locked lock(*shard);
    shard->memos.clear();
    for (const auto& [key, run] : shard->runs) run->state(lock).flight.new_epoch();
  }
}

void CacheCore::on_listening() {
  if (was_disconnected_.exchange(false)) trusted_from_ = clock.steady().time_since_epoch().count();
  for (const auto& run : flights.all()) run->post(&Flight::on_listening);
}

void CacheCore::on_disconnected() {
  was_disconnected_ = true;
  for (const auto& run : flights.all()) run->post(&Flight::on_disconnected);
}

}  // namespace wx::cache
