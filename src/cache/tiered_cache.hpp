// A cache-aside cache with two tiers, memory and Redis, in front of a loader. At most one load per key and mode runs at
// a time; only lookups that bypass the cache load each for itself.
//
// The order of a read (docs/cache.md): memory, a flight in progress, Redis, the loader. peek() answers a memory hit
// without a callback, an allocation or the flight table. get() handles everything else.
//
// Exceptions: an exception from a loader, a callback or a timer ends the flight or the wait that it belongs to
// (run.hpp). get(), refresh() and the purges throw only std::bad_alloc, before they have started anything.
//
// Thread-safety: peek(), listener(), memory() and flights() from any thread; all other functions on the thread of the
// CacheThread that is passed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "cache/cache_core.hpp"
#include "cache/cache_options.hpp"
#include "cache/cache_thread.hpp"
#include "cache/flight_table.hpp"
#include "cache/loader.hpp"
#include "cache/lookup.hpp"
#include "cache/remote_tier.hpp"
#include "cache/served.hpp"
#include "cache/waiter.hpp"

namespace wx::cache {

class TieredCache {
 public:
  // `clock`, `metrics` and `log` must outlive the cache and every callback passed to it.
  TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics,
              observability::Log& log);

  struct Peeked {
    std::optional<Served> served;
    bool refresh = false;  // the caller must call refresh()
  };
  // Returns a fresh or stale answer from memory, or nothing.
  [[nodiscard]] Peeked peek(std::string_view key, std::uint64_t hash, SteadyTime now);

  // Answers from the first source in that order. `done` is called exactly once, on `thread`, possibly before get()
  // returns.
  void get(CacheThread& thread, const Lookup& lookup, Loader loader, GetCallback done);

  // Starts a load to replace the copy that peek() returned, unless a flight is in progress. No caller waits for it. No
  // effect with Mode::bypass, which reads and keeps no copy.
  void refresh(CacheThread& thread, const Lookup& lookup, Loader loader);

  // Removes the key from memory and Redis, and announces that to the fleet. A load in progress answers its waiters and
  // is not stored. Memory is purged in any case; `done` receives an error if Redis did not accept the purge.
  void purge(CacheThread& thread, std::string_view key, RemoteTier::DoneCallback done);
  // The same for all keys. If Redis did not accept the purge, it stays pending (PurgeDebt).
  void purge_all(CacheThread& thread, RemoteTier::DoneCallback done);

  // For the backplane.
  [[nodiscard]] FleetListener& listener() { return *core_; }

  [[nodiscard]] MemoryTier& memory() { return core_->memory; }
  [[nodiscard]] std::size_t flights() const { return core_->flights.size(); }

 private:
  struct EntryDecision;
  struct Held;
  [[nodiscard]] EntryDecision enter(CacheThread& thread, const Lookup& lookup, Loader& loader, GetCallback& done);
  void only_if_cached(CacheThread& thread, const Lookup& lookup, GetCallback done);
  [[nodiscard]] Held held_in_memory(const Lookup& lookup, SteadyTime now);
  [[nodiscard]] FlightOptions flight_options(CacheThread& thread, const Lookup& lookup, bool doubtful) const;
  [[nodiscard]] RunPtr make_run(CacheThread& thread, const Lookup& lookup, std::string table_key, Held held);

  const std::shared_ptr<CacheCore> core_;
};

}  // namespace wx::cache
