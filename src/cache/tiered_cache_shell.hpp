// The shell around the flight kernel: the flight table, those who wait, and the performing of actions.
// Included by tiered_cache*.cpp only.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "cache/deadline_queue.hpp"
#include "cache/tiered_cache.hpp"

namespace wx::cache {

struct Worker::State {
  State(Executor& executor, const Clock& clock) : deadlines(executor, clock), random(random_seed()) {}
  DeadlineQueue deadlines;
  Random random;  // lease tokens, jitter
  // A purge of everything that Redis may not have taken: while there is a timer, or a try under way.
  bool owes_purge = false;
  std::unique_ptr<Timer> purge_timer;
  nanoseconds purge_pause{0};
};

// From when a caller waits, and until when.
struct Patience {
  SteadyTime since;
  SteadyTime deadline;       // when it stops waiting
  SteadyTime soft_deadline;  // when it takes what is kept instead, if anything is
};

// One caller of get(). Everything but `leader` and `loader` is touched on its worker's thread only; those two are
// guarded by the lock of the flight table's shard.
struct Waiter {
  Waiter(Worker& w, const Patience& p, Loader l, GetCallback d)
      : worker(w), patience(p), loader(std::move(l)), done(std::move(d)) {}

  Worker& worker;
  const Patience patience;
  Loader loader;        // for when this one becomes the leader
  bool leader = false;  // its request is the one that loads
  GetCallback done;
  bool answered = false;
  std::optional<DeadlineQueue::Ticket> ticket;
};
using WaiterPtr = std::shared_ptr<Waiter>;

// One flight with what it needs to act. `flight`, `waiters` and `timings` are guarded by the lock of the flight table's
// shard; the rest belongs to the thread of `worker`.
struct Run {
  Run(const FlightOptions& options, std::string_view k, std::uint64_t h, std::optional<HeldCopy> held, Worker& w)
      : flight(options, h, std::move(held)), key(k), hash(h), worker(w) {}

  Flight flight;
  std::vector<WaiterPtr> waiters;
  Timings timings;

  const std::string key;
  const std::uint64_t hash;
  std::string table_key;  // empty: not in the table (bypass)
  Worker& worker;
  std::shared_ptr<Loader> loader;  // once it has loaded: that of the leader, or:
  Loader refresh_loader;           // of a flight that nobody waits for
  bool refresh = false;
  SteadyTime deadline;  // of the question that began it
  SteadyTime step_started;
  SteadyTime load_started;
  std::uint64_t load_epoch = 0;  // in which the loader was called: that of what it loads
  Proceed proceed;               // the loader waits for this
  std::unique_ptr<Timer> age_timer;
  std::unique_ptr<Timer> await_timer;
};
using RunPtr = std::shared_ptr<Run>;

class TieredCache::Shell final : public FleetListener, public std::enable_shared_from_this<TieredCache::Shell> {
 public:
  Shell(const CacheOptions& options, const Clock& clock, observability::Metrics& metrics);

  [[nodiscard]] Peeked peek(std::string_view key, std::uint64_t hash, SteadyTime now);
  void get(Worker& worker, const Question& question, Loader loader, GetCallback done);
  void refresh(Worker& worker, const Question& question, Loader loader);
  void purge(Worker& worker, std::string_view key, RemoteTier::DoneCallback done);
  void purge_all(Worker& worker, RemoteTier::DoneCallback done);

  void on_fill(const Fill& fill) override;
  void on_fail(std::string_view key) override;
  void on_purge(std::string_view key) override;
  std::uint64_t on_epoch(std::uint64_t epoch) override;
  void on_listening() override;
  void on_deaf() override;

  [[nodiscard]] MemoryTier& memory() { return memory_; }
  [[nodiscard]] std::size_t flights() const;

 private:
  void owe_purge(Worker& worker);
  void wait_to_pay(Worker& worker);
  void pay_purge(Worker& worker);
  void purge_paid(Worker& worker, std::uint64_t epoch);
  struct Shard {
    explicit Shard(const MemoOptions& options) : memos(options) {}
    mutable std::mutex mutex;
    // All guarded by mutex.
    std::unordered_map<std::string, RunPtr> runs;
    ErrorMemos memos;
  };
  static constexpr std::size_t kShards = 64;
  [[nodiscard]] Shard& shard_of(std::uint64_t hash) { return *shards_[hash >> 58]; }

  // How get() ends at once, or whom it waits for.
  struct Entrance {
    std::optional<Result<Served>> at_once;
    RunPtr run;
    WaiterPtr waiter;
    bool begins = false;
    bool soft = false;
  };
  [[nodiscard]] Entrance enter(Worker& worker, const Question& question, Loader& loader, GetCallback& done);
  void only_if_cached(Worker& worker, const Question& question, GetCallback done);
  [[nodiscard]] std::optional<Result<Served>> from_memo(const Memo& memo, const std::optional<HeldCopy>& held,
                                                        SteadyTime now) const;
  [[nodiscard]] std::optional<HeldCopy> held_in_memory(const Question& question, SteadyTime now, bool& doubtful);
  [[nodiscard]] Validity validity() const;
  [[nodiscard]] FlightOptions flight_options(const Worker& worker, const Question& question, bool doubtful) const;
  void begin(const RunPtr& run, SteadyTime deadline);
  void limit_age(const RunPtr& run);
  void wait(const RunPtr& run, const WaiterPtr& waiter, SteadyTime until);
  // A copy to fall back on has come while the waiter waits. On its thread.
  void wait_softly(const RunPtr& run, const WaiterPtr& waiter);
  static void charge_wait(const Run& run, nanoseconds waited, Timings& timings);
  void out_of_patience(const std::weak_ptr<Run>& weak, const WaiterPtr& waiter);

  // Those who are answered by one event, and what they are told.
  struct Told {
    std::vector<WaiterPtr> waiters;
    Result<Served> leader;
    Result<Served> others;
    std::optional<FailureMemo> memo;  // for the fleet
    std::vector<WaiterPtr> softened;  // who goes on waiting, but for soft_wait only
  };
  // Feeds one event to the flight under the table's lock, then performs what it asks for. `event` takes the locked Run.
  template <class Event>
  void step(const RunPtr& run, Event event);
  void settle(Shard& shard, Run& run, Actions& actions, Told& told);
  void perform(const RunPtr& run, Actions& actions, Told& told);
  void perform_writes(const RunPtr& run, Actions& actions, Told& told);
  void read_remote(const RunPtr& run);
  void take_lease(const RunPtr& run);
  void look(const RunPtr& run);
  void load(const RunPtr& run);
  void take_turn(const RunPtr& run, Proceed proceed);
  void take_load(const RunPtr& run, Result<Loaded> result);
  static void tell(const RunPtr& run, const Told& told);
  static void finish(const WaiterPtr& waiter, Result<Served> result);
  [[nodiscard]] Result<Served> served(const Run& run, const Verdict& verdict, bool leader) const;
  [[nodiscard]] Copy date(Loaded loaded, std::uint64_t epoch) const;
  // A copy of another epoch was purged: as if nothing were there. To be called under the lock of the flight's shard, so
  // that an epoch that is raised afterwards finds the copy in the flight.
  void drop_purged(std::optional<Copy>& copy) const;
  [[nodiscard]] Result<std::optional<Copy>> accept(Result<std::optional<Entry>> entry) const;
  [[nodiscard]] std::optional<Copy> accept(std::optional<Entry> entry) const;
  [[nodiscard]] Result<LeaseSeen> accept(Result<LeaseView> view) const;
  // Tells the flights of a key that something was heard of it.
  template <class Event>
  void hear(std::string_view key, Event event);

  const CacheOptions options_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  MemoryTier memory_;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<int> purges_owed_{0};  // workers with owes_purge
  // Steady time in ns; copies from before are doubtful. min: none.
  std::atomic<nanoseconds::rep> trusted_from_{SteadyTime::min().time_since_epoch().count()};
  std::atomic<bool> was_deaf_{false};
};

}  // namespace wx::cache
