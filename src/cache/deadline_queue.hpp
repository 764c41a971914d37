// Deadlines of those who wait on one I/O thread, behind one timer instead of one each.
//
// Thread-safety: none; everything on the executor's thread.
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

  // Calls `task` once, at or shortly after `deadline`, unless cancelled before. A ticket is good until its task ran.
  [[nodiscard]] Ticket add(SteadyTime deadline, Task task);
  void cancel(Ticket ticket) { tasks_.erase(ticket); }

  // Runs what is due, and waits for the next; the timer calls it.
  void run_due();

  [[nodiscard]] std::size_t size() const { return tasks_.size(); }

 private:
  void arm(SteadyTime at);

  Executor& executor_;
  const Clock& clock_;
  std::multimap<SteadyTime, Task> tasks_;
  std::unique_ptr<Timer> timer_;
  SteadyTime armed_for_ = SteadyTime::max();  // max: not armed
};

}  // namespace wx::cache
