#include "cache/tiered_cache.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "cache/answer_once.hpp"
#include "cache/run.hpp"
#include "observability/log_exception.hpp"

namespace wx::cache {

using observability::Counter;

// The copy of a key in memory.
struct TieredCache::Held {
  std::optional<HeldCopy> copy;
  bool doubtful = false;  // see ShardHit
};

// The next step of get(): an immediate answer, or a wait for a flight. In both cases get() may have to begin the
// flight.
struct TieredCache::EntryDecision {
  std::optional<Result<Served>> at_once;
  RunPtr run;
  WaiterPtr waiter;
  bool begins = false;
  bool soft = false;  // the flight holds a kept copy, so the caller waits until its soft deadline only
};

namespace {

// The answer while a failure is remembered: a copy that may still be served, else the same failure. Nothing if the
// failure is another process's refusal, because its reason is unknown here and only a load can find it.
std::optional<Result<Served>> from_memo(const Memo& memo, const std::optional<HeldCopy>& held, SteadyTime now) {
  if (const auto& best = held ? held : memo.held; best && best->copy.freshness(now) != Freshness::gone) {
    const bool fresh = best->copy.freshness(now) == Freshness::fresh;
    return served_from(best->copy, best->tier, fresh ? Outcome::hit : Outcome::stale_if_error, now);
  }
  const auto& failure = memo.failure;
  if (failure.refusal) return served_from(*failure.refusal, Tier::memory, Outcome::hit, now);
  if (!failure.error) return std::nullopt;
  auto error = *failure.error;
  if (!error.retry_after) error.retry_after = std::chrono::ceil<milliseconds>(memo.until - now);
  return std::unexpected(std::move(error));
}

// The answer from a copy when no load follows: fresh, or older but still servable.
Served served_as_cached(const Copy& copy, Tier tier, SteadyTime now) {
  const bool fresh = copy.freshness(now) == Freshness::fresh;
  return served_from(copy, tier, fresh ? Outcome::hit : Outcome::stale_if_error, now);
}

}  // namespace

TieredCache::TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics,
                         observability::Log& log)
    : core_(std::make_shared<CacheCore>(options, clock, metrics, log)) {}

TieredCache::Peeked TieredCache::peek(std::string_view key, std::uint64_t hash, SteadyTime now) {
  Peeked peeked;
  const auto hit = core_->memory.find(key, hash, now, core_->validity());
  if (!hit) return peeked;
  const auto freshness = hit->copy.freshness(now);
  if (freshness == Freshness::fresh) {
    // A doubtful copy may be served too, because it is fresh. It is checked once, after the answer.
    peeked.served = served_from(hit->copy, Tier::memory, Outcome::hit, now);
    peeked.refresh = hit->start_refresh;
  } else if (freshness == Freshness::stale && !core_->options.inline_refresh) {
    peeked.served = served_from(hit->copy, Tier::memory, Outcome::stale_while_revalidate, now);
    peeked.refresh = hit->start_refresh;
  }
  return peeked;
}

void TieredCache::get(CacheThread& thread, const Lookup& lookup, Loader loader, GetCallback done) {
  if (lookup.only_if_cached) return only_if_cached(thread, lookup, std::move(done));
  auto decision = enter(thread, lookup, loader, done);
  if (decision.at_once) {
    answer_caller(std::move(done), std::move(*decision.at_once), core_->log);
  } else {
    const auto& limits = decision.waiter->limits;
    decision.run->wait(decision.waiter, decision.soft ? limits.soft_deadline : limits.deadline);
  }
  if (decision.begins) decision.run->begin();
}

TieredCache::EntryDecision TieredCache::enter(CacheThread& thread, const Lookup& lookup, Loader& loader,
                                              GetCallback& done) {
  const auto now = core_->clock.steady();
  EntryDecision decision;
  auto table_key = table_key_of(lookup.mode, lookup.key);
  const bool shared = !table_key.empty();
  auto& shard = core_->flights.shard_of(lookup.hash);
  const FlightTable::Locked lock(shard);
  // Memory is read under the lock. A flight fills memory before it leaves the table, so a caller cannot miss both its
  // copy and the flight, and load a second time.
  auto held = held_in_memory(lookup, now);
  if (!lookup.forced && shared) {
    if (const auto* memo = shard.memos.active(table_key, now)) {
      decision.at_once = from_memo(*memo, held.copy, now);
      if (decision.at_once) return decision;
    }
  }
  if (shared) decision.run = shard.find(table_key);
  const bool joins = decision.run != nullptr;
  if (!joins) decision.run = make_run(thread, lookup, std::move(table_key), std::move(held));
  auto& state = decision.run->state(lock);
  if (joins && lookup.forced) state.flight.force();
  const auto verdict = lookup.forced ? std::nullopt : state.flight.join(now);
  if (verdict) decision.at_once = Run::served(state, *verdict, false, now);
  decision.begins = !joins && (!verdict || verdict->outcome == Outcome::stale_while_revalidate);
  if (!verdict) {
    // A forced lookup takes a kept copy only after the load has failed.
    const auto soft_deadline =
        lookup.forced ? lookup.deadline : std::min(lookup.deadline, now + core_->options.soft_wait);
    const WaitLimits limits{.since = now, .deadline = lookup.deadline, .soft_deadline = soft_deadline};
    decision.waiter = std::make_shared<Waiter>(thread, core_->log, limits, std::move(done));
    state.waiters.push_back({.waiter = decision.waiter, .loader = std::move(loader), .leader = decision.begins});
    decision.soft = state.flight.kept_copy(Outcome::soft_timeout, now).has_value();
  } else if (decision.begins) {
    state.refresh = true;
    state.refresh_loader = std::move(loader);
  }
  if (decision.begins && shared) shard.insert(decision.run);
  return decision;
}

void TieredCache::only_if_cached(CacheThread& thread, const Lookup& lookup, GetCallback done) {
  const auto now = core_->clock.steady();
  if (const auto held = held_in_memory(lookup, now).copy) {
    return answer_caller(std::move(done), served_as_cached(held->copy, held->tier, now), core_->log);
  }
  if (thread.remote() == nullptr) return answer_caller(std::move(done), fail(ErrorKind::not_cached), core_->log);
  thread.remote()->read(lookup.key, [weak = std::weak_ptr(core_), &log = core_->log,
                                     done = std::move(done)](Result<std::optional<Entry>> entry) mutable {
    const auto core = weak.lock();
    if (!core) return answer_caller(std::move(done), fail(ErrorKind::draining), log);
    Result<Served> result = fail(ErrorKind::not_cached);
    try {
      const auto at = core->clock.steady();
      auto copy = core->take_over(std::move(entry));
      if (copy) core->drop_purged(*copy);
      if (copy && *copy && (*copy)->freshness(at) != Freshness::gone)
        result = served_as_cached(**copy, Tier::redis, at);
    } catch (...) {
      observability::log_exception(log, "cache", "a lookup ended with an exception");
      result = fail(ErrorKind::internal);
    }
    answer_caller(std::move(done), std::move(result), log);
  });
}

void TieredCache::refresh(CacheThread& thread, const Lookup& lookup, Loader loader) {
  if (lookup.mode == Mode::bypass) return;  // no copy to replace, and no key in the table
  RunPtr run;
  {
    const auto now = core_->clock.steady();
    auto table_key = table_key_of(lookup.mode, lookup.key);
    auto& shard = core_->flights.shard_of(lookup.hash);
    const FlightTable::Locked lock(shard);
    if (shard.runs.contains(table_key)) return;
    if (const auto* memo = shard.memos.active(table_key, now)) {
      core_->memory.rearm_refresh(lookup.key, lookup.hash, memo->until);
      return;
    }
    auto held = held_in_memory(lookup, now);
    if (held.copy && held.copy->copy.freshness(now) == Freshness::fresh) {
      // Another process's fill may have renewed the copy since peek(). It needs no refresh then.
      const auto& copy = held.copy->copy;
      const auto early = early_refresh_age(*copy.entry, core_->options.memory.early_part, lookup.hash);
      if (!held.doubtful && copy.age(now) < early) return;
      core_->metrics.add(Counter::cache_early_refresh);
    }
    run = make_run(thread, lookup, std::move(table_key), std::move(held));
    auto& state = run->state(lock);
    state.refresh = true;
    state.refresh_loader = std::move(loader);
    shard.insert(run);
  }
  run->begin();
}

void TieredCache::purge(CacheThread& thread, std::string_view key, RemoteTier::DoneCallback done) {
  core_->on_purge(key);
  if (thread.remote() == nullptr) return done({});
  thread.remote()->erase(key, std::move(done));
}

void TieredCache::purge_all(CacheThread& thread, RemoteTier::DoneCallback done) {
  // The backplane may announce the new epoch before the reply arrives. Therefore the fallback for an error uses the
  // epoch at the time of the call.
  const auto before = core_->epoch();
  if (thread.remote() == nullptr) {
    core_->on_epoch(before + 1);
    return done({});
  }
  thread.remote()->raise_epoch(before, [weak = std::weak_ptr(core_), &thread, before,
                                        done = AnswerOnce<void>(std::move(done))](Result<std::uint64_t> epoch) mutable {
    const auto core = weak.lock();
    if (!core) return done(fail(ErrorKind::draining));
    if (epoch) {
      thread.purge_debt().on_purged(*core, *epoch);
      return done({});
    }
    core->on_epoch(before + 1);  // this process is purged in any case
    thread.purge_debt().set_pending(core);
    done(std::unexpected(std::move(epoch.error())));
  });
}

TieredCache::Held TieredCache::held_in_memory(const Lookup& lookup, SteadyTime now) {
  if (lookup.mode != Mode::normal) return {};
  auto hit = core_->memory.find(lookup.key, lookup.hash, now, core_->validity());
  if (!hit) return {};
  return {.copy = HeldCopy{.copy = std::move(hit->copy), .tier = Tier::memory}, .doubtful = hit->doubtful};
}

RunPtr TieredCache::make_run(CacheThread& thread, const Lookup& lookup, std::string table_key, Held held) {
  return std::make_shared<Run>(core_, thread, lookup, std::move(table_key),
                               flight_options(thread, lookup, held.doubtful), std::move(held.copy));
}

FlightOptions TieredCache::flight_options(CacheThread& thread, const Lookup& lookup, bool doubtful) const {
  FlightOptions options;
  options.remote = thread.remote() != nullptr;
  options.memory = lookup.mode == Mode::normal && core_->memory.enabled();
  options.bypass = lookup.mode == Mode::bypass;
  options.forced = lookup.forced;
  options.confirm = doubtful;
  options.inline_refresh = core_->options.inline_refresh;
  options.early_part = core_->options.memory.early_part;
  return options;
}

}  // namespace wx::cache
