#include "open_meteo/call_queue.hpp"

#include <utility>
#include <variant>

namespace wx::open_meteo {

std::size_t CallQueue::bytes_in_flight() const {
  return bytes_ ? bytes_->load(std::memory_order_relaxed) : 0;
}

Gate::Decision CallQueue::enter(const CallPtr& call, SteadyTime now) {
  const Lock lock(mutex_);
  call->ticket = ++last_ticket_;
  const auto decision = gate_.enter(call->ticket, call->purpose, now, call->start_deadline, bytes_in_flight());
  call->has_slot = std::holds_alternative<Gate::Start>(decision);
  if (std::holds_alternative<Gate::Wait>(decision)) waiting_.emplace(call->ticket, call);
  return decision;
}

CallQueue::Left CallQueue::leave(CallInProgress& call, SteadyTime now) {
  Left left;
  if (!std::exchange(call.has_slot, false)) return left;
  const Lock lock(mutex_);
  const auto ending = call.sent ? Gate::Ending::called : Gate::Ending::not_called;
  const auto turn = gate_.leave(call.ticket, now, ending, bytes_in_flight());
  for (const auto late : turn.expired) left.expired.push_back(take(late));
  for (const auto next : turn.start) {
    ready_.push_back(take(next));
    ready_.back()->has_slot = true;
  }
  left.run_ready = !turn.start.empty() && !std::exchange(runs_ready_, true);
  return left;
}

std::vector<CallPtr> CallQueue::waiting() const {
  const Lock lock(mutex_);
  std::vector<CallPtr> all;
  all.reserve(waiting_.size());
  for (const auto& [ticket, call] : waiting_) all.push_back(call);
  return all;
}

bool CallQueue::remove(const CallPtr& call) {
  const Lock lock(mutex_);
  return gate_.remove(call->ticket) && waiting_.erase(call->ticket) != 0;
}

void CallQueue::park(const CallPtr& call) {
  const Lock lock(mutex_);
  parked_.push_back(call);
}

CallQueue::Left CallQueue::unpark(SteadyTime now) {
  Left left;
  const Lock lock(mutex_);
  for (auto& call : std::exchange(parked_, {})) {
    if (call->start_deadline <= now) {
      left.expired.push_back(std::move(call));
    } else {
      gate_.restart(call->ticket, now);
      ready_.push_back(std::move(call));
    }
  }
  left.run_ready = !ready_.empty() && !std::exchange(runs_ready_, true);
  return left;
}

CallPtr CallQueue::next_ready() {
  const Lock lock(mutex_);
  if (ready_.empty()) {
    runs_ready_ = false;
    return nullptr;
  }
  auto next = std::move(ready_.front());
  ready_.pop_front();
  return next;
}

std::vector<CallPtr> CallQueue::clear() {
  const Lock lock(mutex_);
  std::vector<CallPtr> all;
  for (const auto ticket : gate_.clear_queue()) all.push_back(take(ticket));
  for (auto& call : std::exchange(parked_, {})) all.push_back(std::move(call));
  return all;
}

std::size_t CallQueue::running() const {
  const Lock lock(mutex_);
  return gate_.running();
}

std::size_t CallQueue::queued() const {
  const Lock lock(mutex_);
  return gate_.queued();
}

CallPtr CallQueue::take(Gate::Ticket ticket) {
  return std::move(waiting_.extract(ticket).mapped());
}

}  // namespace wx::open_meteo
