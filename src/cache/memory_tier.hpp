// The memory tier: up to 64 shards with one mutex each. A hit holds the mutex for a lookup and the copy of a pointer.
// See SieveShard for the functions of the same names.
//
// The limit is one for all shards (MemoryRoom). An insertion first makes room in its own shard, as long as that has its
// share of all entries, and then in the others in turn, a little in each. So an entry may be larger than a shard's part
// of the limit, each shard keeps its part of the entries, and no two mutexes are ever held together.
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
  std::size_t largest = 0;                    // ENTRY_LIMIT, the most that one entry may take; 0: default_largest()
  double early_part = 0.8;                    // CACHE_EARLY
  // After a hit has started a refresh, no other hit of the key starts one for this long, unless the refresh ends
  // earlier.
  nanoseconds refresh_pause = std::chrono::seconds(30);
};

class MemoryTier {
 public:
  static constexpr std::size_t kMostShards = 64;
  // A smaller limit has fewer shards, so that the part of each is so much.
  static constexpr std::size_t kLeastShard = std::size_t{64} << 10;
  // The smallest limit that keeps answers: there is room for eight of them, or four if their places are long.
  static constexpr std::size_t kLeastLimit = std::size_t{16} << 10;

  // A sixteenth of the limit, at most 4 MiB. Of a small limit it is more: 8 KiB, but at most an eighth.
  [[nodiscard]] static std::size_t default_largest(std::size_t limit);

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
  bool insert(std::string_view key, std::uint64_t hash, const Copy& copy, SteadyTime now);
  // The identity form of an entry whose body is gzip. It is kept beside the entry, as long as nothing else needs the
  // room. The caller makes it, and no lock is held meanwhile.
  [[nodiscard]] std::optional<Body> identity_of(std::string_view key, std::uint64_t hash, const Entry& entry);
  void keep_identity(std::string_view key, std::uint64_t hash, const Entry& entry, Body identity);
  void allow_refresh_from(std::string_view key, std::uint64_t hash, SteadyTime from);
  bool erase(std::string_view key, std::uint64_t hash);
  bool erase_until(std::string_view key, std::uint64_t hash, const Moment& at);
  void confirm(std::string_view key, std::uint64_t hash, const Copy& held, Copy dated, SteadyTime since);
  // Call it after a purge of everything. Removes what was purged, but no more than takes a few milliseconds. The rest
  // is removed with the next insertions, before anything else.
  void drop_purged(const Validity& validity);

  // Never above the limit.
  [[nodiscard]] std::size_t bytes() const { return room_.bytes(); }
  [[nodiscard]] std::size_t size() const { return room_.entries(); }
  [[nodiscard]] std::size_t limit() const { return options_.limit; }
  [[nodiscard]] std::size_t shards() const { return mask_ + 1; }

 private:
  struct alignas(64) GuardedShard {
    explicit GuardedShard(MemoryRoom& room) : shard(room) {}
    mutable Mutex mutex;
    SieveShard shard WX_GUARDED_BY(mutex);
  };

  // Takes bits from the middle of the hash: the shard's own table finds a key's place by the top bits and compares the
  // lowest byte, so keys that shared those would crowd one part of the table.
  [[nodiscard]] GuardedShard& shard_of(std::uint64_t hash) const { return *shards_[(hash >> 16) & mask_]; }

  // Makes about so much room in all shards, for an insertion whose own shard has not enough.
  void free_in_turn(std::size_t bytes, SteadyTime now, std::size_t& evicted);
  [[nodiscard]] bool has(Stage stage) const;

  const MemoryOptions options_;
  observability::Metrics& metrics_;
  [[nodiscard]] std::span<const std::unique_ptr<GuardedShard>> used() const {
    return std::span(shards_).first(shards());
  }

  std::size_t mask_;  // the number of shards, a power of two, less one
  MemoryRoom room_;
  std::array<std::unique_ptr<GuardedShard>, kMostShards> shards_;  // the first of them are used
};

}  // namespace wx::cache
