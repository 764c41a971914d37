// Cache-aside with two tiers: memory, then Redis, then the loader; one load per key at a time.
//
// The order of a read (docs/cache.md): memory; a flight that is under way; Redis; the loader. peek() alone answers a
// memory hit: no callback, no allocation, no flight table. Everything else goes through get().
//
// Exceptions: one from a loader, a callback or a timer ends here, at the flight or the caller that it belongs to
// (run.hpp). get(), refresh() and the purges throw only where memory runs out before anything has begun.
//
// Thread-safety: peek(), listener(), memory() and flights() from any thread; everything else on the thread that is
// passed.
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
  // `clock`, `metrics` and `log` must outlive the cache and every callback that it was given.
  TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics,
              observability::Log& log);

  struct Peeked {
    std::optional<Served> served;
    bool refresh = false;  // this caller is the one to call refresh()
  };
  // A fresh or stale answer from memory, or nothing.
  [[nodiscard]] Peeked peek(std::string_view key, std::uint64_t hash, SteadyTime now);

  // Answers from the first stop that has the value. `done` is called exactly once, on `thread`, possibly from within.
  void get(CacheThread& thread, const Lookup& lookup, Loader loader, GetCallback done);

  // Starts a load to replace what peek() found, unless one is under way. No caller waits for it. No effect with
  // Mode::bypass, which reads and keeps no copy.
  void refresh(CacheThread& thread, const Lookup& lookup, Loader loader);

  // Removes the key from memory and Redis, and tells the fleet. A load under way answers its waiters and is not stored.
  // Fails if Redis was not reached; memory is purged all the same.
  void purge(CacheThread& thread, std::string_view key, RemoteTier::DoneCallback done);
  // The same for every key. If Redis was not reached, the purge stays pending there (PurgeDebt).
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
