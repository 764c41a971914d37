// A cache with two tiers, memory and Redis, in front of a loader that the caller passes with each lookup. At most one
// load per key and mode runs at a time; only lookups that bypass the cache load each for itself.
//
// The order of a read (docs/cache.md): memory, a flight in progress, Redis, the loader. For a memory hit, peek() is
// enough: it needs no callback, no allocation and not the flight table. If peek() returns nothing, call get().
//
// Terms used throughout src/cache:
//   entry      a stored value with its time and its spans (entry.hpp). A copy is an entry as one process holds it.
//   fallback   a copy that is not gone: fresh, stale or kept. It is served if no newer answer comes.
//   doubtful   said of a copy that another process has replaced, or may have purged. It is served and checked.
//   flight     the steps of one key to an answer, shared by all callers that ask in the meantime (flight.hpp). A run
//              drives it (run.hpp).
//   waiter     a caller that waits for a flight. The leader is the waiter whose loader the flight uses.
//   fleet      all processes that share one Redis
//   lease      the permission in Redis, limited in time, for one process of the fleet to load a key (remote_tier.hpp)
//   memo       a failed load that is remembered, so that it is not repeated at once, in this process (ErrorMemos) and
//              in the fleet (FailureMemo)
//   epoch      the fleet's count of purges of everything. An entry of a lower epoch than the current one is purged
//              (epoch.hpp).
//   backplane  the Redis channel on which processes announce fills, failures, purges and epochs (backplane.hpp)
//
// Exceptions: an exception from a loader, a callback or a timer ends the flight or the wait that it belongs to
// (run.hpp). An exception from a `done` is logged and goes no further. get() and refresh() throw only std::bad_alloc,
// before they have started anything. A purge passes on an exception from RemoteTier and may then be incomplete.
//
// Thread-safety: peek(), listener(), memory() and flight_count() from any thread; all other functions on the thread of
// the CacheThread that is passed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

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
  // `clock`, `metrics` and `log` must outlive the cache and every callback that it passes to Redis, to a loader or to
  // an executor.
  TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics,
              observability::Log& log);

  struct Peeked {
    std::optional<Served> served;
    bool refresh = false;  // the caller must call refresh(), which it may do after it has used `served`
  };
  // Returns a fresh answer from memory, or a stale one (not with inline_refresh), or nothing. For lookups with
  // Mode::normal that are not forced. `question`: see Lookup.
  [[nodiscard]] Peeked peek(std::string_view key, std::uint64_t hash, SteadyTime now, std::string_view question = {});

  // The identity form of an answer whose body is gzip (Entry::encoding), if a client has needed it before and there has
  // been room for it since. If it is empty, the caller inflates the body and gives the form to keep_identity(). Both do
  // nothing for an entry that memory does not hold any more. From any thread.
  [[nodiscard]] std::optional<Body> identity_of(std::string_view key, std::uint64_t hash, const Entry& entry) {
    return core_->memory.identity_of(key, hash, entry);
  }
  void keep_identity(std::string_view key, std::uint64_t hash, const Entry& entry, Body identity) {
    core_->memory.keep_identity(key, hash, entry, std::move(identity));
  }

  // Answers from the first of these that has the value. `done` is called once, on `thread`, possibly before get()
  // returns, and no later than soon after the lookup's deadline (with only_if_cached, when Redis has answered). It is
  // destroyed without a call if the cache is destroyed first, or if a loader that bypasses the cache drops its
  // callback.
  void get(CacheThread& thread, const Lookup& lookup, Loader loader, GetCallback done);

  // Starts a load to replace the copy that peek() returned, unless a flight is in progress or a failure is remembered.
  // No caller waits for it. No effect with Mode::bypass, which reads and keeps no copy.
  void refresh(CacheThread& thread, const Lookup& lookup, Loader loader);

  // Removes the key from memory and Redis, and announces that to the fleet. A load in progress answers its waiters and
  // is not stored. Memory is purged in any case; `done` receives an error if Redis did not accept the purge. `done` is
  // called once, on `thread`, possibly before the function returns.
  void purge(CacheThread& thread, std::string_view key, RemoteTier::DoneCallback done);
  // The same for all keys. If Redis did not accept the purge, it stays pending on `thread`, which repeats it
  // (PurgeDebt).
  void purge_all(CacheThread& thread, RemoteTier::DoneCallback done);

  // Call it when the process is about to end. Gives back the leases of the loads in progress on `thread`, so that no
  // other process waits for them.
  void give_leases_back(CacheThread& thread);

  // Receives the messages of the fleet, from the backplane (backplane.hpp).
  [[nodiscard]] FleetListener& listener() { return *core_; }

  [[nodiscard]] MemoryTier& memory() { return core_->memory; }
  [[nodiscard]] std::size_t flight_count() const { return core_->flights.size(); }

 private:
  struct FirstStep;
  struct MemoryCopy;
  [[nodiscard]] FirstStep first_step(CacheThread& thread, const Lookup& lookup, Loader& loader, GetCallback& done);
  void get_if_cached(CacheThread& thread, const Lookup& lookup, GetCallback done);
  [[nodiscard]] bool begin_look(const Lookup& lookup, Doubts doubts, SteadyTime now);
  [[nodiscard]] MemoryCopy held_in_memory(const Lookup& lookup, SteadyTime now);
  [[nodiscard]] FlightOptions flight_options(CacheThread& thread, const Lookup& lookup, const MemoryCopy& held) const;
  [[nodiscard]] RunPtr make_run(CacheThread& thread, const Lookup& lookup, std::string table_key, MemoryCopy held);

  const std::shared_ptr<CacheCore> core_;
};

}  // namespace wx::cache
