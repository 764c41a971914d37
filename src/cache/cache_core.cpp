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

WallTime CacheCore::wall_of(const Moment& moment) const {
  const WallTime by_steady = clock.wall() - std::chrono::floor<milliseconds>(clock.steady() - moment.steady);
  return std::chrono::abs(by_steady - moment.wall) <= kClockTolerance ? moment.wall : by_steady;
}

Copy CacheCore::rightly_dated(const Copy& copy) const {
  const auto date = wall_of({.wall = copy.entry->stored_at, .steady = copy.born});
  if (date == copy.entry->stored_at) return copy;
  auto entry = std::make_shared<Entry>(*copy.entry);
  entry->stored_at = date;
  return {.entry = std::move(entry), .born = copy.born};
}

Found CacheCore::take_over(std::string_view key, std::string_view question, std::optional<Entry> entry,
                           const Moment& now) {
  Found found;
  if (const auto known = known_purges.find(key)) found.purged_at = {.wall = wall_of(*known), .steady = known->steady};
  if (!entry) return found;
  if (entry->kind == EntryKind::unreadable) {
    found.unreadable = true;
    return found;
  }
  const bool ahead = is_ahead(entry->stored_at, now.wall);
  if (ahead) metrics.add(Counter::cache_ahead_of_clock);
  if (entry->kind == EntryKind::tombstone) {
    // A purge of the future would make every value until then look purged.
    found.unreadable = ahead;
    if (!ahead && (!found.purged_at || entry->stored_at > found.purged_at->wall)) {
      found.purged_at = moment_of(entry->stored_at, now);
    }
    return found;
  }
  if (entry->epoch > read_epoch_.load()) change_epoch([&](Epoch& known) { return known.on_value(entry->epoch); });
  if (found.purged_at && entry->stored_at <= found.purged_at->wall) {
    found.revived = true;
    return found;
  }
  if (entry->question != question) return found;
  found.copy = make_copy(std::make_shared<const Entry>(std::move(*entry)), now);
  return found;
}

void CacheCore::count_read(bool failed, const Found& found, nanoseconds took) {
  metrics.observe(observability::Timing::redis, took);
  metrics.add(failed ? Counter::cache_redis_error : found.copy ? Counter::cache_redis_hit : Counter::cache_redis_miss);
}

Moment CacheCore::moment_of(WallTime at, const Moment& now) {
  return {.wall = at, .steady = now.steady - (now.wall - at)};
}

void CacheCore::drop_purged(std::optional<Copy>& copy) const {
  if (!copy) return;
  const auto& entry = *copy->entry;
  const WallTime purged_until(milliseconds(purged_until_.load(std::memory_order_relaxed)));
  if (entry.epoch != epoch() || entry.stored_at <= purged_until || outlived_purge(entry)) copy.reset();
}

bool CacheCore::outlived_purge(const Entry& entry) const {
  if (entry.epoch <= accepted_epoch_.load(std::memory_order_relaxed)) return false;
  const Lock lock(mutex_);
  return entry.stored_at < wall_of(accepted_at_);
}

bool CacheCore::may_replace(const Copy& held, const Copy& loaded) const {
  std::optional<Copy> valid = held;
  drop_purged(valid);
  if (!valid) return true;
  if (valid->entry->stored_at >= loaded.entry->stored_at) return false;
  const bool refused = is_negative(loaded.entry->kind) && valid->entry->kind == EntryKind::answer;
  return !refused || valid->freshness(clock.steady()) == Freshness::gone;
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

void CacheCore::on_purge(std::string_view key, std::optional<WallTime> at) {
  metrics.add(Counter::cache_purges);
  // A moment of the future would make every value until then look purged.
  const auto heard = now();
  if (at && !is_ahead(*at, heard.wall)) return purge_until(key, moment_of(*at, heard));
  ++undated_purges_;
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

void CacheCore::purge_until(std::string_view key, const Moment& at) {
  known_purges.record(key, at);
  const auto hash = hash64(key);
  auto& shard = flights.shard_of(hash);
  const FlightTable::Locked lock(shard);
  memory.erase_until(key, hash, at);
  for (const auto mode : kSharedModes) {
    const auto table_key = table_key_of(mode, key);
    shard.memos.on_purged(table_key, at);
    if (const auto run = shard.find(table_key)) run->state(lock).flight.purge_until(at);
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
  // find() removes copies of another epoch, so memory is right already. It also gets their room back.
  if (raised) {
    forget_everything();
    memory.drop_purged(validity());
  }
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
  memory.drop_purged(validity());
}

void CacheCore::on_purge_accepted(std::uint64_t epoch, const Moment& at) {
  const Lock lock(mutex_);
  if (at.steady <= accepted_at_.steady) return;
  accepted_at_ = at;
  accepted_epoch_ = epoch;
}

void CacheCore::on_debt_paid() {
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
