// The Redis operations of a flight: read the value, take and read the lease, store a value or a failure.
#include <algorithm>
#include <utility>

#include "cache/answer_once.hpp"
#include "cache/run.hpp"

namespace wx::cache {

using observability::Counter;

namespace {

// The digits of the token by which a lease names its owner. A token is unique to the attempt.
constexpr std::size_t kTokenDigits = 16;

Result<LeaseSeen> seen_of(Result<LeaseView> view, std::optional<Copy> copy) {
  if (!view) return std::unexpected(std::move(view.error()));
  return LeaseSeen{.won = view->won, .copy = std::move(copy), .failure = view->failure, .lease_left = view->lease_left};
}

// Counts the result of a write.
struct WriteCounter {
  std::weak_ptr<CacheCore> core;

  void operator()(const Result<void>& result) const {
    const auto live = core.lock();
    if (live) live->metrics.add(result ? Counter::cache_write_ok : Counter::cache_write_failed);
  }
};

}  // namespace

template <class Event>
void Run::step_with(CacheCore& core, SteadyTime now, Found& found, Event event) {
  if (found.purged_at) heed_purge(core, found);
  step(core, now, [&](State& state) {
    core.drop_purged(found.copy);
    if (found.copy && found.copy->entry->stored_at <= state.flight.purged_until()) found.copy.reset();
    if (found.unreadable) state.flight.on_unreadable();
    return event(state);
  });
}

void Run::heed_purge(CacheCore& core, const Found& found) {
  core.purge_until(key_, *found.purged_at);
  if (!found.revived || !core.looks.pass(core.clock.steady())) return;
  if (const auto owner = core_.lock()) thread_.key_purges().on_revived(owner, key_, *found.purged_at);
}

// A purge of everything does not know which failures the fleet remembers. So whoever meets one from before it removes
// it. The lease is free then, and the flight's next look finds it so.
void Run::drop_purged(const CacheCore& core, LeaseView& view) {
  if (!view.failure || !core.is_purged(*view.failure)) return;
  view.failure.reset();
  if (!view.won) thread_.remote()->forget_failure(key_, [](const Result<void>&) {});
}

void Run::read_remote(CacheCore& core) {
  read_started_ = core.clock.steady();
  thread_.remote()->read(key_, [self = shared_from_this()](Result<std::optional<Entry>> result) {
    self->guarded([&](CacheCore& live) {
      const auto now = live.now();
      const auto took = now.steady - self->read_started_;
      auto found = self->take_over(live, result ? std::move(*result) : std::nullopt, now);
      live.count_read(!result, found, took);
      self->step_with(live, now.steady, found, [&](State& state) {
        state.timings.redis = took;
        if (!result) return state.flight.remote_read(std::unexpected(std::move(result.error())), now.steady);
        return state.flight.remote_read(std::move(found.copy), now.steady);
      });
    });
  });
}

void Run::take_lease(CacheCore& core) {
  const auto until = core.clock.steady() + core.options.lease_span;
  thread_.remote()->take_lease(
      key_, random_hex(thread_.random(), kTokenDigits), core.options.lease_span,
      [self = shared_from_this(), until](Result<LeaseView> result) {
        self->guarded([&](CacheCore& live) {
          live.metrics.add(!result       ? Counter::cache_lease_unknown
                           : result->won ? Counter::cache_lease_won
                                         : Counter::cache_lease_lost);
          const auto now = live.now();
          auto found = self->take_over(live, result ? std::move(result->entry) : std::nullopt, now);
          if (result) self->drop_purged(live, *result);
          self->step_with(live, now.steady, found, [&](State& state) {
            return state.flight.leased(seen_of(std::move(result), std::move(found.copy)), until, now.steady);
          });
        });
      });
}

void Run::look() {
  await_timer_.reset();
  thread_.remote()->look(key_, [self = shared_from_this()](Result<LeaseView> result) {
    self->guarded([&](CacheCore& live) {
      const auto now = live.now();
      auto found = self->take_over(live, result ? std::move(result->entry) : std::nullopt, now);
      if (result) self->drop_purged(live, *result);
      self->step_with(live, now.steady, found, [&](State& state) {
        state.timings.load = now.steady - self->load_.started;  // so far, the wait for another process's load
        return state.flight.looked(seen_of(std::move(result), std::move(found.copy)), now.steady);
      });
    });
  });
}

void Run::give_lease_back() {
  guarded([this](CacheCore& core) {
    bool ours = false;
    {
      auto& shard = core.flights.shard_of(hash_);
      const FlightTable::Locked lock(shard);
      ours = state_.with(lock).flight.holds_lease(core.clock.steady());
    }
    if (ours) thread_.remote()->give_back(key_);
  });
}

void Run::look_again_after(nanoseconds span) {
  // A little after the lease expires, and at different times in different processes.
  const auto jitter = thread_.random().between(milliseconds(5), milliseconds(25));
  await_timer_ = thread_.executor().after(span + jitter, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->guarded([&](CacheCore& core) {
      self->step(core, core.clock.steady(), [](State& state) { return state.flight.look_again(); });
    });
  });
}

// Stores the value, unless it is too large, or the failure, releases the lease, and answers the callers, in the order
// that write_wait requires.
void Run::write_and_answer(CacheCore& core, Applied& applied) {
  auto* remote = thread_.remote();
  const auto& actions = applied.actions;
  if (applied.failure_to_fleet) remote->store_failure(key_, *applied.failure_to_fleet);
  const bool too_large = actions.write_remote && !fits_remote(*actions.write_remote->entry);
  if (too_large) core.metrics.add(Counter::cache_write_too_large);
  if (!actions.write_remote || too_large) {
    if (actions.release_lease) remote->give_back(key_);
    applied.answered.answer(thread_);
    return;
  }
  if (core.options.write_wait > milliseconds(0)) return store_before_answer(core, applied);
  applied.answered.answer(thread_);
  const auto& loaded = *actions.write_remote;
  if (actions.look_before_write) return look_and_store(core, loaded, [](const Result<void>&) {});
  remote->store(key_, *loaded.entry, actions.release_lease, WriteCounter{core_});
}

// Stores a value without a lease, unless Redis shows, or this process hears meanwhile, that another process has loaded
// or purged the key since.
void Run::look_and_store(CacheCore& core, const Copy& loaded, RemoteTier::DoneCallback done) {
  const auto purges = core.purges();
  const auto undated_purges = core.undated_purges();
  thread_.remote()->read(key_, [self = shared_from_this(), loaded, purges, undated_purges,
                                done = AnswerOnce<void>(std::move(done))](Result<std::optional<Entry>> result) mutable {
    self->guarded([&](CacheCore& live) {
      if (!result) return done(std::unexpected(std::move(result.error())));
      const auto found = self->take_over(live, std::move(*result), live.now());
      if (found.purged_at) self->heed_purge(live, found);
      const bool purged = (found.purged_at && stored_until(loaded, *found.purged_at)) || live.purges() != purges ||
                          live.undated_purges() != undated_purges;
      if (purged || found.unreadable || (found.copy && !live.may_replace(*found.copy, loaded))) return done({});
      self->thread_.remote()->store(
          self->key_, *loaded.entry, false,
          [count = WriteCounter{self->core_}, done = std::move(done)](Result<void> stored) mutable {
            count(stored);
            done(std::move(stored));
          });
    });
  });
}

// For platforms that freeze the process after an answer: the write is sent first, and the answer waits for its result,
// at most for write_wait.
void Run::store_before_answer(CacheCore& core, const Applied& applied) {
  // Copies of the waiters: if something here throws, step() still answers `applied`.
  const auto pending = std::make_shared<AnsweredWaiters>();
  pending->waiters.reserve(applied.answered.waiters.size());
  for (const auto& waiting : applied.answered.waiters) {
    pending->waiters.push_back({.waiter = waiting.waiter, .loader = {}, .leader = waiting.leader});
  }
  pending->for_leader = applied.answered.for_leader;
  pending->for_others = applied.answered.for_others;
  // Called by the timer and by the store. The second call finds no waiters.
  const auto answer = [self = shared_from_this(), pending] {
    pending->answer(self->thread_);
    pending->waiters.clear();
  };
  const auto timer =
      std::make_shared<std::unique_ptr<Timer>>(thread_.executor().after(core.options.write_wait, answer));
  auto on_stored = [answer, timer](const Result<void>&) {
    timer->reset();
    answer();
  };
  const auto& loaded = *applied.actions.write_remote;
  if (applied.actions.look_before_write) return look_and_store(core, loaded, std::move(on_stored));
  thread_.remote()->store(key_, *loaded.entry, applied.actions.release_lease,
                          [count = WriteCounter{core_}, on_stored](const Result<void>& result) {
                            count(result);
                            on_stored(result);
                          });
}

}  // namespace wx::cache
