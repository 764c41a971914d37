// The deadlines of one I/O thread's waiters, with one timer for all of them.
//
// Thread-safety: none; the executor's thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/clock.hpp"
#include "base/executor.hpp"

namespace wx::cache {

class DeadlineQueue {
 public:
  using Task = std::function<void()>;
  using Ticket = std::multimap<SteadyTime, Task>::iterator;

  DeadlineQueue(Executor& executor, const Clock& clock) : executor_(executor), clock_(clock) {}

  // Calls `task` once, at or shortly after `deadline`, unless cancel() is called first. A ticket is valid until its
  // task starts.
  [[nodiscard]] Ticket add(SteadyTime deadline, Task task);
  void cancel(Ticket ticket) { tasks_.erase(ticket); }

  // Runs the tasks that are due and arms the timer for the next deadline. Called by the timer.
  void run_due();

 private:
  void arm(SteadyTime at);

  Executor& executor_;
  const Clock& clock_;
  std::multimap<SteadyTime, Task> tasks_;
  std::unique_ptr<Timer> timer_;
  SteadyTime armed_for_ = SteadyTime::max();  // max() if not armed
};

}  // namespace wx::cache
