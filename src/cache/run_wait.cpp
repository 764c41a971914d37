// The time limits of a flight's waiters. Everything here runs on the thread of the waiter.
#include <algorithm>
#include <utility>

#include "cache/run.hpp"
#include "observability/log_exception.hpp"

namespace wx::cache {
namespace {

// Adds the time of a wait without an answer to the step that took it: Redis if it has not answered yet, else the load.
void charge_wait(const Flight& flight, nanoseconds waited, Timings& timings) {
  const auto state = flight.state();
  if (state == Flight::State::created || state == Flight::State::reading) {
    timings.redis = waited;
  } else {
    timings.load = waited - std::clamp(timings.redis, nanoseconds(0), waited);
  }
}

}  // namespace

template <class Work>
void Run::guarded_for(const WaiterPtr& waiter, Work work) {
  const auto core = core_.lock();
  if (!core) return;
  try {
    work(*core);
  } catch (...) {
    observability::log_exception(core->log, "cache", "a caller's wait ended with an exception");
    {
      auto& shard = core->flights.shard_of(hash_);
      const FlightTable::Locked lock(shard);
      std::erase_if(state_.with(lock).waiters, [&](const Waiting& waiting) { return waiting.waiter == waiter; });
    }
    waiter->answer(fail(ErrorKind::internal));
  }
}

void Run::wait(const WaiterPtr& waiter, SteadyTime until) {
  guarded_for(waiter, [&](CacheCore&) {
    waiter->ticket =
        waiter->thread.deadlines().add(until, [weak_run = weak_from_this(), weak_waiter = std::weak_ptr(waiter)] {
          const auto live = weak_waiter.lock();
          if (!live) return;
          live->ticket.reset();
          if (const auto run = weak_run.lock()) {
            run->guarded_for(live, [&](CacheCore& core) { run->on_waiter_timeout(core, live); });
          } else {
            live->answer(fail(ErrorKind::deadline_exceeded));  // a loader dropped its callback, and the flight with it
          }
        });
  });
}

// A copy to fall back on has come while the waiter waits.
void Run::wait_softly(const WaiterPtr& waiter) {
  if (waiter->answered || !waiter->ticket) return;
  waiter->thread.deadlines().cancel(*std::exchange(waiter->ticket, std::nullopt));
  wait(waiter, waiter->limits.soft_deadline);
}

void Run::on_waiter_timeout(CacheCore& core, const WaiterPtr& waiter) {
  if (waiter->answered) return;
  const auto now = core.clock.steady();
  const auto& limits = waiter->limits;
  std::optional<Result<Served>> kept;
  {
    auto& shard = core.flights.shard_of(hash_);
    const FlightTable::Locked lock(shard);
    auto& state = state_.with(lock);
    if (const auto verdict = state.flight.kept_copy(Outcome::soft_timeout, now)) {
      kept = served(state, *verdict, true, now);
      if (*kept) charge_wait(state.flight, now - limits.since, (*kept)->timings);
    }
    if (kept || now >= limits.deadline) {
      // A caller that got a kept copy leaves a refresh behind. One that got nothing leaves nothing that has not begun.
      state.refresh |= kept.has_value();
      const auto waiting =
          std::ranges::find_if(state.waiters, [&](const Waiting& each) { return each.waiter == waiter; });
      if (waiting != state.waiters.end()) {
        if (!state.refresh_loader) state.refresh_loader = std::move(waiting->loader);
        state.waiters.erase(waiting);
      }
    }
  }
  if (kept) return waiter->answer(std::move(*kept));
  // The kept copy ended while its caller waited: the rest of the caller's time is for the load.
  if (now < limits.deadline) return wait(waiter, limits.deadline);
  waiter->answer(fail(ErrorKind::deadline_exceeded));
}

}  // namespace wx::cache
