// Purges, and what other processes say on the backplane.
#include <utility>

#include "base/hash.hpp"
#include "cache/tiered_cache_shell.hpp"
#include "cache/tiered_cache_step.hpp"

namespace wx::cache {

using observability::Counter;

namespace {

// How soon, and at least how often, Redis is asked to take a purge that it has missed. While there is no connection a
// try costs nothing. One that refuses it (no permission, a replica) is asked less often.
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{4000};
constexpr milliseconds kRefusedPause{60'000};

}  // namespace

void TieredCache::Shell::purge(Worker& worker, std::string_view key, RemoteTier::DoneCallback done) {
  on_purge(key);
  if (worker.remote() == nullptr) return done({});
  worker.remote()->erase(key, std::move(done));
}

void TieredCache::Shell::purge_all(Worker& worker, RemoteTier::DoneCallback done) {
  if (worker.remote() == nullptr) {
    on_epoch(epoch_.load() + 1);
    return done({});
  }
  // The epoch that Redis gives may have been heard on the backplane before the reply is here, so what to do without one
  // is decided by the epoch in which the purge was asked for.
  const auto before = epoch_.load();
  worker.remote()->raise_epoch(
      before, [self = weak_from_this(), &worker, before, done = std::move(done)](Result<std::uint64_t> epoch) mutable {
        const auto shell = self.lock();
        if (!shell) return done(fail(ErrorKind::draining));
        if (epoch) {
          shell->purge_paid(worker, *epoch);
          return done({});
        }
        // At least this process forgets.
        shell->on_epoch(before + 1);
        shell->owe_purge(worker);
        done(std::unexpected(std::move(epoch.error())));
      });
}

// The fleet's purge is made as soon as Redis takes it, and not by telling Redis our epoch: others may have come to the
// same number by purges of theirs that do not know of this one.
void TieredCache::Shell::owe_purge(Worker& worker) {
  auto& state = worker.state();
  if (!std::exchange(state.owes_purge, true)) ++purges_owed_;
  state.purge_pause = kFirstPause;
  wait_to_pay(worker);
}

void TieredCache::Shell::wait_to_pay(Worker& worker) {
  auto& state = worker.state();
  const auto half = state.purge_pause / 2;
  const auto wait = state.random.between(half, 2 * half);
  state.purge_pause = std::min<nanoseconds>(2 * state.purge_pause, kLongestPause);
  state.purge_timer = worker.executor().after(wait, [self = weak_from_this(), &worker] {
    if (const auto shell = self.lock()) shell->pay_purge(worker);
  });
}

void TieredCache::Shell::pay_purge(Worker& worker) {
  worker.remote()->raise_epoch(epoch_.load(), [self = weak_from_this(), &worker](const Result<std::uint64_t>& epoch) {
    const auto shell = self.lock();
    if (!shell) return;
    if (epoch) return shell->purge_paid(worker, *epoch);
    auto& state = worker.state();
    if (!state.owes_purge) return;
    if (epoch.error().kind == ErrorKind::redis_error) state.purge_pause = kRefusedPause;
    shell->wait_to_pay(worker);
  });
}

void TieredCache::Shell::purge_paid(Worker& worker, std::uint64_t epoch) {
  auto& state = worker.state();
  if (std::exchange(state.owes_purge, false)) --purges_owed_;
  state.purge_timer.reset();
  on_epoch(epoch);
}

template <class Event>
void TieredCache::Shell::hear(std::string_view key, Event event) {
  const auto hash = hash64(key);
  auto& shard = shard_of(hash);
  for (const auto mode : {Mode::normal, Mode::redis_only}) {
    RunPtr run;
    {
      const std::lock_guard lock(shard.mutex);
      const auto found = shard.runs.find(table_key_of(mode, key));
      if (found == shard.runs.end()) continue;
      run = found->second;
    }
    run->worker.executor().post([self = weak_from_this(), run, event] {
      if (const auto shell = self.lock()) shell->step(run, [&](Run& locked) { return event(locked.flight); });
    });
  }
}

void TieredCache::Shell::on_fill(const Fill& fill) {
  metrics_.add(Counter::cache_fills_heard);
  memory_.heard_fill(fill.key, hash64(fill.key), fill.etag, fill.stored_at, fill.fresh_for, clock_);
  hear(fill.key, [](Flight& flight) { return flight.heard_fill(); });
}

void TieredCache::Shell::on_fail(std::string_view key) {
  metrics_.add(Counter::cache_fails_heard);
  hear(key, [](Flight& flight) { return flight.heard_fail(); });
}

void TieredCache::Shell::on_purge(std::string_view key) {
  metrics_.add(Counter::cache_purges);
  const auto hash = hash64(key);
  auto& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  memory_.erase(key, hash);
  for (const auto mode : {Mode::normal, Mode::redis_only}) {
    const auto table_key = table_key_of(mode, key);
    shard.memos.forget(table_key);
    // A purge asks for no action, so it needs no thread of its own.
    if (const auto found = shard.runs.find(table_key); found != shard.runs.end()) found->second->flight.purge();
  }
}

std::uint64_t TieredCache::Shell::on_epoch(std::uint64_t epoch) {
  auto current = epoch_.load();
  while (epoch > current && !epoch_.compare_exchange_weak(current, epoch)) {
  }
  // Where a purge is owed to Redis, that will raise its epoch above ours.
  if (epoch <= current) return purges_owed_.load() > 0 ? epoch : current;
  metrics_.add(Counter::cache_purges);
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    shard->memos.clear();
    for (const auto& [key, run] : shard->runs) run->flight.new_epoch();
  }
  return epoch;
}

void TieredCache::Shell::on_listening() {
  if (was_deaf_.exchange(false)) trusted_from_ = clock_.steady().time_since_epoch().count();
  for (const auto& shard : shards_) {
    std::vector<RunPtr> runs;
    {
      const std::lock_guard lock(shard->mutex);
      for (const auto& [key, run] : shard->runs) runs.push_back(run);
    }
    for (const auto& run : runs) {
      run->worker.executor().post([self = weak_from_this(), run] {
        if (const auto shell = self.lock()) {
          shell->step(run, [](Run& locked) { return locked.flight.listening_again(); });
        }
      });
    }
  }
}

void TieredCache::Shell::on_deaf() {
  was_deaf_ = true;
}

}  // namespace wx::cache
