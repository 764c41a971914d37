// The memory tier: up to 64 shards with one mutex each. A hit holds the mutex for a lookup and the copy of a pointer.
// See SieveShard for the functions of the same names.
//
// Thread-safety: any thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/mutex.hpp"
#include "cache/sieve_shard.hpp"
#include "observability/metrics.hpp"

namespace wx::cache {

struct MemoryOptions {
  std::size_t limit = std::size_t{64} << 20;  // bytes; 0 switches the tier off
  double early_part = 0.8;                    // CACHE_EARLY
  // After a hit has started a refresh, no other hit of the key starts one for this long, unless the refresh ends
  // earlier.
  nanoseconds refresh_pause = std::chrono::seconds(30);
};

class MemoryTier {
 public:
  static constexpr std::size_t kMostShards = 64;
  // A smaller limit has fewer shards, so that each has room for this much. A shard keeps copies of up to an eighth of
  // its room.
  static constexpr std::size_t kLeastShard = std::size_t{64} << 10;
  // The smallest limit that keeps answers: its one shard has room for eight of them, or four if their places are long.
  static constexpr std::size_t kLeastLimit = std::size_t{16} << 10;

  MemoryTier(const MemoryOptions& options, observability::Metrics& metrics);

  [[nodiscard]] bool enabled() const { return options_.limit > 0; }

  // `hash` is hash64(key) in all functions.
  [[nodiscard]] std::optional<ShardHit> find(std::string_view key, std::uint64_t hash, SteadyTime now,
                                             const Validity& validity = {}, std::string_view question = {});
  // See SieveShard.
  [[nodiscard]] std::optional<Copy> look(std::string_view key, std::uint64_t hash, SteadyTime now,
                                         const Validity& validity = {}, std::string_view question = {});
  bool heard_fill(const FleetListener::Fill& fill, std::uint64_t hash, SteadyTime now, const Clock& clock,
                  const Validity& validity);
  void count_look(std::string_view key, std::uint64_t hash);
  // Returns false, without keeping the copy, if the tier is off or the copy is too large.
  bool insert(std::string_view key, std::uint64_t hash, Copy copy, SteadyTime now);
  void allow_refresh_from(std::string_view key, std::uint64_t hash, SteadyTime from);
  bool erase(std::string_view key, std::uint64_t hash);
  bool erase_until(std::string_view key, std::uint64_t hash, const Moment& at);
  void confirm(std::string_view key, std::uint64_t hash, const Copy& held, Copy dated, SteadyTime since);
  // Call it after a purge of everything. Removes what was purged, but no more than takes a few milliseconds. The rest
  // is removed with the next insertions, before any other copy.
  void drop_purged(const Validity& validity);

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t limit() const { return options_.limit; }
  [[nodiscard]] std::size_t shards() const { return mask_ + 1; }

 private:
  struct alignas(64) GuardedShard {
    explicit GuardedShard(std::size_t limit) : shard(limit) {}
    mutable Mutex mutex;
    SieveShard shard WX_GUARDED_BY(mutex);
  };

  // Takes bits from the middle of the hash: the shard's own table finds a key's place by the top bits and compares the
  // lowest byte, so keys that shared those would crowd one part of the table.
  [[nodiscard]] GuardedShard& shard_of(std::uint64_t hash) const { return *shards_[(hash >> 16) & mask_]; }

  const MemoryOptions options_;
  observability::Metrics& metrics_;
  [[nodiscard]] std::span<const std::unique_ptr<GuardedShard>> used() const {
    return std::span(shards_).first(shards());
  }

  std::size_t mask_;                                               // the number of shards, a power of two, less one
  std::array<std::unique_ptr<GuardedShard>, kMostShards> shards_;  // the first of them are used
};

}  // namespace wx::cache
