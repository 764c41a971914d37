// The room of the memory tier: the bytes that all shards hold together, and their limit. A shard takes room before it
// keeps something and gives it back afterwards, so the total is never above the limit. The room also counts what must
// go before an entry is evicted, so that a shard knows whether another one has any of it.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstddef>

namespace wx::cache {

// (Alone in its cache line: an insertion must not slow down the hits that read what lies beside it.)
class alignas(64) MemoryRoom {
 public:
  // `limit` is in bytes and includes keys, values and overhead. `largest` is the most that one entry may take.
  MemoryRoom(std::size_t limit, std::size_t largest, std::size_t shards = 1)
      : limit_(limit), largest_(largest), shards_(shards) {}

  // Takes so many bytes, or returns false if there are not so many.
  [[nodiscard]] bool take(std::size_t bytes) {
    auto before = bytes_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ - before) return false;
    } while (!bytes_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t largest() const { return largest_; }

  // The number of entries in all shards.
  void add_entry() { entries_.fetch_add(1, std::memory_order_relaxed); }
  void remove_entry() { entries_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t entries() const { return entries_.load(std::memory_order_relaxed); }
  // Returns true if a shard with so many entries has its share of them, or almost (seven eighths).
  [[nodiscard]] bool is_crowded(std::size_t entries_of_shard) const {
    return entries_of_shard * shards_ >= entries() - entries() / 8;
  }

  // Numbers the shards that make room, one after the other.
  [[nodiscard]] std::size_t next_turn() { return turn_.fetch_add(1, std::memory_order_relaxed); }

  // The number of identity forms in all shards.
  void add_form() { forms_.fetch_add(1, std::memory_order_relaxed); }
  void remove_form() { forms_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool has_forms() const { return forms_.load(std::memory_order_relaxed) > 0; }

  // The number of shards that may hold copies that a purge of everything has left behind.
  void add_purged() { purged_.fetch_add(1, std::memory_order_relaxed); }
  void remove_purged() { purged_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool has_purged() const { return purged_.load(std::memory_order_relaxed) > 0; }

 private:
  const std::size_t limit_;
  const std::size_t largest_;
  const std::size_t shards_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> entries_{0};
  std::atomic<std::size_t> forms_{0};
  std::atomic<std::size_t> purged_{0};
  std::atomic<std::size_t> turn_{0};
};

}  // namespace wx::cache
