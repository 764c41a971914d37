// Cache-aside with two tiers: memory, then Redis, then the loader; one load per key at a time.
//
// The order of a read (docs/cache.md): memory; a flight that is under way; Redis; the loader. Memory hits are answered
// by peek() alone: no callback, no allocation, no flight table. Everything else goes through get().
//
// Thread-safety: peek() from any thread; the others on the I/O thread of the Worker that is passed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/executor.hpp"
#include "cache/error_memos.hpp"
#include "cache/flight.hpp"
#include "cache/loader.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_tier.hpp"
#include "cache/served.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::cache {

struct CacheOptions {
  MemoryOptions memory;
  MemoOptions memos;
  milliseconds soft_wait{1500};           // CACHE_SOFT_WAIT
  milliseconds flight_age_limit{20'000};  // past it a flight is given up
  milliseconds lease_span{6'000};         // the longest load, retries included, and a second
  bool inline_refresh = false;            // CACHE_REFRESH=inline
  milliseconds write_wait{0};  // CACHE_WRITE=before: how long an answer is held for its write; 0 = not at all
};

// One I/O thread as the cache sees it.
class Worker {
 public:
  // `remote` may be null: memory only. All must outlive the worker.
  Worker(Executor& executor, RemoteTier* remote, const Clock& clock);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  struct State;
  [[nodiscard]] Executor& executor() const { return executor_; }
  [[nodiscard]] RemoteTier* remote() const { return remote_; }
  [[nodiscard]] State& state() const { return *state_; }

 private:
  Executor& executor_;
  RemoteTier* remote_;
  std::unique_ptr<State> state_;
};

struct Question {
  std::string_view key;    // as in Redis
  std::uint64_t hash = 0;  // hash64(key)
  Mode mode = Mode::normal;
  SteadyTime deadline;          // when the caller stops waiting
  bool forced = false;          // a new answer is wanted, whatever is there
  bool only_if_cached = false;  // nothing is to be loaded
};

using GetCallback = std::move_only_function<void(Result<Served>)>;

class TieredCache {
 public:
  TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics);
  ~TieredCache();
  TieredCache(const TieredCache&) = delete;
  TieredCache& operator=(const TieredCache&) = delete;

  struct Peeked {
    std::optional<Served> served;
    bool refresh = false;  // the caller is the one to call refresh()
  };
  // A fresh answer from memory, or nothing.
  [[nodiscard]] Peeked peek(std::string_view key, std::uint64_t hash, SteadyTime now);

  // Answers from whichever stop has it. `done` is called exactly once, on the worker's thread, possibly from within.
  void get(Worker& worker, const Question& question, Loader loader, GetCallback done);

  // Starts a load to replace what peek() found, unless one is under way. Nobody waits.
  void refresh(Worker& worker, const Question& question, Loader loader);

  // Removes the key from memory and Redis, and tells the fleet. A load under way answers its waiters and is not stored.
  // Fails if Redis was not reached; memory is purged all the same.
  void purge(Worker& worker, std::string_view key, RemoteTier::DoneCallback done);
  // The same for everything.
  void purge_all(Worker& worker, RemoteTier::DoneCallback done);

  // For the backplane.
  [[nodiscard]] FleetListener& listener();

  [[nodiscard]] MemoryTier& memory();
  [[nodiscard]] std::size_t flights() const;

 private:
  class Shell;
  std::shared_ptr<Shell> shell_;
};

}  // namespace wx::cache
