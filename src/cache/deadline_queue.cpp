#include "cache/deadline_queue.hpp"

#include <algorithm>
#include <utility>

namespace wx::cache {
namespace {

// A timer that is overdue by this much has not merely been delayed by a busy thread.
constexpr nanoseconds kOverdue = milliseconds(100);

}  // namespace

DeadlineQueue::Ticket DeadlineQueue::add(SteadyTime deadline, Task task) {
  const auto ticket = tasks_.emplace(deadline, std::move(task));
  // A timer that is armed for an earlier time is kept; when it fires, it is armed for the next deadline. So a steady
  // stream of requests that are answered long before their deadlines rarely arms the timer.
  // An overdue one runs by a clock that stood still while ours went on (a suspended machine), and would come too late.
  const bool overdue = armed_for_ < clock_.steady() - kOverdue;
  if (deadline < armed_for_ || overdue) arm(tasks_.begin()->first);
  return ticket;
}

void DeadlineQueue::run_due() {
  armed_for_ = SteadyTime::max();
  while (!tasks_.empty() && tasks_.begin()->first <= clock_.steady()) {
    const Task task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    task();
  }
  if (!tasks_.empty() && tasks_.begin()->first < armed_for_) arm(tasks_.begin()->first);
}

void DeadlineQueue::arm(SteadyTime at) {
  armed_for_ = SteadyTime::max();  // if after() throws, the next add() arms the timer
  const auto now = clock_.steady();
  timer_ = executor_.after(std::max(at - now, nanoseconds(0)), [this] { run_due(); });
  armed_for_ = std::max(at, now);
}

}  // namespace wx::cache
