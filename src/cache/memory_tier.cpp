#include "cache/memory_tier.hpp"

#include <algorithm>
#include <bit>

namespace wx::cache {

using observability::Counter;

MemoryTier::MemoryTier(const MemoryOptions& options, observability::Metrics& metrics)
    : options_(options),
      metrics_(metrics),
      mask_(std::bit_floor(std::clamp<std::size_t>(options.limit / kLeastShard, 1, kMostShards)) - 1) {
  for (auto& shard : std::span(shards_).first(shards())) {
    shard = std::make_unique<GuardedShard>(options.limit / shards());
  }
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

bool MemoryTier::insert(std::string_view key, std::uint64_t hash, Copy copy, SteadyTime now) {
  if (!enabled()) return false;
  std::size_t evicted = 0;
  bool inserted = false;
  {
    auto& locked = shard_of(hash);
    const Lock lock(locked.mutex);
    inserted = locked.shard.insert(key, hash, std::move(copy), now, evicted);
  }
  if (evicted > 0) metrics_.add(Counter::cache_memory_evicted, evicted);
  if (!inserted) metrics_.add(Counter::cache_memory_too_large);
  return inserted;
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

std::size_t MemoryTier::bytes() const {
  std::size_t sum = 0;
  for (const auto& locked : used()) {
    const Lock lock(locked->mutex);
    sum += locked->shard.bytes();
  }
  return sum;
}

std::size_t MemoryTier::size() const {
  std::size_t sum = 0;
  for (const auto& locked : used()) {
    const Lock lock(locked->mutex);
    sum += locked->shard.size();
  }
  return sum;
}

}  // namespace wx::cache
