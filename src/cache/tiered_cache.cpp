#include "cache/tiered_cache.hpp"

#include "cache/tiered_cache_shell.hpp"

namespace wx::cache {

Worker::Worker(Executor& executor, RemoteTier* remote, const Clock& clock)
    : executor_(executor), remote_(remote), state_(std::make_unique<State>(executor, clock)) {}
Worker::~Worker() = default;

TieredCache::TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics)
    : shell_(std::make_shared<Shell>(options, clock, metrics)) {}
TieredCache::~TieredCache() = default;

TieredCache::Peeked TieredCache::peek(std::string_view key, std::uint64_t hash, SteadyTime now) {
  return shell_->peek(key, hash, now);
}

void TieredCache::get(Worker& worker, const Question& question, Loader loader, GetCallback done) {
  shell_->get(worker, question, std::move(loader), std::move(done));
}

void TieredCache::refresh(Worker& worker, const Question& question, Loader loader) {
  shell_->refresh(worker, question, std::move(loader));
}

void TieredCache::purge(Worker& worker, std::string_view key, RemoteTier::DoneCallback done) {
  shell_->purge(worker, key, std::move(done));
}

void TieredCache::purge_all(Worker& worker, RemoteTier::DoneCallback done) {
  shell_->purge_all(worker, std::move(done));
}

FleetListener& TieredCache::listener() {
  return *shell_;
}

MemoryTier& TieredCache::memory() {
  return shell_->memory();
}

std::size_t TieredCache::flights() const {
  return shell_->flights();
}

}  // namespace wx::cache
