// The way in: peek, get, refresh, and the patience of those who wait. What happens inside a flight is in
// tiered_cache_run.cpp, what other processes say in tiered_cache_fleet.cpp.
#include "cache/tiered_cache_shell.hpp"

#include <utility>

#include "cache/tiered_cache_step.hpp"

namespace wx::cache {

using observability::Counter;

TieredCache::Shell::Shell(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics)
    : options_(options), clock_(clock), metrics_(metrics), memory_(options.memory, metrics) {
  auto memos = options.memos;
  memos.limit = std::max<std::size_t>(1, memos.limit / kShards);
  for (auto& shard : shards_) shard = std::make_unique<Shard>(memos);
}

Validity TieredCache::Shell::validity() const {
  return {epoch_.load(std::memory_order_relaxed),
          SteadyTime(nanoseconds(trusted_from_.load(std::memory_order_relaxed)))};
}

TieredCache::Peeked TieredCache::Shell::peek(std::string_view key, std::uint64_t hash, SteadyTime now) {
  Peeked peeked;
  const auto hit = memory_.find(key, hash, now, validity());
  if (!hit) return peeked;
  const auto freshness = hit->copy.freshness(now);
  if (freshness == Freshness::fresh) {
    // Doubtful or not: it is within its freshness. A doubtful one is looked at behind, once.
    peeked.served = served_from(hit->copy, Tier::memory, Outcome::hit, now);
    peeked.refresh = hit->start_refresh;
  } else if (freshness == Freshness::stale && !options_.inline_refresh) {
    peeked.served = served_from(hit->copy, Tier::memory, Outcome::stale_while_revalidate, now);
    peeked.refresh = hit->start_refresh;
  }
  return peeked;
}

FlightOptions TieredCache::Shell::flight_options(const Worker& worker, const Question& question, bool doubtful) const {
  FlightOptions options;
  options.remote = worker.remote() != nullptr;
  options.memory = question.mode == Mode::normal && memory_.enabled();
  options.bypass = question.mode == Mode::bypass;
  options.forced = question.forced;
  options.confirm = doubtful;
  options.inline_refresh = options_.inline_refresh;
  options.early_part = options_.memory.early_part;
  return options;
}

std::optional<HeldCopy> TieredCache::Shell::held_in_memory(const Question& question, SteadyTime now, bool& doubtful) {
  if (question.mode != Mode::normal) return std::nullopt;
  const auto hit = memory_.find(question.key, question.hash, now, validity());
  if (!hit) return std::nullopt;
  doubtful = hit->doubtful;
  return HeldCopy{hit->copy, Tier::memory};
}

void TieredCache::Shell::get(Worker& worker, const Question& question, Loader loader, GetCallback done) {
  if (question.only_if_cached) return only_if_cached(worker, question, std::move(done));
  auto entrance = enter(worker, question, loader, done);
  if (entrance.at_once) {
    done(std::move(*entrance.at_once));
  } else {
    wait(entrance.run, entrance.waiter, entrance.soft ? entrance.waiter->patience.soft_deadline : question.deadline);
  }
  if (entrance.begins) begin(entrance.run, question.deadline);
}

TieredCache::Shell::Entrance TieredCache::Shell::enter(Worker& worker, const Question& question, Loader& loader,
                                                       GetCallback& done) {
  const auto now = clock_.steady();
  Entrance entrance;
  const std::string table_key = table_key_of(question.mode, question.key);
  auto& shard = shard_of(question.hash);
  const std::lock_guard lock(shard.mutex);
  // Looked up under the lock: a flight that ended since the caller's peek() has filled memory before it left the table,
  // so nobody can miss both and load a second time.
  bool doubtful = false;
  auto held = held_in_memory(question, now, doubtful);
  if (!question.forced && !table_key.empty()) {
    if (const auto* memo = shard.memos.active(table_key, now)) {
      entrance.at_once = from_memo(*memo, held, now);
      return entrance;
    }
  }
  const auto found = table_key.empty() ? shard.runs.end() : shard.runs.find(table_key);
  if (found != shard.runs.end()) {
    entrance.run = found->second;
    if (question.forced) entrance.run->flight.force();
    const auto verdict = question.forced ? std::nullopt : entrance.run->flight.join(now);
    if (verdict) entrance.at_once = served(*entrance.run, *verdict, false);
  } else {
    entrance.run = std::make_shared<Run>(flight_options(worker, question, doubtful), question.key, question.hash,
                                         std::move(held), worker);
    const auto verdict = entrance.run->flight.join(now);
    if (verdict) entrance.at_once = served(*entrance.run, *verdict, false);
    entrance.begins = !verdict || verdict->outcome == Outcome::stale_while_revalidate;
    if (entrance.begins && !table_key.empty()) {
      entrance.run->table_key = table_key;
      shard.runs.emplace(table_key, entrance.run);
    }
  }
  if (entrance.at_once) {
    entrance.run->refresh |= entrance.begins;
    if (entrance.begins) entrance.run->refresh_loader = std::move(loader);
  } else {
    // Who wants a new answer is not content with a kept one before the load has failed.
    const auto soft_deadline =
        question.forced ? question.deadline : std::min(question.deadline, now + options_.soft_wait);
    const Patience patience{.since = now, .deadline = question.deadline, .soft_deadline = soft_deadline};
    entrance.waiter = std::make_shared<Waiter>(worker, patience, std::move(loader), std::move(done));
    entrance.waiter->leader = entrance.begins;
    entrance.run->waiters.push_back(entrance.waiter);
    entrance.soft = entrance.run->flight.kept_copy(Outcome::soft_timeout, now).has_value();
  }
  return entrance;
}

// While a failure is remembered: what can be served is served at once, else the failure is told again.
std::optional<Result<Served>> TieredCache::Shell::from_memo(const Memo& memo, const std::optional<HeldCopy>& held,
                                                            SteadyTime now) const {
  const auto error = [&] {
    auto same = memo.error;
    if (!same.retry_after) same.retry_after = std::chrono::ceil<milliseconds>(memo.until - now);
    return same;
  };
  const auto& best = held ? held : memo.held;
  if (!best) return std::unexpected(error());
  switch (best->copy.freshness(now)) {
    case Freshness::fresh:
      return served_from(best->copy, best->tier, Outcome::hit, now);
    case Freshness::stale:
    case Freshness::kept:
      return served_from(best->copy, best->tier, Outcome::stale_if_error, now);
    case Freshness::gone:
      break;
  }
  return std::unexpected(error());
}

// What a tier holds, however old it is as long as it may serve at all; nothing is loaded.
void TieredCache::Shell::only_if_cached(Worker& worker, const Question& question, GetCallback done) {
  const auto now = clock_.steady();
  bool doubtful = false;
  const auto serve = [](const Copy& copy, Tier tier, SteadyTime at) {
    const bool fresh = copy.freshness(at) == Freshness::fresh;
    return served_from(copy, tier, fresh ? Outcome::hit : Outcome::stale_if_error, at);
  };
  if (const auto held = held_in_memory(question, now, doubtful)) return done(serve(held->copy, held->tier, now));
  if (worker.remote() == nullptr) return done(fail(ErrorKind::not_cached));
  worker.remote()->read(question.key, [self = weak_from_this(), serve,
                                       done = std::move(done)](Result<std::optional<Entry>> entry) mutable {
    const auto shell = self.lock();
    if (!shell) return done(fail(ErrorKind::draining));
    const auto at = shell->clock_.steady();
    auto copy = shell->accept(std::move(entry));
    if (copy) shell->drop_purged(*copy);
    if (!copy || !*copy || (*copy)->freshness(at) == Freshness::gone) return done(fail(ErrorKind::not_cached));
    done(serve(**copy, Tier::redis, at));
  });
}

void TieredCache::Shell::refresh(Worker& worker, const Question& question, Loader loader) {
  RunPtr run;
  {
    const auto now = clock_.steady();
    const std::string table_key = table_key_of(question.mode, question.key);
    auto& shard = shard_of(question.hash);
    const std::lock_guard lock(shard.mutex);
    if (shard.runs.contains(table_key)) return;
    if (const auto* memo = shard.memos.active(table_key, now)) {
      memory_.rearm_refresh(question.key, question.hash, memo->until);
      return;
    }
    bool doubtful = false;
    auto held = held_in_memory(question, now, doubtful);
    if (held && held->copy.freshness(now) == Freshness::fresh) {
      // Renewed since the caller's peek(), by another process's fill: there is nothing to refresh any more.
      const auto early = early_refresh_age(*held->copy.entry, options_.memory.early_part, question.hash);
      if (!doubtful && held->copy.age(now) < early) return;
      metrics_.add(Counter::cache_early_refresh);
    }
    run = std::make_shared<Run>(flight_options(worker, question, doubtful), question.key, question.hash,
                                std::move(held), worker);
    run->refresh = true;
    run->refresh_loader = std::move(loader);
    run->table_key = table_key;
    shard.runs.emplace(table_key, run);
  }
  begin(run, question.deadline);
}

void TieredCache::Shell::begin(const RunPtr& run, SteadyTime deadline) {
  metrics_.add(Counter::cache_flights);
  run->deadline = deadline;
  limit_age(run);
  step(run, [](Run& locked) { return locked.flight.start(); });
}

void TieredCache::Shell::limit_age(const RunPtr& run) {
  // Nobody waits for a flight without end, whatever the source, Redis or another process does.
  run->age_timer =
      run->worker.executor().after(options_.flight_age_limit, [self = weak_from_this(), weak = std::weak_ptr(run)] {
        const auto shell = self.lock();
        const auto aged = weak.lock();  // a run owns its timer: the timer must not own the run
        if (!shell || !aged) return;
        shell->step(aged, [&](Run& locked) { return locked.flight.age_limit(shell->clock_.steady()); });
      });
}

void TieredCache::Shell::wait(const RunPtr& run, const WaiterPtr& waiter, SteadyTime until) {
  waiter->ticket = waiter->worker.state().deadlines.add(
      until, [self = weak_from_this(), run = std::weak_ptr(run), weak = std::weak_ptr(waiter)] {
        const auto shell = self.lock();
        const auto waiting = weak.lock();
        if (shell && waiting) shell->out_of_patience(run, waiting);
      });
}

// What was waited for in vain took its time all the same: Redis if it has not answered yet, else the load.
void TieredCache::Shell::charge_wait(const Run& run, nanoseconds waited, Timings& timings) {
  const auto state = run.flight.state();
  if (state == Flight::State::created || state == Flight::State::reading) {
    timings.redis = waited;
  } else {
    timings.load = waited - std::clamp(timings.redis, nanoseconds(0), waited);
  }
}

void TieredCache::Shell::wait_softly(const RunPtr& run, const WaiterPtr& waiter) {
  if (waiter->answered || !waiter->ticket) return;
  waiter->worker.state().deadlines.cancel(*waiter->ticket);
  wait(run, waiter, waiter->patience.soft_deadline);
}

void TieredCache::Shell::out_of_patience(const std::weak_ptr<Run>& weak, const WaiterPtr& waiter) {
  waiter->ticket.reset();
  if (waiter->answered) return;
  const auto now = clock_.steady();
  if (const auto run = weak.lock()) {
    std::optional<Result<Served>> kept;
    {
      const std::lock_guard lock(shard_of(run->hash).mutex);
      if (const auto verdict = run->flight.kept_copy(Outcome::soft_timeout, now)) {
        kept = served(*run, *verdict, waiter->leader);
        if (*kept) charge_wait(*run, now - waiter->patience.since, (*kept)->timings);
      }
      if (kept || now >= waiter->patience.deadline) {
        // Who was served something kept leaves a refresh behind; who got nothing leaves nothing that has not begun.
        run->refresh |= kept.has_value();
        if (!run->refresh_loader) run->refresh_loader = std::move(waiter->loader);
        std::erase(run->waiters, waiter);
      }
    }
    if (kept) return finish(waiter, std::move(*kept));
    // A kept copy that ended while it was waited on: the rest of the patience is for the load.
    if (now < waiter->patience.deadline) return wait(run, waiter, waiter->patience.deadline);
  }
  finish(waiter, fail(ErrorKind::deadline_exceeded));
}

std::size_t TieredCache::Shell::flights() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    sum += shard->runs.size();
  }
  return sum;
}

}  // namespace wx::cache
