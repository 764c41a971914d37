#include "weather/service.hpp"

#include <utility>

namespace wx::weather {

cache::TieredCache::Peeked Service::peek(const Question& question, const Key& key, SteadyTime now) const {
  if (question.mode != cache::Mode::normal) return {};
  return cache_.peek(key.text(), key.hash(), now);
}

void Service::refresh(ServiceThread& thread, const Question& question, const Key& key, Asking asking) {
  const cache::Lookup wanted{.key = key.text(), .hash = key.hash(), .mode = question.mode, .deadline = asking.deadline};
  cache_.refresh(thread.cache, wanted, loader(thread, question, key, asking));
}

void Service::ask(ServiceThread& thread, const Question& question, const Key& key, Asking asking,
                  cache::GetCallback done) {
  const cache::Lookup wanted{.key = key.text(),
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
  if (question.mock) return thread.mock(question.location, key.hash());
  auto load = real_(question.location, key.hash());
  if (!asking.may_load) return load;
  return [load = std::move(load), may_load = std::move(asking.may_load)](cache::LoadRequest request,
                                                                         cache::LoadCallback done) mutable {
    if (auto allowed = may_load(); !allowed) return done(std::unexpected(std::move(allowed.error())));
    load(std::move(request), std::move(done));
  };
}

}  // namespace wx::weather
