// Answers weather questions through the cache: question -> key -> cache -> loader -> answer.
#pragma once

#include <functional>

#include "base/clock.hpp"
#include "cache/permission.hpp"
#include "cache/tiered_cache.hpp"
#include "weather/loaders.hpp"
#include "weather/question.hpp"

namespace wx::weather {

// The service's view of one I/O thread. It must outlive every lookup made with it.
struct ServiceThread {
  cache::CacheThread& cache;
  LoaderFor mock;
};

using cache::MayLoad;

// Makes the lookup of a question. The result is a view of `key`, which must outlive it.
[[nodiscard]] cache::Lookup lookup_of(const Question& question, const Key& key, SteadyTime deadline);

// Thread-safety: any thread, with the ServiceThread of that thread.
class Service {
 public:
  // `real` makes the loaders of real answers. `cache` must outlive the service.
  Service(cache::TieredCache& cache, LoaderFor real) : cache_(cache), real_(std::move(real)) {}

  // Returns the answer if memory has it, without allocating or waiting. If the result says `refresh`, call refresh().
  [[nodiscard]] cache::TieredCache::Peeked peek(const Question& question, const Key& key, SteadyTime now) const;
  // The same for a question of mode normal, given the text and the hash of its key.
  [[nodiscard]] cache::TieredCache::Peeked peek(std::string_view key, std::uint64_t hash, SteadyTime now) const {
    return cache_.peek(key, hash, now);
  }

  // Starts the refresh of an answer that peek() returned. `lookup` must come from lookup_of().
  void refresh(ServiceThread& thread, const Question& question, const cache::Lookup& lookup);

  // Answers from the first tier that has the answer, else from the loader. `lookup` must come from lookup_of(). `done`
  // is called exactly once, on this thread, possibly before ask() returns.
  void ask(ServiceThread& thread, const Question& question, const cache::Lookup& lookup, MayLoad may_load,
           cache::GetCallback done);

  // Removes the answer from this process, Redis and all other processes. `done` is called as for ask().
  void purge(ServiceThread& thread, const Key& key, cache::RemoteTier::DoneCallback done);
  // The same for all answers.
  void purge_all(ServiceThread& thread, cache::RemoteTier::DoneCallback done);

  // See TieredCache.
  void give_leases_back(ServiceThread& thread) { cache_.give_leases_back(thread.cache); }

 private:
  [[nodiscard]] cache::Loader loader(ServiceThread& thread, const Question& question, std::uint64_t key_hash,
                                     MayLoad may_load) const;

  cache::TieredCache& cache_;
  const LoaderFor real_;
};

}  // namespace wx::weather
