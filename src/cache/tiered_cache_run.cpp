// Inside a flight: the actions that its kernel asks for, performed on the thread of the worker that started it.
#include <utility>

#include "cache/tiered_cache_shell.hpp"
#include "cache/tiered_cache_step.hpp"

namespace wx::cache {

using observability::Counter;
using observability::Timing;

namespace {

// Loaders answer on any thread; a run is touched on its own.
template <class Work>
void run_on(Executor& executor, Work work) {
  if (executor.in_this_thread()) {
    work();
  } else {
    executor.post(std::move(work));
  }
}

}  // namespace

// Everything that must be true before anybody else sees the flight table again: memory filled, the failure remembered,
// the flight gone, and who is told what.
void TieredCache::Shell::settle(Shard& shard, Run& run, Actions& actions, Told& told) {
  const auto now = clock_.steady();
  const bool kept = actions.fill_memory && memory_.insert(run.key, run.hash, *actions.fill_memory, now);
  if (!run.table_key.empty()) {
    if (actions.answer_leader) {
      // The leader may have left. Its successor, with its own loader, is whoever can wait longest.
      const auto leader = std::ranges::find_if(run.waiters, [](const WaiterPtr& w) { return w->leader; });
      if (leader != run.waiters.end()) {
        told.waiters.push_back(*leader);
        told.leader = served(run, *actions.answer_leader, true);
        run.waiters.erase(leader);
      }
      const auto next =
          std::ranges::max_element(run.waiters, {}, [](const WaiterPtr& w) { return w->patience.deadline; });
      if (next != run.waiters.end()) (*next)->leader = true;
      run.loader = nullptr;
    } else if (actions.failed) {
      const auto& memo = shard.memos.record(run.table_key, *actions.failed, run.flight.held(), now);
      memory_.rearm_refresh(run.key, run.hash, memo.until);
      const auto left = std::chrono::ceil<milliseconds>(memo.until - now);
      // Before that, asking again would only give the same.
      if (actions.answer->error && !actions.answer->error->retry_after) actions.answer->error->retry_after = left;
      if (actions.failure_to_fleet) {
        told.memo = FailureMemo{memo.error.kind, memo.count, left};
      }
    } else if (actions.fleet_failure) {
      shard.memos.record_fleet(run.table_key, *actions.fleet_failure, run.flight.held(), now);
      memory_.rearm_refresh(run.key, run.hash, now + actions.fleet_failure->left);
    } else if (actions.write_remote || actions.fill_memory) {
      shard.memos.forget(run.table_key);
    }
    if (actions.again_after) memory_.rearm_refresh(run.key, run.hash, now + *actions.again_after);
    if (actions.ended) {
      const auto found = shard.runs.find(run.table_key);
      if (found != shard.runs.end() && found->second.get() == &run) shard.runs.erase(found);
    }
  }
  if (actions.fallback) told.softened = run.waiters;
  if (actions.answer) {
    told.waiters.swap(run.waiters);
    told.leader = served(run, *actions.answer, true);
    // Redis is written to behind the answer: whether it takes it is not known, but whether it answered before is.
    const bool stored = kept || (actions.write_remote && !run.flight.redis_unavailable());
    if (told.leader) told.leader->stored = stored && actions.answer->tier == Tier::loader;
    told.others = served(run, *actions.answer, false);
    // Answered and going on: a refresh from here on.
    run.refresh |= !actions.ended;
    if (actions.load && actions.answer->outcome == Outcome::hit) metrics_.add(Counter::cache_early_refresh);
    if (!actions.ended) {
      for (const auto& waiter : told.waiters) {
        if (waiter->leader) run.refresh_loader = std::move(waiter->loader);
      }
    }
  }
}

void TieredCache::Shell::perform(const RunPtr& run, Actions& actions, Told& told) {
  for (const auto& waiter : told.softened) {
    run_on(waiter->worker.executor(), [self = weak_from_this(), run, waiter] {
      if (const auto shell = self.lock()) shell->wait_softly(run, waiter);
    });
  }
  if (actions.proceed && run->proceed) {
    auto proceed = std::exchange(run->proceed, nullptr);
    run->load_started = clock_.steady();
    run->load_epoch = epoch_.load();
    proceed(*actions.proceed);
  }
  perform_writes(run, actions, told);
  if (actions.read_remote) read_remote(run);
  if (actions.take_lease) take_lease(run);
  if (actions.look) look(run);
  if (actions.await) {
    // A little later than the lease's end, and not all at the same moment.
    const auto jitter = run->worker.state().random.between(milliseconds(5), milliseconds(25));
    run->await_timer =
        run->worker.executor().after(*actions.await + jitter, [self = weak_from_this(), weak = std::weak_ptr(run)] {
          const auto shell = self.lock();
          const auto waiting = weak.lock();
          if (!shell || !waiting) return;
          shell->step(waiting, [](Run& locked) { return locked.flight.look_again(); });
        });
  }
  if (actions.answer_leader) limit_age(run);  // as good as a new flight, of whoever leads now
  if (actions.load) load(run);
  if (actions.ended) {
    run->age_timer.reset();
    run->await_timer.reset();
  }
}

void TieredCache::Shell::perform_writes(const RunPtr& run, Actions& actions, Told& told) {
  auto* remote = run->worker.remote();
  if (told.memo) remote->store_failure(run->key, *told.memo);
  if (!actions.write_remote) {
    if (actions.release_lease) remote->give_back(run->key);
    tell(run, told);
    return;
  }
  const auto counted = [this](const Result<void>& result) {
    metrics_.add(result ? Counter::cache_write_ok : Counter::cache_write_failed);
  };
  const auto& entry = *actions.write_remote->entry;
  if (options_.write_wait <= milliseconds(0)) {
    tell(run, told);
    remote->store(run->key, entry, actions.release_lease, [self = weak_from_this(), counted](Result<void> result) {
      if (self.lock()) counted(result);
    });
    return;
  }
  // On platforms that freeze the process once an answer is out, the write goes first; but nobody waits long for it.
  const auto held = std::make_shared<std::optional<Told>>(std::move(told));
  const auto let_go = [run, held] {
    if (const auto ready = std::exchange(*held, std::nullopt)) tell(run, *ready);
  };
  const auto timer =
      std::make_shared<std::unique_ptr<Timer>>(run->worker.executor().after(options_.write_wait, let_go));
  remote->store(run->key, entry, actions.release_lease,
                [self = weak_from_this(), counted, let_go, timer](Result<void> result) {
                  if (self.lock()) counted(result);
                  timer->reset();
                  let_go();
                });
}

void TieredCache::Shell::read_remote(const RunPtr& run) {
  run->step_started = clock_.steady();
  run->worker.remote()->read(run->key, [self = weak_from_this(), run](Result<std::optional<Entry>> result) {
    const auto shell = self.lock();
    if (!shell) return;
    const auto now = shell->clock_.steady();
    shell->metrics_.observe(Timing::redis, now - run->step_started);
    shell->metrics_.add(!result   ? Counter::cache_redis_error
                        : *result ? Counter::cache_redis_hit
                                  : Counter::cache_redis_miss);
    auto copy = shell->accept(std::move(result));
    shell->step(run, [&](Run& locked) {
      locked.timings.redis = now - locked.step_started;
      if (copy) shell->drop_purged(*copy);
      return locked.flight.remote_read(std::move(copy), now);
    });
  });
}

void TieredCache::Shell::take_lease(const RunPtr& run) {
  std::string token;
  constexpr std::string_view kHex = "0123456789abcdef";
  auto chance = run->worker.state().random.next();
  for (int i = 0; i < 16; ++i, chance >>= 4) token += kHex[chance & 15];
  const auto until = clock_.steady() + options_.lease_span;
  run->worker.remote()->take_lease(run->key, token, options_.lease_span,
                                   [self = weak_from_this(), run, until](Result<LeaseView> result) {
                                     const auto shell = self.lock();
                                     if (!shell) return;
                                     shell->metrics_.add(!result       ? Counter::cache_lease_unknown
                                                         : result->won ? Counter::cache_lease_won
                                                                       : Counter::cache_lease_lost);
                                     auto seen = shell->accept(std::move(result));
                                     shell->step(run, [&](Run& locked) {
                                       if (seen) shell->drop_purged(seen->copy);
                                       return locked.flight.leased(std::move(seen), until, shell->clock_.steady());
                                     });
                                   });
}

void TieredCache::Shell::look(const RunPtr& run) {
  run->await_timer.reset();
  run->worker.remote()->look(run->key, [self = weak_from_this(), run](Result<LeaseView> result) {
    const auto shell = self.lock();
    if (!shell) return;
    auto seen = shell->accept(std::move(result));
    shell->step(run, [&](Run& locked) {
      const auto now = shell->clock_.steady();
      locked.timings.load = now - locked.load_started;  // another process's load was waited for
      if (seen) shell->drop_purged(seen->copy);
      return locked.flight.looked(std::move(seen), now);
    });
  });
}

void TieredCache::Shell::load(const RunPtr& run) {
  LoadRequest request;
  std::shared_ptr<Loader> loader;  // ours while it runs: it may end the flight, or its own leadership, from within
  {
    const std::lock_guard lock(shard_of(run->hash).mutex);
    const auto& held = run->flight.held();
    const auto freshness = held ? held->copy.freshness(clock_.steady()) : Freshness::gone;
    const auto leader = std::ranges::find_if(run->waiters, [](const WaiterPtr& w) { return w->leader; });
    if (!run->waiters.empty()) {
      request.purpose = freshness == Freshness::gone ? Purpose::cold : Purpose::revalidate;
    } else {
      request.purpose = freshness == Freshness::fresh ? Purpose::early : Purpose::refresh;
    }
    request.deadline = run->deadline;
    if (!run->waiters.empty()) {
      request.deadline = std::ranges::max(run->waiters, {}, [](const WaiterPtr& w) {
                           return w->patience.deadline;
                         })->patience.deadline;
    }
    request.redis_unavailable = run->flight.redis_unavailable();
    // Kept for the whole flight: it may load a second time, when the lease was another's who did not succeed.
    if (!run->loader) {
      const bool led = leader != run->waiters.end() && (*leader)->loader;
      run->loader = std::make_shared<Loader>(std::move(led ? (*leader)->loader : run->refresh_loader));
    }
    loader = run->loader;
  }
  if (!*loader) return take_load(run, fail(ErrorKind::internal, "a flight without a loader"));
  run->load_started = clock_.steady();
  run->load_epoch = epoch_.load();
  request.turn = [self = weak_from_this(), run](Proceed proceed) mutable {
    run_on(run->worker.executor(), [self = std::move(self), run, proceed = std::move(proceed)]() mutable {
      if (const auto shell = self.lock()) shell->take_turn(run, std::move(proceed));
    });
  };
  (*loader)(std::move(request), [self = weak_from_this(), run](Result<Loaded> result) mutable {
    run_on(run->worker.executor(), [self = std::move(self), run, result = std::move(result)]() mutable {
      if (const auto shell = self.lock()) shell->take_load(run, std::move(result));
    });
  });
}

void TieredCache::Shell::take_turn(const RunPtr& run, Proceed proceed) {
  run->proceed = std::move(proceed);
  step(run, [](Run& locked) { return locked.flight.turn(locked.refresh || !locked.waiters.empty()); });
}

void TieredCache::Shell::take_load(const RunPtr& run, Result<Loaded> result) {
  const auto now = clock_.steady();
  // A deterministic refusal is an answer of its kind: kept for a while, so that it is not asked for again.
  if (!result && result.error().kind == ErrorKind::provider_refused) {
    Loaded refusal;
    refusal.kind = EntryKind::refusal;
    refusal.body = std::move(result.error().detail);
    refusal.content_type = "text/plain";
    refusal.etag = "refusal";
    result = std::move(refusal);
  }
  Result<Copy> copy = fail(ErrorKind::internal);
  if (result) {
    copy = date(std::move(*result), run->load_epoch);
  } else {
    copy = std::unexpected(std::move(result.error()));
  }
  step(run, [&](Run& locked) {
    locked.timings.load = now - locked.load_started;
    // A purge that has begun, and has not come to this flight yet.
    if (locked.load_epoch != epoch_.load()) (void)locked.flight.new_epoch();
    const bool others_wait = std::ranges::any_of(
        locked.waiters, [&](const WaiterPtr& w) { return !w->leader && now < w->patience.deadline; });
    return locked.flight.loaded(std::move(copy), others_wait, now);
  });
}

Copy TieredCache::Shell::date(Loaded loaded, std::uint64_t epoch) const {
  auto entry = std::make_shared<Entry>();
  entry->body = std::move(loaded.body);
  entry->content_type = std::move(loaded.content_type);
  entry->etag = std::move(loaded.etag);
  entry->kind = loaded.kind;
  if (loaded.kind == EntryKind::refusal) {
    entry->spans.fresh_for = options_.memos.refusal;
    entry->early_refresh = false;
  } else {
    entry->spans = loaded.spans;
    entry->early_refresh = loaded.early_refresh;
  }
  entry->stored_at = clock_.wall();
  entry->epoch = epoch;
  return {std::move(entry), clock_.steady()};
}

void TieredCache::Shell::drop_purged(std::optional<Copy>& copy) const {
  if (copy && copy->entry->epoch != epoch_.load(std::memory_order_relaxed)) copy.reset();
}

std::optional<Copy> TieredCache::Shell::accept(std::optional<Entry> entry) const {
  if (!entry) return std::nullopt;
  if (ahead_of_clock(*entry, clock_)) metrics_.add(Counter::cache_ahead_of_clock);
  return make_copy(std::make_shared<const Entry>(std::move(*entry)), clock_);
}

Result<std::optional<Copy>> TieredCache::Shell::accept(Result<std::optional<Entry>> entry) const {
  if (!entry) return std::unexpected(std::move(entry.error()));
  return accept(std::move(*entry));
}

Result<LeaseSeen> TieredCache::Shell::accept(Result<LeaseView> view) const {
  if (!view) return std::unexpected(std::move(view.error()));
  return LeaseSeen{view->won, accept(std::move(view->entry)), view->failure, view->held_for};
}

void TieredCache::Shell::tell(const RunPtr& run, const Told& told) {
  for (const auto& waiter : told.waiters) {
    auto result = waiter->leader ? told.leader : told.others;
    if (&waiter->worker == &run->worker) {
      finish(waiter, std::move(result));
    } else {
      waiter->worker.executor().post(
          [waiter, result = std::move(result)]() mutable { finish(waiter, std::move(result)); });
    }
  }
}

void TieredCache::Shell::finish(const WaiterPtr& waiter, Result<Served> result) {
  if (std::exchange(waiter->answered, true)) return;
  if (waiter->ticket) waiter->worker.state().deadlines.cancel(*waiter->ticket);
  waiter->ticket.reset();
  auto done = std::move(waiter->done);
  done(std::move(result));
}

Result<Served> TieredCache::Shell::served(const Run& run, const Verdict& verdict, bool leader) const {
  if (verdict.error) return std::unexpected(*verdict.error);
  auto served = served_from(*verdict.copy, verdict.tier, verdict.outcome, clock_.steady());
  const bool loaded =
      verdict.outcome == Outcome::miss || verdict.outcome == Outcome::revalidated || verdict.outcome == Outcome::forced;
  if (loaded && !leader) served.outcome = Outcome::collapsed;
  served.redis_unavailable = run.flight.redis_unavailable();
  served.timings = run.timings;
  return served;
}

}  // namespace wx::cache
