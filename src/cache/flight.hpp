// The flight: the way of one key from "not in memory" to an answer, shared by all callers that ask in the meantime
// (single flight), and by the whole fleet through the lease.
//
// A flight belongs to the cache, not to the request that started it: a caller that goes away cancels nothing. This is
// the pure part, a state machine: events go in, actions come out, and Run performs them. It has no clock, no socket and
// no lock. docs/cache.md has the picture.
//
//   state     event                         next      actions
//   --------  ----------------------------  --------  ----------------------------------------------------------------
//   created   start, with Redis             reading   read_remote
//   created   start, without                queued    load
//   reading   fresh copy                    ended     answer (hit), fill memory; but late in fresh_for and no memory
//                                                     tier to notice it: answer, load, and on to queued
//   reading   stale copy                    queued    answer (stale), fill memory, load
//   reading   kept copy                     queued    fill memory, load (callers wait, but from now on no longer than
//                                                     soft_wait, and fall back on the copy)
//   reading   nothing, or an error          queued    load
//   queued    turn, the load is wanted      leasing   take_lease
//   queued    turn, without Redis           loading   proceed
//   queued    turn, no caller waits         ended     stand down
//   queued    loaded (refused before turn)  ended     answer (kept copy, else the error)
//   queued    its client's allowance or     queued    answer_leader (kept copy, else the error), load; and where no
//             time is over                            other waits: ended, as above
//   leasing   won                           loading   proceed
//   leasing   newer value                   ended     stand down, answer (lease), fill memory; give the lease back
//   leasing   a failure is remembered       ended     stand down, answer (kept copy, else that error)
//   leasing   the same, but forced, or a    loading   proceed (without a lease)
//             refusal and no copy is kept
//   leasing   lost                          awaiting  stand down, wait for the fill or the lease's end
//   leasing   lost, and a fill was heard    looking   stand down, look
//   leasing   error                         loading   proceed (without a lease: one flight per process)
//   awaiting  fill or fail heard, the       looking   look
//             channel is back, time is up
//   looking   newer value                   ended     answer (lease), fill memory
//   looking   a failure is remembered       ended     answer (kept copy, else that error)
//   looking   a refusal, no copy is kept    queued    load
//   looking   still held                    awaiting
//   looking   free, or an error             queued    load
//   loading   loaded                        ended     answer (miss), fill memory, write Redis, give the lease back
//   loading   failed                        ended     answer (kept copy, else the error), remember the failure
//   loading   refused, an answer is kept    ended     answer (kept copy), remember the refusal
//   any       age limit                     ended     answer (kept copy, else deadline_exceeded)
//   any       purge                         same      no copy is a fallback any more, what was read before is not
//                                                     taken, and a load under way will not be stored
//   any       new epoch                     same      as purge, but what is being read is judged by its own epoch: the
//                                                     caller sees to it that no copy of another one comes in
//
// A flight that ends with neither a value nor a failure to remember (it was refused, stood down or given up) says after
// how long a hit may start the next refresh (again_after).
//
// A refresh starts with the copy that is to be replaced; it takes Redis's copy only if that one was stored later.
// A caller that joins a flight with a servable copy gets it at once.
//
// A forced flight, or one that a caller that wants a new answer has joined, does not answer with an older value: a
// value that is read in Redis, or is there when the lease is taken, counts as a kept copy, and only a value that is
// stored later is newer. A remembered failure then does not stop the load, which proceeds without a lease.
//
// Thread-safety: none. Run uses it under the lock of the flight's shard.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "cache/remote_tier.hpp"
#include "cache/served.hpp"

namespace wx::cache {

struct FlightOptions {
  bool remote = false;          // there is a Redis tier
  bool memory = true;           // the memory tier is filled
  bool bypass = false;          // read and fill no tier: load only
  bool forced = false;          // the client wants a new answer: an existing copy is only a fallback
  bool confirm = false;         // the held copy is doubtful until Redis holds the same one, still fresh
  bool inline_refresh = false;  // callers with a stale copy wait as with a kept one (CACHE_REFRESH=inline)
  double early_part = 0.8;
};

// A copy and the tier it came from.
struct HeldCopy {
  Copy copy;
  Tier tier;
};

// The answer to all waiting callers.
struct Verdict {
  Outcome outcome = Outcome::miss;  // for the leader; a waiter's miss becomes collapsed
  Tier tier = Tier::loader;
  std::optional<Copy> copy;    // either this
  std::optional<Error> error;  // or this
};

// Why a load brought no new answer: an error, or a refusal that may not replace the answer that is kept. Both are empty
// for a refusal of another process, whose reason is unknown here.
struct Failure {
  std::optional<Error> error;
  std::optional<Copy> refusal;
};

// LeaseView with the entry taken over as a copy.
struct LeaseSeen {
  bool won = false;
  std::optional<Copy> copy;
  std::optional<FailureMemo> failure;
  std::optional<milliseconds> held_for;
};

struct Actions {
  bool read_remote = false;
  bool load = false;                 // call the loader
  bool take_lease = false;           // the loader's turn has come: it waits for `proceed`
  bool look = false;                 // read the state of the key and its lease
  std::optional<nanoseconds> await;  // call look_again() after this long, unless a message comes before
  std::optional<bool> proceed;       // answer the loader's turn
  std::optional<Copy> fill_memory;
  std::optional<Copy> write_remote;
  bool release_lease = false;                // with write_remote, or alone
  std::optional<Failure> failed;             // a failed load to remember
  bool failure_to_fleet = false;             // the lease becomes the fleet's memory of the failure
  std::optional<FailureMemo> fleet_failure;  // another process's failure to remember
  bool fallback = false;                     // there is a kept copy now: callers wait for soft_wait only
  std::optional<nanoseconds> again_after;    // ended without result: a hit may start a refresh after this long
  std::optional<Verdict> answer_leader;      // for the leader alone; `load` goes on for the next waiter
  std::optional<Verdict> answer;
  bool ended = false;
};

class Flight {
 public:
  enum class State : std::uint8_t { created, reading, queued, leasing, awaiting, looking, loading, ended };

  // `held`: the copy that a refresh is to replace, or a kept one that callers may fall back on.
  Flight(const FlightOptions& options, std::uint64_t key_hash, std::optional<HeldCopy> held);

  // The methods are the events of the table. An event that does not belong to the state changes nothing.
  Actions start();
  Actions remote_read(Result<std::optional<Copy>> result, SteadyTime now);
  // `somebody_waits`: callers wait, or the load is a refresh, which no caller waits for.
  Actions turn(bool somebody_waits);
  // `lease_until`: when a lease that is won now ends by itself, by this process's clock.
  Actions leased(Result<LeaseSeen> result, SteadyTime lease_until, SteadyTime now);
  Actions on_fill();
  Actions on_fail();
  Actions on_listening();
  Actions look_again();
  Actions looked(Result<LeaseSeen> result, SteadyTime now);
  // `others_wait`: a caller other than the leader waits and has time left, so it could be the next leader.
  Actions loaded(Result<Copy> result, bool others_wait, SteadyTime now);
  void purge();
  void new_epoch();
  // A caller joins that wants a new answer even if a copy is there.
  void force() { forced_ = true; }
  Actions age_limit(SteadyTime now);
  // Ends the flight after an exception, without any action: Run answers all waiters.
  void give_up() { state_ = State::ended; }

  // The answer that a caller gets at once; nothing if it has to wait.
  [[nodiscard]] std::optional<Verdict> join(SteadyTime now) const;

  // The answer to a waiter whose time is over; nothing if there is only an error.
  [[nodiscard]] std::optional<Verdict> kept_copy(Outcome outcome, SteadyTime now) const;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool redis_unavailable() const { return redis_unavailable_; }
  [[nodiscard]] const std::optional<HeldCopy>& held() const { return held_; }

 private:
  [[nodiscard]] bool is_newer(const Copy& copy, SteadyTime now) const;
  [[nodiscard]] bool confirms_held(const Copy& copy, SteadyTime now) const;
  [[nodiscard]] bool lease_ours(SteadyTime now) const { return lease_until_ && now < *lease_until_; }
  [[nodiscard]] Verdict failure(Error error, SteadyTime now) const;
  Actions look_if_awaiting();
  // Both reads of the lease use it: a newer value or a remembered failure ends the flight. A remembered refusal does so
  // only if there is a kept copy to answer with: the process that loads learns the reason.
  bool ends_flight(const LeaseSeen& seen, Actions& actions, SteadyTime now);
  void call(Actions& actions);
  void end(Actions& actions);

  const FlightOptions options_;
  const std::uint64_t key_hash_;
  std::optional<HeldCopy> held_;
  State state_ = State::created;
  std::optional<SteadyTime> lease_until_;
  bool forced_;
  bool heard_ = false;  // a fill or fail came while the lease was being taken or read
  bool purged_ = false;
  bool redis_unavailable_ = false;
};

}  // namespace wx::cache
