// The timeouts of a flight's waiters. Everything here runs on the waiter's thread.
#include <algorithm>
#include <utility>

#include "cache/run.hpp"
#include "observability/log_exception.hpp"

namespace wx::cache {
namespace {

// Sets the duration of the step that a waiter waited for in vain: Redis if it has not answered yet, else the load.
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
      std::erase_if(state_.with(lock).waiters, [&](const WaiterSlot& waiting) { return waiting.waiter == waiter; });
    }
    waiter->answer(fail(ErrorKind::internal));
  }
}

void Run::set_timeout(const WaiterPtr& waiter, SteadyTime until) {
  guarded_for(waiter, [&](CacheCore&) {
    waiter->ticket = waiter->thread.deadlines().add(
        until, [until, weak_run = weak_from_this(), weak_waiter = std::weak_ptr(waiter)] {
          const auto live = weak_waiter.lock();
          if (!live) return;
          live->ticket.reset();
          if (const auto run = weak_run.lock()) {
            run->guarded_for(live, [&](CacheCore& core) { run->on_waiter_timeout(core, live); });
          } else if (until >= live->limits.deadline) {
            // The flight has ended. Its answer was posted to this thread, but has not run in time. (At the soft
            // deadline it still has time to run.)
            live->answer(fail(ErrorKind::deadline_exceeded));
          }
        });
  });
}

// A fallback has arrived, so the waiter waits until its soft deadline only.
void Run::wait_softly(const WaiterPtr& waiter) {
  if (waiter->answered || !waiter->ticket) return;
  waiter->thread.deadlines().cancel(*std::exchange(waiter->ticket, std::nullopt));
  set_timeout(waiter, waiter->limits.soft_deadline);
}

void Run::on_waiter_timeout(CacheCore& core, const WaiterPtr& waiter) {
  if (waiter->answered) return;
  const auto now = core.clock.steady();
  const auto& limits = waiter->limits;
  std::optional<Result<Served>> fallback;
  {
    auto& shard = core.flights.shard_of(hash_);
    const FlightTable::Locked lock(shard);
    auto& state = state_.with(lock);
    if (const auto verdict = state.flight.fallback(Outcome::soft_timeout, now)) {
      fallback = answer_for(state, *verdict, /*leader=*/false, now);
      if (*fallback) charge_wait(state.flight, now - limits.since, (*fallback)->timings);
    }
    if (fallback || now >= limits.deadline) {
      // If the caller gets the fallback, the load continues as a refresh. If it gets an error and no other caller
      // waits, a load that has not had its turn yet will not proceed.
      state.refresh |= fallback.has_value();
      const auto slot =
          std::ranges::find_if(state.waiters, [&](const WaiterSlot& each) { return each.waiter == waiter; });
      if (slot != state.waiters.end()) {
        if (!state.refresh_loader) state.refresh_loader = std::move(slot->loader);
        state.waiters.erase(slot);
      }
    }
  }
  if (fallback) return waiter->answer(std::move(*fallback));
  // The fallback expired while the caller waited, so the caller waits for the load until its deadline.
  if (now < limits.deadline) return set_timeout(waiter, limits.deadline);
  waiter->answer(fail(ErrorKind::deadline_exceeded));
}

}  // namespace wx::cache
