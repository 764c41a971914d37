// A run drives one flight: it gives events to the flight's state machine (flight.hpp), performs the actions that come
// out, and answers the callers that wait.
//
// Every event that has actions takes the same path, step(). Under the lock of the flight's shard, step() gives the
// event to the state machine and applies everything that must be true before another thread reads the table (memory,
// memos, which callers are answered and how). After that, without the lock, it performs the rest (Redis, the loader,
// the answers).
//
// Exceptions: if a loader throws, its load has failed. Any other exception ends the flight: it leaves the table, and
// its waiters receive ErrorKind::internal. An exception in work for one waiter, on that waiter's thread, ends the wait
// of that waiter only. Each exception is logged once, and none leaves a public function.
//
// Lifetime: the table owns a run until its flight ends (not with Mode::bypass). Each callback that Redis or a loader
// has not called yet owns the run too. A run may outlive the cache, to which it points weakly; its callbacks then do
// nothing, and the callbacks of its waiters are destroyed without a call.
//
// Thread-safety: state() under the lock of the flight's shard (FlightTable::shard_of); post() from any thread;
// set_timeout() on the waiter's thread; all other functions on the thread that began the flight.
#pragma once

#include <algorithm>
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

class Run final : public std::enable_shared_from_this<Run>, public Wanting {
 public:
  // `table_key`: see table_key_of(). `held`: see Flight.
  Run(const std::shared_ptr<CacheCore>& core, CacheThread& thread, const Lookup& lookup, std::string table_key,
      const FlightOptions& options, std::optional<HeldCopy> held);

  // The members that the lock of the flight's shard guards.
  struct State {
    State(const FlightOptions& options, std::uint64_t key_hash, std::optional<HeldCopy> held)
        : flight(options, key_hash, std::move(held)) {}

    Flight flight;
    std::vector<WaiterSlot> waiters;
    Timings timings;
    Loader refresh_loader;           // the loader if no caller waits
    std::shared_ptr<Loader> loader;  // the loader that the flight has called: the leader's or refresh_loader
    bool refresh = false;            // the load is wanted even if no caller waits

    // Returns whether anyone needs the load: a caller that waits and has not gone, or a copy to refresh.
    [[nodiscard]] bool wanted() const { return refresh || waited_for(); }
    // Returns whether a caller waits that has not gone.
    [[nodiscard]] bool waited_for() const {
      return std::ranges::any_of(waiters, [](const WaiterSlot& slot) { return slot.waiter->wanted(); });
    }

    // Returns the leader. If it has gone, or none is left, a waiter that wants the load becomes the leader, so that no
    // load is queued at the cost of a caller that has gone already. Null if there is neither.
    [[nodiscard]] WaiterSlot* lead();
  };
  [[nodiscard]] State& state(const FlightTable::Locked& lock) { return state_.with(lock); }
  [[nodiscard]] const std::string& table_key() const { return table_key_; }
  [[nodiscard]] const std::string& question() const { return question_; }
  [[nodiscard]] const CacheThread& thread() const { return thread_; }

  // Starts the flight.
  void begin();
  // Gives a message of the fleet to the flight, later and on the run's thread.
  using FleetEvent = Actions (Flight::*)();
  void post(FleetEvent event);
  // Gives the lease back if this flight holds one, although its load is in progress.
  void give_lease_back();
  // At `until`, the waiter gets the fallback or, at its deadline, an error. A waiter has one timeout at a time.
  void set_timeout(const WaiterPtr& waiter, SteadyTime until);

  // Turns a verdict into the answer of one caller. For a caller other than the leader, miss, revalidated and forced
  // become collapsed.
  [[nodiscard]] static Result<Served> answer_for(const State& state, const Verdict& verdict, bool leader,
                                                 SteadyTime now);

  // Locks the flight's shard.
  [[nodiscard]] bool wanted() override;

 private:
  // The work that follows from an event, decided under the lock and performed without it.
  struct Applied {
    Actions actions;
    AnsweredWaiters answered;
    std::optional<FailureMemo> failure_to_fleet;
    std::vector<WaiterPtr> now_soft;  // there is a fallback now, so these wait until their soft deadline only
  };
  // The load that the flight waits for.
  struct Load {
    SteadyTime started;
    std::uint64_t epoch = 0;   // the epoch when the source was asked; the loaded value gets it
    std::uint64_t purges = 0;  // CacheCore::purges() at that time
    Proceed proceed;           // not null while the loader waits at its turn
  };

  // Calls work(core), unless the cache is destroyed. An exception ends the flight.
  template <class Work>
  void guarded(Work work);
  [[nodiscard]] MemoKey memo_key() const { return {table_key_, question_}; }
  // Gives one event to the flight, which happened at `now`. Everything that follows is decided by this time. `event`
  // takes the State under the lock and returns Actions.
  template <class Event>
  void step(CacheCore& core, SteadyTime now, Event event);
  // Ends the flight after an exception, and answers `answered` (waiters that an event had taken out of the flight) and
  // all other waiters.
  void give_up(CacheCore& core, const AnsweredWaiters& answered);

  // The part of step() under the lock.
  void apply(CacheCore& core, FlightTable::Shard& shard, State& state, Applied& applied, SteadyTime now)
      WX_REQUIRES(shard.mutex);
  void apply_outcome(CacheCore& core, FlightTable::Shard& shard, State& state, Applied& applied, SteadyTime now)
      WX_REQUIRES(shard.mutex);
  static void apply_answer_leader(State& state, Applied& applied, SteadyTime now);
  static void apply_answer(CacheCore& core, State& state, Applied& applied, bool in_memory, SteadyTime now);

  // The part of step() without the lock.
  void perform(CacheCore& core, Applied& applied);
  void write_and_answer(CacheCore& core, Applied& applied);
  void look_and_store(CacheCore& core, const Copy& loaded, RemoteTier::DoneCallback done);
  void store_before_answer(CacheCore& core, const Applied& applied);
  void limit_age(CacheCore& core);
  void look_again_after(nanoseconds span);

  // The purge that a reply of Redis has shown, or that was known before.
  void heed_purge(CacheCore& core, const Found& found);
  // Drops the fleet's memory of a failure from before a purge of everything.
  void drop_purged(const CacheCore& core, LeaseView& view);
  // Gives a reply of Redis to the flight: first what it shows of purges, then the event.
  template <class Event>
  void step_with(CacheCore& core, SteadyTime now, Found& found, Event event);
  // What Redis holds for the key, given its reply.
  [[nodiscard]] Found take_over(CacheCore& core, std::optional<Entry> entry, const Moment& now) const {
    return core.take_over(key_, question_, std::move(entry), now);
  }
  void read_remote(CacheCore& core);
  void take_lease(CacheCore& core);
  void look();

  void load(CacheCore& core);
  void start_load(const CacheCore& core);
  [[nodiscard]] Copy copy_of_loaded(const CacheCore& core, Loaded loaded, WallTime purged_until, SteadyTime now) const;
  [[nodiscard]] LoadRequest load_request(const State& state, SteadyTime now) const;
  void proceed(CacheCore& core, bool go);
  void on_turn(CacheCore& core, Proceed proceed);
  void on_loaded(CacheCore& core, Result<Loaded> result);
  void on_loader_exception(CacheCore& core);

  // Calls work(core), unless the cache is destroyed. An exception ends the wait of this waiter.
  template <class Work>
  void guarded_for(const WaiterPtr& waiter, Work work);
  void wait_softly(const WaiterPtr& waiter);
  void on_waiter_timeout(CacheCore& core, const WaiterPtr& waiter);

  const std::weak_ptr<CacheCore> core_;
  CacheThread& thread_;
  const std::string key_;
  const std::string question_;  // see Lookup
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
void Run::step(CacheCore& core, SteadyTime now, Event event) {
  Applied applied;
  try {
    {
      auto& shard = core.flights.shard_of(hash_);
      const FlightTable::Locked lock(shard);
      auto& state = state_.with(lock);
      applied.actions = event(state);
      apply(core, shard, state, applied, now);
    }
    perform(core, applied);
  } catch (...) {
    give_up(core, applied.answered);
  }
}

}  // namespace wx::cache
