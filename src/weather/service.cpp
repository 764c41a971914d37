#include "weather/service.hpp"

#include <utility>

namespace wx::weather {

cache::Lookup lookup_of(const Question& question, const Key& key, SteadyTime deadline) {
  return {.key = key.text(), .hash = key.hash(), .mode = question.mode, .deadline = deadline};
}

cache::TieredCache::Peeked Service::peek(const Question& question, const Key& key, SteadyTime now) const {
  if (question.mode != cache::Mode::normal) return {};
  return cache_.peek(key.text(), key.hash(), now);
}

void Service::refresh(ServiceThread& thread, const Question& question, const cache::Lookup& lookup) {
  cache_.refresh(thread.cache, lookup, loader(thread, question, lookup.hash, {}));
}

void Service::ask(ServiceThread& thread, const Question& question, const cache::Lookup& lookup, MayLoad may_load,
                  cache::GetCallback done) {
  cache_.get(thread.cache, lookup, loader(thread, question, lookup.hash, std::move(may_load)), std::move(done));
}

void Service::purge(ServiceThread& thread, const Key& key, cache::RemoteTier::DoneCallback done) {
  cache_.purge(thread.cache, key.text(), std::move(done));
}

void Service::purge_all(ServiceThread& thread, cache::RemoteTier::DoneCallback done) {
  cache_.purge_all(thread.cache, std::move(done));
}

cache::Loader Service::loader(ServiceThread& thread, const Question& question, std::uint64_t key_hash,
                              MayLoad may_load) const {
  auto load = question.mock ? thread.mock(question.location, key_hash) : real_(question.location, key_hash);
  return cache::with_permission(std::move(load), std::move(may_load));
}

}  // namespace wx::weather
