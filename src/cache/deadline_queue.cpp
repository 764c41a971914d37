#include "cache/deadline_queue.hpp"

#include <algorithm>
#include <utility>

namespace wx::cache {

DeadlineQueue::Ticket DeadlineQueue::add(SteadyTime deadline, Task task) {
  const auto ticket = tasks_.emplace(deadline, std::move(task));
  // A timer that is armed for an earlier time is kept; when it fires, it is armed for the next deadline. So a steady
  // stream of requests that are answered long before their deadlines rarely arms the timer.
  if (deadline < armed_for_) arm(deadline);
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
  timer_ = executor_.after(std::max(at - clock_.steady(), nanoseconds(0)), [this] { run_due(); });
  armed_for_ = at;
}

}  // namespace wx::cache
