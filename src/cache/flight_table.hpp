// The flights under way and the failures remembered, by key: 64 shards, each behind a mutex.
//
// A shard's mutex guards the shard's own maps and, beyond them, the state of every flight in it (Guarded). So one lock
// covers "is there a flight, is a failure remembered, what does memory hold, who waits", and no other thread can change
// one of them between two of these questions.
//
// Thread-safety: everything from any thread, under the shard's Locked where a function takes or requires it.
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
#include "cache/loader.hpp"

namespace wx::cache {

class Run;
using RunPtr = std::shared_ptr<Run>;

// The key of the table: one namespace per mode, because a lookup that may not touch the memory tier must not join a
// flight that fills it. Empty for bypass, which shares nothing and is in no table.
[[nodiscard]] std::string table_key_of(Mode mode, std::string_view key);

class FlightTable {
 public:
  struct Shard {
    explicit Shard(const MemoOptions& options) : memos(options) {}

    // The flight of the key, or null.
    [[nodiscard]] RunPtr find(const std::string& table_key) const WX_REQUIRES(mutex);
    void insert(const RunPtr& run) WX_REQUIRES(mutex);
    // Removes this flight, unless another one has taken its place.
    void erase(const Run& run) WX_REQUIRES(mutex);

    mutable Mutex mutex;
    std::unordered_map<std::string, RunPtr> runs WX_GUARDED_BY(mutex);
    ErrorMemos memos WX_GUARDED_BY(mutex);
  };

  // Holds a shard's mutex, and proves that to Guarded::with().
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

  // A value that belongs to one flight and is guarded by its shard's mutex. Clang's annotations cannot name the mutex
  // of another object, so the lock is an argument: code that does not hold one does not compile. The caller passes the
  // lock of the flight's own shard.
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

  // `hash` is hash64() of the key (not of the table's key).
  [[nodiscard]] Shard& shard_of(std::uint64_t hash) { return *shards_[hash >> 58]; }
  [[nodiscard]] const auto& shards() const { return shards_; }
  [[nodiscard]] std::size_t size() const;

  // The flights of a key, in every mode that shares them.
  [[nodiscard]] std::vector<RunPtr> flights_of(std::string_view key, std::uint64_t hash);
  [[nodiscard]] std::vector<RunPtr> all() const;

 private:
  static constexpr std::size_t kShards = 64;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace wx::cache
