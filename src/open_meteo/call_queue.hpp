// The calls before the gate: those that wait for a slot, and those that were just given one.
//
// Thread-safety: any thread. No callback is called under the lock.
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "open_meteo/call_in_progress.hpp"
#include "open_meteo/gate.hpp"

namespace wx::open_meteo {

class CallQueue {
 public:
  explicit CallQueue(GateOptions options) : gate_(options) {}

  // Gives `call` a slot (Start), keeps it until one is free (Wait), or refuses it.
  [[nodiscard]] Gate::Decision enter(const CallPtr& call, SteadyTime now);

  struct Left {
    std::vector<CallPtr> expired;  // waited beyond their deadline: no longer in the queue
    bool run_ready = false;        // the caller begins all that next_ready() returns
  };
  // Takes the slot back, and gives it to the next call. A call without a slot changes nothing.
  [[nodiscard]] Left leave(CallInProgress& call, SteadyTime now);

  // The next call that has a slot and has not begun. Null: there is none, and the loop of the caller ends. One thread
  // at a time runs that loop, so that a queue whose calls all end at once is one loop and not one stack frame per call.
  [[nodiscard]] CallPtr next_ready();

  // Removes and returns the calls that wait, for shutting down.
  [[nodiscard]] std::vector<CallPtr> clear();

  [[nodiscard]] std::size_t running() const;  // with a slot
  [[nodiscard]] std::size_t queued() const;

 private:
  CallPtr take(Gate::Ticket ticket) WX_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Gate gate_ WX_GUARDED_BY(mutex_);
  Gate::Ticket last_ticket_ WX_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Gate::Ticket, CallPtr> waiting_ WX_GUARDED_BY(mutex_);
  std::deque<CallPtr> ready_ WX_GUARDED_BY(mutex_);
  bool runs_ready_ WX_GUARDED_BY(mutex_) = false;  // a thread is in the loop over next_ready()
};

}  // namespace wx::open_meteo
