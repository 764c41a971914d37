// One caller of TieredCache::get() that waits for a flight.
//
// Thread-safety: everything on the caller's thread, except the constants.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cache/cache_thread.hpp"
#include "cache/loader.hpp"
#include "cache/served.hpp"
#include "observability/log.hpp"

namespace wx::cache {

using GetCallback = std::move_only_function<void(Result<Served>)>;

// Calls `done` and destroys it. An exception from it is logged and ends here: neither the flight nor another caller
// suffers. What `done` owns goes with it (an http_server::Responder that has not answered then sends 500).
void answer_caller(GetCallback done, Result<Served>&& result, observability::Log& log);

// The start of a caller's wait, and its ends.
struct WaitLimits {
  SteadyTime since;
  SteadyTime deadline;       // the caller stops waiting
  SteadyTime soft_deadline;  // the caller takes a kept copy instead, if there is one
};

struct Waiter {
  Waiter(CacheThread& t, observability::Log& g, const WaitLimits& l, GetCallback d)
      : thread(t), log(g), limits(l), done(std::move(d)) {}

  // Answers the caller; every later call does nothing.
  void answer(Result<Served>&& result);

  CacheThread& thread;
  observability::Log& log;
  const WaitLimits limits;
  GetCallback done;
  bool answered = false;
  std::optional<DeadlineQueue::Ticket> ticket;
};
using WaiterPtr = std::shared_ptr<Waiter>;

// A waiter as its flight holds it.
struct Waiting {
  WaiterPtr waiter;
  Loader loader;        // for when this caller becomes the leader
  bool leader = false;  // the flight loads with this caller's loader
};

// The waiters that one event answers, and their answers. An answer that is not decided is `internal`: an exception on
// the way leaves no caller without one.
struct AnsweredWaiters {
  // Answers each on its own thread: at once on `here`, else posted.
  void answer(const CacheThread& here) const;

  std::vector<Waiting> waiters;
  std::optional<Result<Served>> for_leader;
  std::optional<Result<Served>> for_others;
};

}  // namespace wx::cache
