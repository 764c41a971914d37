// The calls at the gate: those that wait for a slot, those that have received one but have not begun, and those that
// hold theirs until the breaker's probe has ended.
//
// Thread-safety: any thread. Calls no callback, so none runs under the lock.
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "http_client/http_client.hpp"
#include "open_meteo/call_in_progress.hpp"
#include "open_meteo/gate.hpp"

namespace wx::open_meteo {

class CallQueue {
 public:
  // `bytes` are those of the replies that running calls receive; null: not counted.
  explicit CallQueue(GateOptions options, http_client::BytesInFlight bytes = nullptr)
      : bytes_(std::move(bytes)), gate_(options) {}

  // Gives `call` a slot (Start), keeps it until one is free (Wait), or refuses it.
  [[nodiscard]] Gate::Decision enter(const CallPtr& call, SteadyTime now);

  struct Left {
    std::vector<CallPtr> expired;  // their deadline has passed; removed from the queue
    bool run_ready = false;        // the caller must begin every call that next_ready() returns
  };
  // Takes the slot of `call` and gives the free slots to waiting calls. Does nothing if `call` has no slot.
  [[nodiscard]] Left leave(CallInProgress& call, SteadyTime now);

  // All calls that wait for a slot.
  [[nodiscard]] std::vector<CallPtr> waiting() const;
  // Removes a call that waits for a slot. Returns false if it waits no more.
  bool remove(const CallPtr& call);

  // Keeps a call that has a slot until unpark(), because the breaker's probe must end first. Parked calls keep their
  // slots, so the calls behind them wait in the queue, in its order and with its estimates.
  void park(const CallPtr& call);
  // Makes the parked calls ready to begin, except those whose deadline has passed.
  [[nodiscard]] Left unpark(SteadyTime now);

  // Returns the next call that has a slot and has not begun, or null, which ends the caller's loop. One thread at a
  // time runs that loop. Calls that end as soon as they begin are therefore handled by a loop, not by recursion.
  [[nodiscard]] CallPtr next_ready();

  // Removes and returns all waiting and all parked calls, for shutdown.
  [[nodiscard]] std::vector<CallPtr> clear();

  [[nodiscard]] std::size_t running() const;  // calls with a slot
  [[nodiscard]] std::size_t queued() const;

 private:
  [[nodiscard]] std::size_t bytes_in_flight() const;
  CallPtr take(Gate::Ticket ticket) WX_REQUIRES(mutex_);

  const http_client::BytesInFlight bytes_;
  mutable Mutex mutex_;
  Gate gate_ WX_GUARDED_BY(mutex_);
  Gate::Ticket last_ticket_ WX_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Gate::Ticket, CallPtr> waiting_ WX_GUARDED_BY(mutex_);
  std::deque<CallPtr> ready_ WX_GUARDED_BY(mutex_);
  std::vector<CallPtr> parked_ WX_GUARDED_BY(mutex_);
  bool runs_ready_ WX_GUARDED_BY(mutex_) = false;  // a thread is in the loop over next_ready()
};

}  // namespace wx::open_meteo
