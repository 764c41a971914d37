// The events of a flight: the changes under the lock, then the work without it.
#include "cache/run.hpp"

#include <algorithm>
#include <utility>

#include "observability/log_exception.hpp"

namespace wx::cache {

using observability::Counter;

Run::Run(const std::shared_ptr<CacheCore>& core, CacheThread& thread, const Lookup& lookup, std::string table_key,
         const FlightOptions& options, std::optional<HeldCopy> held)
    : core_(core),
      thread_(thread),
      key_(lookup.key),
      question_(lookup.question),
      hash_(lookup.hash),
      table_key_(std::move(table_key)),
      deadline_(lookup.deadline),
      state_(options, lookup.hash, std::move(held)) {}

void Run::begin() {
  guarded([this](CacheCore& core) {
    core.metrics.add(Counter::cache_flights);
    limit_age(core);
    step(core, core.clock.steady(), [](State& state) { return state.flight.start(); });
  });
}

void Run::post(FleetEvent event) {
  thread_.executor().post([self = shared_from_this(), event] {
    self->guarded([&](CacheCore& core) {
      self->step(core, core.clock.steady(), [&](State& state) { return (state.flight.*event)(); });
    });
  });
}

void Run::give_up(CacheCore& core, const AnsweredWaiters& answered) {
  observability::log_exception(core.log, "cache", "a flight ended with an exception");
  AnsweredWaiters left;
  {
    auto& shard = core.flights.shard_of(hash_);
    const FlightTable::Locked lock(shard);
    auto& state = state_.with(lock);
    state.flight.give_up();
    left.waiters.swap(state.waiters);
    shard.erase(*this);
  }
  age_timer_.reset();
  await_timer_.reset();
  answered.answer(thread_);
  left.answer(thread_);
  proceed(core, false);
}

// Everything that must be true before another thread reads the flight table: memory is filled, a failure is remembered,
// a flight that has ended is removed, and each waiter's answer is decided.
void Run::apply(CacheCore& core, FlightTable::Shard& shard, State& state, Applied& applied, SteadyTime now) {
  const auto& actions = applied.actions;
  if (actions.put_back && !core.put_backs.pass(now)) {
    // Too many at present: the copy stays doubtful, and a hit looks again.
    applied.actions.put_back = false;
    applied.actions.confirmed.reset();
    applied.actions.refresh_after = std::chrono::seconds(1);
  }
  if (actions.confirmed) {
    auto dated = core.rightly_dated(*actions.confirmed);
    core.memory.confirm(key_, hash_, *actions.confirmed, dated, read_started_);
    applied.actions.confirmed = std::move(dated);
  }
  // A loaded value is as old as its load: a purge that was missed while it was under way may concern it.
  const auto known_since = actions.write_remote ? load_.started : now;
  const bool in_memory = actions.fill_memory && core.memory.insert(key_, hash_, *actions.fill_memory, known_since);
  if (!table_key_.empty()) {
    if (actions.answer_leader) {
      apply_answer_leader(state, applied, now);
    } else {
      apply_outcome(core, shard, state, applied, now);
    }
    if (actions.refresh_after) core.memory.allow_refresh_from(key_, hash_, now + *actions.refresh_after);
    if (actions.ended) shard.erase(*this);
  }
  if (actions.fallback) {
    for (const auto& waiting : state.waiters) applied.now_soft.push_back(waiting.waiter);
  }
  if (actions.answer) apply_answer(core, state, applied, in_memory, now);
}

// Remembers a failure, or forgets it after a success.
void Run::apply_outcome(CacheCore& core, FlightTable::Shard& shard, State& state, Applied& applied, SteadyTime now) {
  auto& actions = applied.actions;
  const auto kept = [&] { return state.flight.fallback(Outcome::stale_if_error, now).has_value(); };
  // A value is as old as its request, so it is compared with the beginning of the failed load. Of another process's
  // failure only the longest possible load is known.
  if (actions.failed) {
    const auto begun = core.clock.wall() - std::chrono::floor<milliseconds>(now - load_.started);
    const auto& memo = shard.memos.record(memo_key(), *std::move(actions.failed), kept(), begun, now);
    core.memory.allow_refresh_from(key_, hash_, memo.until);
    const auto left = std::chrono::ceil<milliseconds>(memo.until - now);
    // A failed load always has an answer. An earlier retry would get the same failure.
    if (actions.answer->error && !actions.answer->error->retry_after) actions.answer->error->retry_after = left;
    if (actions.failure_to_fleet) {
      const auto& error = memo.failure.error;
      applied.failure_to_fleet = FailureMemo{.kind = error ? std::optional(error->kind) : std::nullopt,
                                             .count = memo.count,
                                             .left = left,
                                             .epoch = load_.epoch};
    }
  } else if (actions.fleet_failure) {
    shard.memos.record_fleet(memo_key(), *actions.fleet_failure, kept(), core.clock.wall() - core.options.lease_span,
                             now);
    core.memory.allow_refresh_from(key_, hash_, now + actions.fleet_failure->left);
  } else if (actions.remembered) {
    // No new value, even if it is a rejection that this process remembers.
    if (!kept() && !state.flight.redis_unavailable()) shard.memos.on_nothing_kept(table_key_);
  } else if (actions.answer && actions.answer->copy) {
    shard.memos.on_value(table_key_, actions.answer->copy->entry->stored_at);
  }
}

// Answers the leader, unless it has left already, and makes another waiter the leader: of those that still want the
// load, the one with the latest deadline. The flight then loads with that waiter's loader.
void Run::apply_answer_leader(State& state, Applied& applied, SteadyTime now) {
  auto& waiters = state.waiters;
  if (const auto leader = std::ranges::find_if(waiters, &WaiterSlot::leader); leader != waiters.end()) {
    applied.answered.for_leader = answer_for(state, *applied.actions.answer_leader, true, now);
    applied.answered.waiters.push_back(std::move(*leader));
    waiters.erase(leader);
  }
  const auto next = std::ranges::max_element(waiters, {}, [](const WaiterSlot& slot) {
    return std::pair(slot.waiter->wanted(), slot.waiter->limits.deadline);
  });
  if (next != waiters.end()) next->leader = true;
  state.loader = nullptr;
}

void Run::apply_answer(CacheCore& core, State& state, Applied& applied, bool in_memory, SteadyTime now) {
  const auto& actions = applied.actions;
  auto& answered = applied.answered;
  answered.waiters.swap(state.waiters);
  answered.for_leader = answer_for(state, *actions.answer, true, now);
  answered.for_others = answer_for(state, *actions.answer, false, now);
  // At this point it is unknown whether Redis will accept the value. It counts as stored if Redis has answered so far.
  const bool written = actions.write_remote && fits_remote(*actions.write_remote->entry);
  const bool stored = in_memory || (written && !state.flight.redis_unavailable());
  if (auto& for_leader = *answered.for_leader) for_leader->stored = stored && actions.answer->tier == Tier::loader;
  if (actions.load && actions.answer->outcome == Outcome::hit) core.metrics.add(Counter::cache_early_refresh);
  if (actions.ended) return;
  // The flight continues without waiters, so it is a refresh from now on.
  state.refresh = true;
  for (auto& waiting : answered.waiters) {
    if (waiting.leader) state.refresh_loader = std::move(waiting.loader);
  }
}

void Run::perform(CacheCore& core, Applied& applied) {
  const auto& actions = applied.actions;
  for (const auto& waiter : applied.now_soft) {
    waiter->thread.dispatch([self = shared_from_this(), waiter] { self->wait_softly(waiter); });
  }
  if (actions.proceed) proceed(core, *actions.proceed);
  write_and_answer(core, applied);
  if (actions.put_back && fits_remote(*actions.confirmed->entry))
    thread_.remote()->put_back(key_, *actions.confirmed->entry);
  if (actions.read_remote) read_remote(core);
  if (actions.take_lease) take_lease(core);
  if (actions.look) look();
  if (actions.await) look_again_after(*actions.await);
  if (actions.answer_leader) limit_age(core);  // the limit starts anew for the next leader
  if (actions.load) load(core);
  if (actions.ended) {
    age_timer_.reset();
    await_timer_.reset();
  }
}

// Ends the flight at its age limit, so that a load that never finishes does not block its key. (Each caller has its own
// deadline.)
void Run::limit_age(CacheCore& core) {
  // The run owns its timers, so a timer must not own the run.
  age_timer_ = thread_.executor().after(core.options.flight_age_limit, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->guarded([&](CacheCore& live) {
      const auto now = live.clock.steady();
      self->step(live, now, [&](State& state) { return state.flight.age_limit(now); });
    });
  });
}

Result<Served> Run::answer_for(const State& state, const Verdict& verdict, bool leader, SteadyTime now) {
  auto served = served_from(verdict, now);
  if (!served) return served;
  const bool loaded =
      verdict.outcome == Outcome::miss || verdict.outcome == Outcome::revalidated || verdict.outcome == Outcome::forced;
  if (loaded && !leader) served->outcome = Outcome::collapsed;
  served->redis_unavailable = state.flight.redis_unavailable();
  served->timings = state.timings;
  return served;
}

}  // namespace wx::cache
