// The flights in progress and the remembered failures, by key, in 64 shards with one mutex each.
//
// A shard's mutex guards the shard's flights and memos, and the state of each flight (Guarded). A flight fills memory
// and leaves the table under this mutex. So a caller that holds it while it looks in memory and in the table cannot
// miss both the copy and the flight. (Memory itself also changes without this mutex, by evictions and messages.)
//
// Thread-safety: any thread. Functions that require the shard's mutex, or take a Locked, must run under that lock.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "cache/error_memos.hpp"
#include "cache/lookup.hpp"

namespace wx::cache {

class Run;
using RunPtr = std::shared_ptr<Run>;

// The modes whose flights are shared, and in the table.
inline constexpr std::array kSharedModes{Mode::normal, Mode::redis_only};

// The table's key of a cache key. Each mode has its own namespace, because a lookup that must not touch the memory tier
// must not join a flight that fills it. Empty for bypass, whose flights are not shared and not in the table.
[[nodiscard]] std::string table_key_of(Mode mode, std::string_view key);

class FlightTable {
 public:
  struct Shard {
    explicit Shard(const MemoOptions& options) : memos(options) {}

    // Returns the flight of the key, or null.
    [[nodiscard]] RunPtr find(const std::string& table_key) const WX_REQUIRES(mutex);
    void insert(const RunPtr& run) WX_REQUIRES(mutex);
    // Removes `run`; does nothing if another flight has replaced it.
    void erase(const Run& run) WX_REQUIRES(mutex);

    mutable Mutex mutex;
    std::unordered_map<std::string, RunPtr> runs WX_GUARDED_BY(mutex);
    ErrorMemos memos WX_GUARDED_BY(mutex);
  };

  // Holds a shard's mutex. Passing it to Guarded::with() proves that the mutex is held. (base/mutex.hpp has macros for
  // members only; these annotations are those of a scoped lock.)
  class WX_THREAD_ANNOTATION(scoped_lockable) Locked {
   public:
    explicit Locked(const Shard& shard) WX_THREAD_ANNOTATION(acquire_capability(shard.mutex)) : shard_(shard) {
      shard.mutex.lock();
    }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() WX_THREAD_ANNOTATION(release_capability()) { shard_.mutex.unlock(); }

   private:
    const Shard& shard_;
  };

  // A value of one flight, guarded by the mutex of the flight's shard. Clang's annotations cannot name the mutex of
  // another object, so access takes the lock as an argument: code that holds no lock does not compile. The caller must
  // pass the lock of the flight's own shard.
  template <class T>
  class Guarded {
   public:
    template <class... Args>
    explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
    [[nodiscard]] T& with(const Locked& /*lock*/) { return value_; }

   private:
    T value_;
  };

  explicit FlightTable(MemoOptions memos);

  // `hash` is hash64() of the cache key, not of the table's key.
  [[nodiscard]] Shard& shard_of(std::uint64_t hash) { return *shards_[hash >> 58]; }
  [[nodiscard]] const auto& shards() const { return shards_; }
  [[nodiscard]] std::size_t size() const;

  // The flights of a key in all modes that share flights.
  [[nodiscard]] std::vector<RunPtr> flights_of(std::string_view key, std::uint64_t hash);
  [[nodiscard]] std::vector<RunPtr> all() const;

 private:
  static constexpr std::size_t kShards = 64;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace wx::cache
