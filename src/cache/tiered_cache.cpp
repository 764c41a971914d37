#include "cache/tiered_cache.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "cache/run.hpp"
#include "observability/log_exception.hpp"

namespace wx::cache {

using observability::Counter;

// The copy of a key in memory.
struct TieredCache::MemoryCopy {
  std::optional<HeldCopy> copy;
  Doubts doubts = Doubts::none;
  bool look_only = false;  // see FlightOptions
};

// The first step of get(): an answer at once, or a wait for a flight.
struct TieredCache::FirstStep {
  std::optional<Result<Served>> at_once;
  RunPtr run;
  WaiterPtr waiter;     // null if the caller is answered at once
  bool begins = false;  // get() must begin the flight: its caller waits, or has got a stale copy
  bool soft = false;    // the flight holds a fallback, so the caller waits until its soft deadline only
  bool mixed = false;   // nothing was done: the key's flight is of another question
};

namespace {

// The answer from a copy that is not gone, when no load follows.
Verdict as_cached(const HeldCopy& held, SteadyTime now) {
  const bool fresh = held.copy.freshness(now) == Freshness::fresh;
  return {.outcome = fresh ? Outcome::hit : Outcome::stale_if_error, .tier = held.tier, .copy = held.copy};
}

// The answer while a failure is remembered: the copy in memory, if there is one, else the failure again. Nothing if
// this process does not know the reason of a refusal, because only a load can learn it.
std::optional<Verdict> from_memo(const Memo& memo, const std::optional<HeldCopy>& held, SteadyTime now) {
  const auto& failure = memo.failure;
  const bool decided = failure.refusal && failure.refusal->entry->decisive;
  if (!decided && held && held->copy.freshness(now) != Freshness::gone) return as_cached(*held, now);
  if (failure.refusal) return Verdict{.outcome = Outcome::hit, .tier = Tier::memory, .copy = failure.refusal};
  if (!failure.error) return std::nullopt;
  auto error = *failure.error;
  if (!error.retry_after) error.retry_after = std::chrono::ceil<milliseconds>(memo.until - now);
  return Verdict{.error = std::move(error)};
}

// The answer to a lookup that accepts only a cached one, given what Redis has replied to a read that began at `asked`.
Result<Served> cached_in_redis(CacheCore& core, std::string_view key, std::string_view question,
                               Result<std::optional<Entry>> entry, SteadyTime asked) {
  const auto replied = core.now();
  const auto took = replied.steady - asked;
  auto found = core.take_over(key, question, entry ? std::move(*entry) : std::nullopt, replied);
  core.count_read(!entry, found, took);
  if (!entry) return fail(ErrorKind::cache_unavailable);
  if (found.purged_at) core.purge_until(key, *found.purged_at);
  core.drop_purged(found.copy);
  if (!found.copy || found.copy->freshness(replied.steady) == Freshness::gone) return fail(ErrorKind::not_cached);
  auto served = served_from(as_cached({.copy = *found.copy, .tier = Tier::redis}, replied.steady), replied.steady);
  if (served) served->timings.redis = took;
  return served;
}

}  // namespace

TieredCache::TieredCache(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics,
                         observability::Log& log)
    : core_(std::make_shared<CacheCore>(options, clock, metrics, log)) {}

TieredCache::Peeked TieredCache::peek(std::string_view key, std::uint64_t hash, SteadyTime now,
                                      std::string_view question) {
  Peeked peeked;
  auto hit = core_->memory.find(key, hash, now, core_->validity(), question);
  if (!hit) return peeked;
  const auto freshness = hit->copy.freshness(now);
  if (freshness == Freshness::fresh) {
    // A doubtful copy is served too, because it is fresh. The refresh checks it in the background.
    peeked.served = served_from(std::move(hit->copy), Tier::memory, Outcome::hit, now);
    peeked.refresh = hit->start_refresh;
  } else if (freshness == Freshness::stale && !core_->options.inline_refresh) {
    peeked.served = served_from(std::move(hit->copy), Tier::memory, Outcome::stale_while_revalidate, now);
    peeked.refresh = hit->start_refresh;
  }
  return peeked;
}

void TieredCache::get(CacheThread& thread, const Lookup& lookup, Loader loader, GetCallback done) {
  if (lookup.only_if_cached) return get_if_cached(thread, lookup, std::move(done));
  auto first = first_step(thread, lookup, loader, done);
  if (first.mixed) {
    Lookup alone = lookup;
    alone.mode = Mode::bypass;
    first = first_step(thread, alone, loader, done);
  }
  if (first.at_once) {
    answer_caller(std::move(done), std::move(*first.at_once), core_->log);
  } else {
    const auto& limits = first.waiter->limits;
    first.run->set_timeout(first.waiter, first.soft ? limits.soft_deadline : limits.deadline);
  }
  if (first.begins) first.run->begin();
}

TieredCache::FirstStep TieredCache::first_step(CacheThread& thread, const Lookup& lookup, Loader& loader,
                                               GetCallback& done) {
  const auto now = core_->clock.steady();
  FirstStep first;
  auto table_key = table_key_of(lookup.mode, lookup.key);
  const bool shared = !table_key.empty();
  auto& shard = core_->flights.shard_of(lookup.hash);
  const FlightTable::Locked lock(shard);
  if (shared) first.run = shard.find(table_key);
  if (first.run && first.run->question() != lookup.question) {
    first.mixed = true;
    return first;
  }
  // Memory is read under the lock. A flight fills memory before it leaves the table, so a caller cannot miss both its
  // copy and the flight, and load a second time.
  auto held = held_in_memory(lookup, now);
  const bool joins = first.run != nullptr;
  std::optional<Verdict> remembered;
  WallTime begun;
  if (!lookup.forced && shared) {
    bool kept_in_redis = false;
    if (const auto* memo = shard.memos.active({table_key, lookup.question}, now)) {
      remembered = from_memo(*memo, held.copy, now);
      begun = memo->begun;
      kept_in_redis = memo->kept && !held.copy && thread.remote() != nullptr;
    }
    const bool look =
        remembered && !joins && thread.remote() != nullptr && (shard.memos.take_look(table_key) || kept_in_redis);
    const bool waits = look || (joins && kept_in_redis);
    if (remembered && !waits) {
      first.run = nullptr;
      first.at_once = served_from(*remembered, now);
      return first;
    }
  }
  if (!joins) first.run = make_run(thread, lookup, std::move(table_key), std::move(held));
  auto& state = first.run->state(lock);
  if (remembered && !joins) state.flight.look_past(*std::move(remembered), begun);
  if (joins && lookup.forced) state.flight.force();
  // join() does not know whether this caller is forced.
  const auto verdict = lookup.forced ? std::nullopt : state.flight.join(now);
  if (verdict) first.at_once = Run::answer_for(state, *verdict, false, now);
  first.begins = !joins && (!verdict || verdict->outcome == Outcome::stale_while_revalidate);
  if (!verdict) {
    // A forced lookup takes the fallback only after the load has failed.
    const auto soft_deadline =
        lookup.forced ? lookup.deadline : std::min(lookup.deadline, now + core_->options.soft_wait);
    const WaitLimits limits{.since = now, .deadline = lookup.deadline, .soft_deadline = soft_deadline};
    first.waiter = std::make_shared<Waiter>(thread, core_->log, limits, lookup.gone, std::move(done));
    state.waiters.push_back({.waiter = first.waiter, .loader = std::move(loader), .leader = first.begins});
    first.soft = state.flight.fallback(Outcome::soft_timeout, now).has_value();
  } else if (first.begins) {
    state.refresh = true;
    state.refresh_loader = std::move(loader);
  }
  if (first.begins && shared) shard.insert(first.run);
  return first;
}

void TieredCache::get_if_cached(CacheThread& thread, const Lookup& lookup, GetCallback done) {
  const auto now = core_->clock.steady();
  if (lookup.mode == Mode::normal) {
    if (auto copy = core_->memory.look(lookup.key, lookup.hash, now, core_->validity(), lookup.question)) {
      const HeldCopy held{.copy = std::move(*copy), .tier = Tier::memory};
      return answer_caller(std::move(done), served_from(as_cached(held, now), now), core_->log);
    }
  }
  if (thread.remote() == nullptr || lookup.mode == Mode::bypass) {
    return answer_caller(std::move(done), fail(ErrorKind::not_cached), core_->log);
  }
  thread.remote()->read(lookup.key, [weak = std::weak_ptr(core_), &log = core_->log, key = std::string(lookup.key),
                                     question = std::string(lookup.question), now,
                                     done = std::move(done)](Result<std::optional<Entry>> entry) mutable {
    const auto core = weak.lock();
    if (!core) return answer_caller(std::move(done), fail(ErrorKind::draining), log);
    Result<Served> result = fail(ErrorKind::not_cached);
    try {
      result = cached_in_redis(*core, key, question, std::move(entry), now);
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
    if (shard.find(table_key)) return;
    auto held = held_in_memory(lookup, now);
    std::optional<Verdict> remembered;
    WallTime begun;
    if (const auto* memo = shard.memos.active({table_key, lookup.question}, now)) {
      remembered = from_memo(*memo, held.copy, now);
      begun = memo->begun;
      if (thread.remote() == nullptr || !shard.memos.take_look(table_key)) {
        core_->memory.allow_refresh_from(lookup.key, lookup.hash, memo->until);
        return;
      }
    } else if (held.copy && held.copy->copy.freshness(now) == Freshness::fresh) {
      const bool late = is_late(held.copy->copy, core_->options.memory.early_part, lookup.hash, now);
      // Another process's fill may have renewed the copy since peek(). It needs no refresh then.
      if (!late && held.doubts == Doubts::none) return;
      if (late) {
        core_->metrics.add(Counter::cache_early_refresh);
      } else if (!begin_look(lookup, held.doubts, now)) {
        return;
      }
      held.look_only = !late;
    }
    const bool load = !held.look_only || held.doubts == Doubts::gap;
    run = make_run(thread, lookup, std::move(table_key), std::move(held));
    auto& state = run->state(lock);
    if (remembered) state.flight.look_past(*std::move(remembered), begun);
    state.refresh = load;
    state.refresh_loader = std::move(loader);
    shard.insert(run);
  }
  run->begin();
}

// Returns false if there are too many looks at present. A hit then tries again.
bool TieredCache::begin_look(const Lookup& lookup, Doubts doubts, SteadyTime now) {
  const bool passed = core_->looks.pass(now);
  if (doubts == Doubts::superseded) {
    if (passed) core_->memory.count_look(lookup.key, lookup.hash);
  } else if (!passed) {
    core_->memory.allow_refresh_from(lookup.key, lookup.hash, now + kLookPause);
  }
  return passed;
}

void TieredCache::give_leases_back(CacheThread& thread) {
  if (thread.remote() == nullptr) return;
  for (const auto& run : core_->flights.all()) {
    if (&run->thread() == &thread) run->give_lease_back();
  }
}

TieredCache::MemoryCopy TieredCache::held_in_memory(const Lookup& lookup, SteadyTime now) {
  if (lookup.mode != Mode::normal) return {};
  auto hit = core_->memory.find(lookup.key, lookup.hash, now, core_->validity(), lookup.question);
  if (!hit) return {};
  return {.copy = HeldCopy{.copy = std::move(hit->copy), .tier = Tier::memory}, .doubts = hit->doubts};
}

RunPtr TieredCache::make_run(CacheThread& thread, const Lookup& lookup, std::string table_key, MemoryCopy held) {
  return std::make_shared<Run>(core_, thread, lookup, std::move(table_key), flight_options(thread, lookup, held),
                               std::move(held.copy));
}

FlightOptions TieredCache::flight_options(CacheThread& thread, const Lookup& lookup, const MemoryCopy& held) const {
  FlightOptions options;
  options.remote = thread.remote() != nullptr;
  options.memory = lookup.mode == Mode::normal && core_->memory.enabled();
  options.bypass = lookup.mode == Mode::bypass;
  options.forced = lookup.forced;
  options.doubts = held.doubts;
  options.look_only = held.look_only;
  options.inline_refresh = core_->options.inline_refresh;
  options.early_part = core_->options.memory.early_part;
  return options;
}

}  // namespace wx::cache
