// The purges of the cache, of one key and of everything.
#include <utility>

#include "cache/answer_once.hpp"
#include "cache/tiered_cache.hpp"
#include "observability/log_exception.hpp"

namespace wx::cache {
namespace {

// Makes a `done` of a purge whose exceptions are logged and not passed on.
RemoteTier::DoneCallback guarded(RemoteTier::DoneCallback done, observability::Log& log) {
  return [done = std::move(done), &log](Result<void> result) mutable {
    try {
      done(std::move(result));
    } catch (...) {
      observability::log_exception(log, "cache", "an exception in the callback of a purge");
    }
  };
}

}  // namespace

void TieredCache::purge(CacheThread& thread, std::string_view key, RemoteTier::DoneCallback done) {
  done = guarded(std::move(done), core_->log);
  if (thread.remote() == nullptr) {
    core_->on_purge(key, std::nullopt);
    return done({});
  }
  const auto at = core_->now();
  core_->known_purges.record(key, at);
  core_->on_purge(key, std::nullopt);
  thread.key_purges().purge(core_, key, at, std::move(done));
}

void TieredCache::purge_all(CacheThread& thread, RemoteTier::DoneCallback done) {
  done = guarded(std::move(done), core_->log);
  if (thread.remote() == nullptr) {
    core_->purge_here();
    return done({});
  }
  thread.remote()->raise_epoch(core_->epoch(),
                               [weak = std::weak_ptr(core_), &thread, at = core_->now(),
                                done = AnswerOnce<void>(std::move(done))](Result<std::uint64_t> epoch) mutable {
                                 const auto core = weak.lock();
                                 if (!core) return done(fail(ErrorKind::draining));
                                 if (epoch) {
                                   thread.purge_debt().on_purged(*core, *epoch, at);
                                   return done({});
                                 }
                                 core->purge_here();
                                 thread.purge_debt().set_pending(core);
                                 done(std::unexpected(std::move(epoch.error())));
                               });
}

}  // namespace wx::cache
