// The use-case: what is the weather there? Question -> key -> cache -> loader -> answer.
#pragma once

#include <functional>

#include "base/clock.hpp"
#include "cache/tiered_cache.hpp"
#include "weather/loaders.hpp"
#include "weather/question.hpp"

namespace wx::weather {

// One I/O thread as the service sees it. Must outlive what is asked through it.
struct ServiceThread {
  cache::CacheThread& cache;
  LoaderFor mock;
};

// Called before a load begins on a client's behalf; an error ends the lookup of this client alone. May be empty.
using MayLoad = std::move_only_function<Result<void>()>;

// The lookup of a question in its mode. It views `key`, which must outlive it.
[[nodiscard]] cache::Lookup lookup_of(const Question& question, const Key& key, SteadyTime deadline);

// Thread-safety: any thread, each with its own ServiceThread.
class Service {
 public:
  // `real` loads what is not mock. The cache must outlive the service.
  Service(cache::TieredCache& cache, LoaderFor real) : cache_(cache), real_(std::move(real)) {}

  // The answer if memory has it: no allocation, no waiting. `refresh` in the result: call refresh().
  [[nodiscard]] cache::TieredCache::Peeked peek(const Question& question, const Key& key, SteadyTime now) const;

  // Starts a refresh behind an answer that peek() gave. `lookup` is made by lookup_of().
  void refresh(ServiceThread& thread, const Question& question, const cache::Lookup& lookup, MayLoad may_load);

  // The answer from the first tier that has it, else from the loader. `lookup` as for refresh(). `done` is called
  // exactly once, on this thread, possibly from within.
  void ask(ServiceThread& thread, const Question& question, const cache::Lookup& lookup, MayLoad may_load,
           cache::GetCallback done);

  // Forgets the question's answer, here, in Redis and in every process. `done` as for ask().
  void purge(ServiceThread& thread, const Key& key, cache::RemoteTier::DoneCallback done);
  // Forgets every answer.
  void purge_all(ServiceThread& thread, cache::RemoteTier::DoneCallback done);

 private:
  [[nodiscard]] cache::Loader loader(ServiceThread& thread, const Question& question, std::uint64_t key_hash,
                                     MayLoad may_load) const;

  cache::TieredCache& cache_;
  const LoaderFor real_;
};

}  // namespace wx::weather
