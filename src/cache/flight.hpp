// The flight: the steps of one key from a lookup that memory cannot answer (or a refresh) to an answer. All callers
// that ask in the meantime share it (single flight), and the lease extends this to the whole fleet.
//
// A flight belongs to the cache, not to the request that started it: a client that disconnects stops no load that has
// begun. But a load whose turn has not come begins only if somebody still waits or a copy is to be refreshed. This is
// the pure part, a state machine: it turns events into actions, which Run performs. It has no clock, no socket and no
// lock. docs/cache.md has a diagram. The terms are defined in tiered_cache.hpp.
//
//   state     event                         next      actions
//   --------  ----------------------------  --------  ----------------------------------------------------------------
//   created   start, with Redis             reading   read_remote
//   created   start, without Redis          queued    load
//   reading   fresh copy                    ended     answer (hit), fill memory. Late in fresh_for and without a memory
//                                                     tier to notice that: answer, load, and on to queued
//   reading   stale copy                    queued    answer (stale), fill memory, load
//   reading   kept copy                     queued    fill memory, load. Callers go on waiting, but now only for
//                                                     soft_wait, because there is a fallback
//   reading   the same, and only a look at  ended     nothing. After a gap: the copy is confirmed, and put back if
//             a fresh, doubtful copy                  Redis holds nothing
//   reading   stale or kept copy from        ended     answer (stale), fill memory
//             before a remembered failure
//   reading   a tombstone later than the    -         the copy is dropped, and the event counts as one without it
//             held copy
//   reading   nothing, or an error, and a   ended     answer (what is remembered)
//             failure is remembered
//   reading   nothing, or an error          queued    load
//   reading   a refusal, an answer is held  queued    load
//   queued    turn, the load is wanted      leasing   take_lease
//   queued    turn, without Redis           loading   proceed
//   queued    turn, the load is not wanted  ended     do not proceed, answer (fallback, else deadline_exceeded) those
//   who
//                                                     wait although they have gone
//   queued    loaded (refused before turn)  ended     answer (fallback, else the error)
//   queued    the leader's allowance or     queued    answer_leader (fallback, else the error), load. If no other
//             time is over                            caller waits: ended, as above
//   queued    a value before the turn       ended     as loaded in loading, but there is no lease
//   leasing   won                           loading   proceed
//   leasing   newer, fresh value            ended     do not proceed, answer (lease), fill memory, release the lease
//   leasing   a failure is remembered       ended     do not proceed, answer (fallback, else that error)
//   leasing   the same, but forced, or a    loading   proceed (without a lease)
//             refusal without a fallback
//   leasing   lost                          awaiting  do not proceed, wait for a message, the lease's end, or the
//                                                     time of the next look
//   leasing   lost, and a fill announced    looking   do not proceed, look
//   leasing   error                         loading   proceed (without a lease: one flight per process)
//   awaiting  fill or fail announced,       looking   look
//             channel lost or back, or time
//             is up
//   looking   newer, fresh value            ended     answer (lease), fill memory
//   looking   a failure is remembered       ended     answer (fallback, else that error)
//   looking   still held                    awaiting  wait, as above
//   looking   held or free, but a fill or   looking   look
//             fail announced
//   looking   free, an error, or a refusal  queued    load
//             without a fallback
//   loading   loaded                        ended     answer (miss), fill memory, write Redis, release the lease
//   loading   loaded, without a lease, or   ended     the same, but look in Redis before the write, which a later value
//             near its end                            or a later purge forbids, and release nothing
//   loading   failed                        ended     answer (fallback, else the error), remember the failure
//   loading   the same, after a purge       ended     answer (the error), release the lease
//   loading   refused, with an answer to    ended     answer (fallback), remember the refusal
//             fall back on
//   any       age limit                     ended     answer (fallback, else deadline_exceeded)
//   any       purge                         same      the fallback is dropped, a reply of Redis in progress is ignored,
//                                                     and a load in progress leaves nothing: no value, no failure
//   any       new epoch                     same      as purge, but a reply of Redis in progress counts if it is of the
//                                                     new epoch: Run drops the others (CacheCore::drop_purged)
//
// A flight that waits for another process's load looks 250 ms, 500 ms and 1 s after the lease was lost, and then each
// second, so that a lost message, a dead holder or a dead Redis costs little.
//
// A flight that ends with neither a value nor a failure to remember (the load was refused before its call, or was not
// wanted, or the flight reached its age limit) sets the time after which a hit may start the next refresh
// (refresh_after).
//
// A refresh starts with the copy that it is to replace. It takes Redis's copy only if that was stored later, or, after
// a gap, at the same time and is still fresh. A caller that joins a flight that holds a fresh copy, or a stale one (not
// with inline_refresh), gets that copy at once.
//
// A flight is forced if it began so, or if a forced caller has joined it. A forced flight does not answer with an older
// value: a value that the first read or the lease's reply finds in Redis is only a fallback, and only a value that was
// stored after it is newer. A failure that is remembered when the lease is taken does not stop the load, which proceeds
// without a lease.
//
// Thread-safety: none. Run uses it under the lock of the flight's shard.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "cache/remote_tier.hpp"
#include "cache/served.hpp"
#include "cache/sieve_shard.hpp"

namespace wx::cache {

// A copy and the tier it came from.
struct HeldCopy {
  Copy copy;
  Tier tier;
};

// An answer to callers: a copy or an error.
struct Verdict {
  Outcome outcome = Outcome::miss;  // of the leader; see Run::answer_for() for the other callers
  Tier tier = Tier::loader;
  std::optional<Copy> copy = {};    // set if `error` is not
  std::optional<Error> error = {};  // set if `copy` is not
};

// The answer that a verdict makes of a copy, or its error.
[[nodiscard]] Result<Served> served_from(const Verdict& verdict, SteadyTime now);

struct FlightOptions {
  bool remote = false;           // there is a Redis tier
  bool memory = true;            // the memory tier is filled
  bool bypass = false;           // read and fill no tier: load only
  bool forced = false;           // it begins for a caller that wants a new answer: a copy is only a fallback
  Doubts doubts = Doubts::none;  // about the held copy
  bool look_only = false;        // the flight is to end doubts about a copy that needs no load otherwise
  bool inline_refresh = false;   // a caller with a stale copy waits, as with a kept one (CACHE_REFRESH=inline)
  double early_part = 0.8;
};

// The reason why a load brought no new answer: an error, or a refusal that may not replace an older answer. Both are
// empty for another process's refusal, because this process does not know its reason.
struct Failure {
  std::optional<Error> error;
  std::optional<Copy> refusal;
};

// A LeaseView whose entry has become a copy of this process.
struct LeaseSeen {
  bool won = false;
  std::optional<Copy> copy = {};
  std::optional<FailureMemo> failure = {};
  std::optional<milliseconds> lease_left = {};
};

struct Actions {
  bool read_remote = false;
  bool load = false;                 // call the loader
  bool take_lease = false;           // the loader's turn has come: it waits for `proceed`
  bool look = false;                 // read the value and the state of the lease (RemoteTier::look)
  std::optional<nanoseconds> await;  // call look_again() after this time, unless a message comes first
  std::optional<bool> proceed;       // answer the loader's turn
  std::optional<Copy> fill_memory;
  std::optional<Copy> write_remote;
  std::optional<Copy> confirmed;             // the held copy was not purged in a gap
  bool put_back = false;                     // Redis has lost it
  bool look_before_write = false;            // with write_remote: no lease is held, so others may have loaded
  bool release_lease = false;                // with write_remote, or alone
  std::optional<Failure> failed;             // a failed load to remember
  bool failure_to_fleet = false;             // the lease becomes the fleet's memory of the failure
  std::optional<FailureMemo> fleet_failure;  // another process's failure to remember
  bool fallback = false;                     // there is a fallback now: callers wait for soft_wait only
  std::optional<nanoseconds> refresh_after;  // ended without a result: a hit may start a refresh after this time
  std::optional<Verdict> answer_leader;      // to the leader alone; the load continues for the next leader
  std::optional<Verdict> answer;             // to all callers that wait
  bool remembered = false;                   // `answer` is that of look_past()
  bool ended = false;
};

class Flight {
 public:
  enum class State : std::uint8_t { created, reading, queued, leasing, awaiting, looking, loading, ended };

  // `held`: the copy that a refresh is to replace, or a copy that callers may fall back on.
  Flight(const FlightOptions& options, std::uint64_t key_hash, std::optional<HeldCopy> held);

  // Call it before start() if the failure of a load that began at `begun` is remembered, and Redis may hold an answer:
  // another process has announced a value since, or memory does not hold what was kept. The flight then only looks
  // whether Redis has a value that may be served. It loads if that was stored after the failure and is not fresh, and
  // ends with `remembered` if there is none.
  void look_past(Verdict remembered, WallTime begun) {
    remembered_ = std::move(remembered);
    remembered_from_ = begun;
  }

  // The functions up to give_up() are the events of the table. An event that does not belong to the state does not
  // change the state. turn() and leased() then still return actions: the loader must not proceed, and a lease that was
  // won is released. loaded() belongs to every state but ended.
  Actions start();
  Actions remote_read(Result<std::optional<Copy>> result, SteadyTime now);
  // `wanted`: a caller waits that has not gone, or the load is a refresh.
  Actions turn(bool wanted, SteadyTime now);
  // `lease_until`: the time at which the lease, if it was won, expires by this process's clock.
  Actions leased(Result<LeaseSeen> result, SteadyTime lease_until, SteadyTime now);
  Actions on_fill();
  Actions on_fail();
  Actions on_listening();
  Actions on_disconnected();
  Actions look_again();
  Actions looked(Result<LeaseSeen> result, SteadyTime now);
  // `others_wait`: a caller other than the leader waits, has not gone and has time left, so it can become the leader.
  Actions loaded(Result<Copy> result, bool others_wait, SteadyTime now);
  void purge();
  void new_epoch();
  // Everything of the key that was stored until `at` is purged.
  void purge_until(const Moment& at);
  // The latest such purge. A loaded value needs a later time.
  [[nodiscard]] WallTime purged_until() const { return purged_until_; }
  // Redis holds something unreadable. Call it before the event of the reply that has shown it.
  void on_unreadable() { unreadable_ = true; }
  // A caller that wants a new answer even if there is a copy joins the flight.
  void force() { forced_ = true; }
  [[nodiscard]] bool forced() const { return forced_; }
  Actions age_limit(SteadyTime now);
  // Ends the flight after an exception. There are no actions: Run answers all waiters.
  void give_up() { state_ = State::ended; }

  // The answer that a caller gets at once, or nothing if it must wait. For a caller that is not forced.
  [[nodiscard]] std::optional<Verdict> join(SteadyTime now) const;

  // The held copy as an answer, fresh, stale or kept; nothing if there is none or it is gone.
  [[nodiscard]] std::optional<Verdict> fallback(Outcome outcome, SteadyTime now) const;

  // Returns true while this process holds the lease for a load in progress.
  [[nodiscard]] bool holds_lease(SteadyTime now) const { return state_ == State::loading && lease_ours(now); }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool redis_unavailable() const { return redis_unavailable_; }
  [[nodiscard]] const std::optional<HeldCopy>& held() const { return held_; }

 private:
  [[nodiscard]] bool is_newer(const Copy& copy, SteadyTime now) const;
  [[nodiscard]] bool confirms_held(const Copy& copy, SteadyTime now) const;
  [[nodiscard]] bool ends_doubts(const Result<std::optional<Copy>>& result, SteadyTime now) const;
  [[nodiscard]] bool refuses_held_answer(const Copy& copy, SteadyTime now) const;
  [[nodiscard]] bool lease_ours(SteadyTime now) const { return lease_until_ && still_ours(*lease_until_, now); }
  // The fallback, else `error`.
  [[nodiscard]] Verdict fallback_or(Error error, SteadyTime now) const;
  Actions look_if_awaiting();
  // Waits for the next look, or for the end of the lease if that comes first.
  void await(Actions& actions, milliseconds lease_left);
  // Ends the flight if Redis holds a newer, fresh value or a remembered failure, and returns whether it did. A
  // remembered refusal ends it only if there is a fallback: without one this process must load to learn the reason.
  bool end_if_settled(const LeaseSeen& seen, Actions& actions, SteadyTime now);
  // A purge ends the failures that the fleet remembers.
  void purge_failure() { failure_purged_ = state_ == State::leasing || state_ == State::looking; }
  // Lets the loader ask its source.
  void begin_load(Actions& actions, SteadyTime now);
  void end(Actions& actions);

  const FlightOptions options_;
  const std::uint64_t key_hash_;
  std::optional<HeldCopy> held_;
  std::optional<Verdict> remembered_;
  WallTime remembered_from_;
  WallTime purged_until_ = WallTime::min();
  SteadyTime loading_since_;
  bool unreadable_ = false;
  State state_ = State::created;
  std::optional<SteadyTime> lease_until_;
  bool forced_;            // began forced, or a forced caller has joined; options_.forced: began forced
  bool heard_ = false;     // a fill or fail came, or the channel came back, while the lease was being taken or read
  std::size_t looks_ = 0;  // while another process's load is awaited
  bool purged_ = false;    // what is being read from Redis or loaded is not stored
  bool failure_purged_ = false;  // a failure in the reply about the lease is from before a purge, or may be
  bool redis_unavailable_ = false;
};

}  // namespace wx::cache
