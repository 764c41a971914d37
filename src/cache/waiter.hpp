// A caller of TieredCache::get() that waits for a flight.
//
// Thread-safety: a Waiter belongs to its caller's thread; only `thread`, `log`,
// `limits` and `gone` may be read on others. A
// WaiterSlot is guarded by the mutex of the flight's shard. AnsweredWaiters belongs to the flight's thread.
#pragma once

#include <atomic>
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

// Calls `done` and destroys it, with everything that it owns (an http_server::Responder that has not answered then
// sends 500). An exception from `done` is logged and not passed on, so it affects neither the flight nor another
// caller.
void answer_caller(GetCallback done, Result<Served>&& result, observability::Log& log);

// The start and the limits of a caller's wait.
struct WaitLimits {
  SteadyTime since;
  SteadyTime deadline;       // the caller stops waiting
  SteadyTime soft_deadline;  // from then on the caller takes the fallback, if there is one
};

struct Waiter {
  Waiter(CacheThread& t, observability::Log& g, const WaitLimits& l, std::shared_ptr<const std::atomic<bool>> leaves,
         GetCallback d)
      : thread(t), log(g), limits(l), gone(std::move(leaves)), done(std::move(d)) {}

  // Returns false if the caller needs no answer any more. From any thread.
  [[nodiscard]] bool wanted() const { return !gone || !gone->load(std::memory_order_relaxed); }

  // Answers the caller. Later calls do nothing.
  void answer(Result<Served>&& result);

  CacheThread& thread;
  observability::Log& log;
  const WaitLimits limits;
  const std::shared_ptr<const std::atomic<bool>> gone;  // see Lookup::gone
  GetCallback done;
  bool answered = false;
  std::optional<DeadlineQueue::Ticket> ticket;  // of the timeout that Run::set_timeout() has set
};
using WaiterPtr = std::shared_ptr<Waiter>;

// A waiter in its flight's list.
struct WaiterSlot {
  WaiterPtr waiter;
  Loader loader;        // used if this caller becomes the leader
  bool leader = false;  // the flight loads with this caller's loader
};

// The waiters that one event answers, and their answers. Without an answer they get ErrorKind::internal, so that every
// caller gets one even after an exception.
struct AnsweredWaiters {
  // Answers each waiter on its thread: directly if that is `here`, else by posting.
  void answer(const CacheThread& here) const;

  std::vector<WaiterSlot> waiters;
  std::optional<Result<Served>> for_leader;
  std::optional<Result<Served>> for_others;
};

}  // namespace wx::cache
