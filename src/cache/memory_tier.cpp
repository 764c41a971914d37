#include "cache/memory_tier.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace wx::cache {

using observability::Counter;

MemoryTier::MemoryTier(const MemoryOptions& options, observability::Metrics& metrics)
    : options_(options),
      metrics_(metrics),
      mask_(std::bit_floor(std::clamp<std::size_t>(options.limit / kLeastShard, 1, kMostShards)) - 1),
      room_(options.limit,
            std::min(options.limit, options.largest > 0 ? options.largest : default_largest(options.limit)), shards()) {
  for (auto& shard : std::span(shards_).first(shards())) shard = std::make_unique<GuardedShard>(room_);
}

std::size_t MemoryTier::default_largest(std::size_t limit) {
  constexpr std::size_t kMost = std::size_t{4} << 20;
  constexpr std::size_t kLeast = std::size_t{8} << 10;
  return std::clamp(limit / 16, std::min(limit / 8, kLeast), kMost);
}

std::optional<ShardHit> MemoryTier::find(std::string_view key, std::uint64_t hash, SteadyTime now,
                                         const Validity& validity, std::string_view question) {
  if (!enabled()) return std::nullopt;
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  return locked.shard.find({key, hash, question}, now, options_.early_part, options_.refresh_pause, validity);
}

std::optional<Copy> MemoryTier::look(std::string_view key, std::uint64_t hash, SteadyTime now, const Validity& validity,
                                     std::string_view question) {
  if (!enabled()) return std::nullopt;
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  return locked.shard.look({key, hash, question}, now, validity);
}

bool MemoryTier::heard_fill(const FleetListener::Fill& fill, std::uint64_t hash, SteadyTime now, const Clock& clock,
                            const Validity& validity) {
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  return locked.shard.heard_fill(fill, hash, now, clock, validity);
}

void MemoryTier::count_look(std::string_view key, std::uint64_t hash) {
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  locked.shard.count_look(key, hash);
}

bool MemoryTier::insert(std::string_view key, std::uint64_t hash, const Copy& copy, SteadyTime now) {
  if (!enabled()) return false;
  std::size_t evicted = 0;
  auto inserted = Insertion::no_room;
  for (;;) {
    {
      auto& locked = shard_of(hash);
      const Lock lock(locked.mutex);
      inserted = locked.shard.insert(key, hash, copy, now, evicted);
    }
    if (inserted != Insertion::no_room) break;
    const auto needed = SieveShard::cost(key, *copy.entry);
    free_in_turn(needed - std::min(needed, room_.limit() - room_.bytes()), now, evicted);
  }
  if (evicted > 0) metrics_.add(Counter::cache_memory_evicted, evicted);
  if (inserted == Insertion::too_large) metrics_.add(Counter::cache_memory_too_large);
  return inserted == Insertion::kept;
}

void MemoryTier::free_in_turn(std::size_t bytes, SteadyTime now, std::size_t& evicted) {
  for (const auto stage : {Stage::purged, Stage::forms, Stage::crowded, Stage::any}) {
    std::size_t freed = 0;
    for (std::size_t visits = 0; visits < shards() && freed < bytes && has(stage); ++visits) {
      auto& locked = *shards_[room_.next_turn() & mask_];
      const Lock lock(locked.mutex);
      freed += locked.shard.free(stage, bytes - freed, now, evicted);
    }
    // The next stage is for an insertion that finds nothing of this one.
    const bool more = (stage == Stage::purged || stage == Stage::forms) && has(stage);
    if (freed > 0 || more) return;
  }
}

bool MemoryTier::has(Stage stage) const {
  if (stage == Stage::purged) return room_.has_purged();
  return stage != Stage::forms || room_.has_forms();
}

std::optional<Body> MemoryTier::identity_of(std::string_view key, std::uint64_t hash, const Entry& entry) {
  if (!enabled()) return std::nullopt;
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  return locked.shard.identity_of(key, hash, entry);
}

void MemoryTier::keep_identity(std::string_view key, std::uint64_t hash, const Entry& entry, Body identity) {
  if (!enabled()) return;
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  locked.shard.keep_identity(key, hash, entry, std::move(identity));
}

void MemoryTier::allow_refresh_from(std::string_view key, std::uint64_t hash, SteadyTime from) {
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  locked.shard.allow_refresh_from(key, hash, from);
}

bool MemoryTier::erase(std::string_view key, std::uint64_t hash) {
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  return locked.shard.erase(key, hash);
}

bool MemoryTier::erase_until(std::string_view key, std::uint64_t hash, const Moment& at) {
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  return locked.shard.erase_until(key, hash, at);
}

void MemoryTier::confirm(std::string_view key, std::uint64_t hash, const Copy& held, Copy dated, SteadyTime since) {
  auto& locked = shard_of(hash);
  const Lock lock(locked.mutex);
  locked.shard.confirm(key, hash, held, std::move(dated), since);
}

void MemoryTier::drop_purged(const Validity& validity) {
  constexpr std::size_t kMostPerShard = 512;
  for (const auto& locked : used()) {
    const Lock lock(locked->mutex);
    locked->shard.drop_purged(validity, kMostPerShard);
  }
}

}  // namespace wx::cache
