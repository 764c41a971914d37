// Answers questions in the provider's own language through the cache: request -> question -> key -> cache -> loader ->
// the provider's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cache/permission.hpp"
#include "cache/tiered_cache.hpp"
#include "drop_in/answer.hpp"
#include "open_meteo/api.hpp"
#include "open_meteo/canonical.hpp"
#include "open_meteo/provider.hpp"

namespace wx::drop_in {

struct Options {
  open_meteo::QuestionOptions questions;
  AnswerOptions answers;
};

// The cache key of a question, and what else identifies it.
struct Key {
  std::string text;
  std::uint64_t hash = 0;
  // The whole question, if the text is a hash of it; else empty (see cache::Lookup::question).
  std::string question = {};
};

// Who asks.
struct Asker {
  SteadyTime deadline;
  // See cache::Lookup.
  bool forced = false;
  bool only_if_cached = false;
  std::shared_ptr<const std::atomic<bool>> gone = nullptr;
};

// Thread-safety: any thread, with the CacheThread of that thread.
class Service {
 public:
  // `cache` and `provider` must outlive the service and its loaders.
  Service(cache::TieredCache& cache, open_meteo::Provider& provider, const Options& options)
      : cache_(cache), provider_(provider), options_(options) {}

  // Reads a request's question: `path` in normal form, `host` and `query` as received. Empty: the provider has no such
  // resource.
  [[nodiscard]] std::optional<open_meteo::Question> read(std::string_view path, std::string_view host,
                                                         std::string_view query) const;
  // The path and the query that the provider is asked with.
  [[nodiscard]] static std::string target_of(const open_meteo::Question& question);
  [[nodiscard]] static Key key_of(const open_meteo::Question& question);

  // See weather::Service, and cache::TieredCache.
  [[nodiscard]] cache::TieredCache::Peeked peek(const Key& key, SteadyTime now) const;
  void refresh(cache::CacheThread& thread, const open_meteo::Question& question, const Key& key, const Asker& asker);
  void ask(cache::CacheThread& thread, const open_meteo::Question& question, const Key& key, const Asker& asker,
           cache::MayLoad may_load, cache::GetCallback done);
  void purge(cache::CacheThread& thread, const Key& key, cache::RemoteTier::DoneCallback done);

  // The decoded body of an answer that is kept as gzip. It is kept beside the answer, so that it is decoded once.
  // Error: internal, if the kept bytes cannot be decoded.
  [[nodiscard]] Result<Body> identity_of(const Key& key, const cache::EntryPtr& entry);

 private:
  [[nodiscard]] cache::Loader loader(const open_meteo::Question& question, const Key& key) const;

  cache::TieredCache& cache_;
  open_meteo::Provider& provider_;
  const Options options_;
};

}  // namespace wx::drop_in
