// One flight at work: it performs what the flight's kernel (flight.hpp) asks for, and answers the callers that wait.
//
// Every event of a flight goes one way: step() takes the lock of the flight's shard, gives the event to the kernel and
// applies what must be true before another thread sees the table again (memory, memos, who is answered and how); then,
// without the lock, it performs the rest (Redis, the loader, the answers).
//
// Exceptions: one that a loader throws is a failed load. Any other one ends the flight: it leaves the table, and its
// waiters get ErrorKind::internal. An exception on the thread of one waiter ends the wait of that caller alone. Each is
// logged once, and none leaves a public function.
//
// Lifetime: the table owns a run while its flight lasts, and so does each callback of Redis or of a loader that is
// outstanding. A run may outlive the cache, to which it points weakly: its callbacks then do nothing.
//
// Thread-safety: state() under the lock of the flight's shard (FlightTable::shard_of); post() from any thread; wait()
// on the waiter's thread; everything else on the thread that began the flight.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/cache_core.hpp"
#include "cache/cache_thread.hpp"
#include "cache/flight.hpp"
#include "cache/flight_table.hpp"
#include "cache/lookup.hpp"
#include "cache/waiter.hpp"

namespace wx::cache {

class Run : public std::enable_shared_from_this<Run> {
 public:
  // `table_key` is table_key_of() the lookup.
  Run(const std::shared_ptr<CacheCore>& core, CacheThread& thread, const Lookup& lookup, std::string table_key,
      const FlightOptions& options, std::optional<HeldCopy> held);

  // The members that the lock of the flight's shard guards.
  struct State {
    State(const FlightOptions& options, std::uint64_t key_hash, std::optional<HeldCopy> held)
        : flight(options, key_hash, std::move(held)) {}

    Flight flight;
    std::vector<Waiting> waiters;
    Timings timings;
    Loader refresh_loader;           // for a load that no caller waits for
    std::shared_ptr<Loader> loader;  // the one that was called: the leader's, or refresh_loader
    bool refresh = false;            // the load is wanted even if no caller waits
  };
  [[nodiscard]] State& state(const FlightTable::Locked& lock) { return state_.with(lock); }
  [[nodiscard]] const std::string& table_key() const { return table_key_; }

  // Starts the flight.
  void begin();
  // Gives an event of the fleet to the flight.
  using FleetEvent = Actions (Flight::*)();
  void post(FleetEvent event);
  // Wakes the waiter at `until`.
  void wait(const WaiterPtr& waiter, SteadyTime until);

  // A waiter's answer.
  [[nodiscard]] static Result<Served> served(const State& state, const Verdict& verdict, bool leader, SteadyTime now);

 private:
  // The work that follows from an event, decided under the lock and performed without it.
  struct Applied {
    Actions actions;
    AnsweredWaiters answered;
    std::optional<FailureMemo> failure_to_fleet;
    std::vector<WaiterPtr> softened;  // these go on waiting, but only for soft_wait
  };
  // The load that the flight waits for.
  struct Load {
    SteadyTime started;
    std::uint64_t epoch = 0;  // in force when the source was asked: that of what it loads
    Proceed proceed;          // the loader waits for this
  };

  // Calls work(core), unless the cache is gone. An exception ends the flight.
  template <class Work>
  void guarded(Work work);
  // Gives one event to the flight. `event` takes the State under the lock and returns Actions.
  template <class Event>
  void step(CacheCore& core, Event event);
  void give_up(CacheCore& core, const AnsweredWaiters& answered);

  void apply(CacheCore& core, FlightTable::Shard& shard, State& state, Applied& applied) WX_REQUIRES(shard.mutex);
  void apply_outcome(CacheCore& core, FlightTable::Shard& shard, State& state, Applied& applied, SteadyTime now)
      WX_REQUIRES(shard.mutex);
  static void apply_answer_leader(State& state, Applied& applied, SteadyTime now);
  static void apply_answer(CacheCore& core, State& state, Applied& applied, bool in_memory, SteadyTime now);

  void perform(CacheCore& core, Applied& applied);
  void perform_writes(CacheCore& core, Applied& applied);
  void store_before_answer(CacheCore& core, const Applied& applied, RemoteTier::DoneCallback stored);
  void limit_age(CacheCore& core);
  void look_after(nanoseconds span);

  void read_remote(CacheCore& core);
  void take_lease(CacheCore& core);
  void look();

  void load(CacheCore& core);
  [[nodiscard]] LoadRequest load_request(const State& state, SteadyTime now) const;
  void proceed(CacheCore& core, bool go);
  void on_turn(CacheCore& core, Proceed proceed);
  void on_loaded(CacheCore& core, Result<Loaded> result);
  void on_loader_exception(CacheCore& core);

  // Calls work(core) on the waiter's thread. An exception ends the wait.
  template <class Work>
  void guarded_for(const WaiterPtr& waiter, Work work);
  void wait_softly(const WaiterPtr& waiter);
  void on_waiter_timeout(CacheCore& core, const WaiterPtr& waiter);

  const std::weak_ptr<CacheCore> core_;
  CacheThread& thread_;
  const std::string key_;
  const std::uint64_t hash_;
  const std::string table_key_;  // empty: not in the table (bypass)
  const SteadyTime deadline_;    // of the caller that began the flight
  FlightTable::Guarded<State> state_;
  SteadyTime read_started_;
  Load load_;
  std::unique_ptr<Timer> age_timer_;
  std::unique_ptr<Timer> await_timer_;
};

template <class Work>
void Run::guarded(Work work) {
  const auto core = core_.lock();
  if (!core) return;
  try {
    work(*core);
  } catch (...) {
    give_up(*core, {});
  }
}

template <class Event>
void Run::step(CacheCore& core, Event event) {
  Applied applied;
  try {
    {
      auto& shard = core.flights.shard_of(hash_);
      const FlightTable::Locked lock(shard);
      auto& state = state_.with(lock);
      applied.actions = event(state);
      apply(core, shard, state, applied);
    }
    perform(core, applied);
  } catch (...) {
    give_up(core, applied.answered);
  }
}

}  // namespace wx::cache
