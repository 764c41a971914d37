#include "weather/service.hpp"

#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "weather/render.hpp"

namespace wx::weather {
namespace {

std::string etag_of(std::string_view body) {
  char buffer[16];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, hash64(body), 16).ptr;
  return {buffer, end};
}

cache::Loaded to_loaded(const Observation& observation, const Freshness& freshness) {
  cache::Loaded loaded;
  loaded.body = render(observation);
  loaded.content_type = "application/json";
  loaded.etag = etag_of(loaded.body);
  loaded.spans = freshness.spans;
  loaded.early_refresh = freshness.early_refresh;
  return loaded;
}

}  // namespace

Service::Service(const FreshnessOptions& freshness, cache::TieredCache& cache, Source& provider, const Clock& clock)
    : freshness_(freshness), cache_(cache), provider_(provider), clock_(clock) {}

cache::TieredCache::Peeked Service::peek(const Question& question, const Key& key, SteadyTime now) const {
  if (question.mode != cache::Mode::normal) return {};
  return cache_.peek(key.text(), key.hash(), now);
}

void Service::refresh(ServiceThread& thread, const Question& question, const Key& key, Asking asking) {
  const cache::Question wanted{
      .key = key.text(), .hash = key.hash(), .mode = question.mode, .deadline = asking.deadline};
  cache_.refresh(thread.cache, wanted, loader(thread, question, key, asking));
}

void Service::ask(ServiceThread& thread, const Question& question, const Key& key, Asking asking,
                  cache::GetCallback done) {
  const cache::Question wanted{.key = key.text(),
                               .hash = key.hash(),
                               .mode = question.mode,
                               .deadline = asking.deadline,
                               .forced = asking.forced,
                               .only_if_cached = asking.only_if_cached};
  cache_.get(thread.cache, wanted, loader(thread, question, key, asking), std::move(done));
}

void Service::purge(ServiceThread& thread, const Key& key, cache::RemoteTier::DoneCallback done) {
  cache_.purge(thread.cache, key.text(), std::move(done));
}

void Service::purge_all(ServiceThread& thread, cache::RemoteTier::DoneCallback done) {
  cache_.purge_all(thread.cache, std::move(done));
}

cache::Loader Service::loader(ServiceThread& thread, const Question& question, const Key& key, Asking& asking) const {
  auto& source = question.mock ? thread.mock : provider_;
  return [this, &source, mock = question.mock, location = question.location, hash = key.hash(),
          may_load = std::move(asking.may_load)](cache::LoadRequest request, cache::LoadCallback done) mutable {
    if (!mock && may_load) {
      if (auto allowed = may_load(); !allowed) return done(std::unexpected(std::move(allowed.error())));
    }
    source.fetch(location, std::move(request),
                 [this, mock, hash, done = std::move(done)](Result<Observation> observation) mutable {
                   if (!observation) return done(std::unexpected(std::move(observation.error())));
                   done(to_loaded(*observation, mock ? mock_freshness(freshness_)
                                                     : real_freshness(freshness_, *observation, clock_.wall(), hash)));
                 });
  };
}

}  // namespace wx::weather
