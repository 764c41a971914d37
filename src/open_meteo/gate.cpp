#include "open_meteo/gate.hpp"

#include <algorithm>
#include <span>

namespace wx::open_meteo {
namespace {

// The last call has a weight of 1/8 in the estimate, as in TCP's smoothed round-trip time (RFC 6298 §2).
constexpr int kWeight = 8;
constexpr nanoseconds kShortestEstimate = milliseconds(1);
// A shorter Retry-After would invite an immediate retry.
constexpr nanoseconds kShortestRetry = milliseconds(1000);

}  // namespace

Gate::Gate(GateOptions options) : options_(options), estimate_(options.first_estimate) {
  options_.concurrency = std::max<std::size_t>(options_.concurrency, 1);
}

std::size_t Gate::ahead_of(std::size_t lines) const {
  std::size_t sum = 0;
  for (const auto& line : std::span(lines_).first(lines)) sum += line.size();
  return sum;
}

nanoseconds Gate::expected_wait(std::size_t ahead, SteadyTime now) const {
  // The time left of each running call; at least 0, because an overdue call may end at any moment.
  std::vector<nanoseconds> left;
  left.reserve(options_.concurrency);
  for (const auto& [ticket, started] : running_) left.push_back(std::max(started + estimate_ - now, nanoseconds(0)));
  left.resize(std::max(left.size(), options_.concurrency));
  std::ranges::sort(left);
  return left[ahead % options_.concurrency] + static_cast<long>(ahead / options_.concurrency) * estimate_;
}

bool Gate::has_room(std::size_t bytes) const {
  return running_.empty() || (running_.size() < options_.concurrency && bytes < options_.max_bytes);
}

Gate::Decision Gate::enter(Ticket ticket, Purpose purpose, SteadyTime now, SteadyTime deadline, std::size_t bytes) {
  // A slot can be free while others wait, if the bodies had no room for them.
  if (has_room(bytes) && queued() == 0) {
    running_.emplace(ticket, now);
    return Start{};
  }
  const auto line = static_cast<std::size_t>(purpose);
  const nanoseconds wait = expected_wait(ahead_of(line + 1), now);
  const nanoseconds longest_wait = std::max(deadline - now, nanoseconds(0));
  if (queued() >= options_.max_queue || wait >= longest_wait) {
    return Refuse{std::max(wait - longest_wait, kShortestRetry)};
  }
  lines_.at(line).push_back({ticket, deadline});
  return Wait{};
}

Gate::Turn Gate::leave(Ticket ticket, SteadyTime now, Ending ending, std::size_t bytes) {
  Turn turn;
  const auto ended = running_.find(ticket);
  if (ended == running_.end()) return turn;
  if (ending == Ending::called) {
    const nanoseconds took = now - ended->second;
    estimate_ = std::max(estimate_ + (took - estimate_) / kWeight, kShortestEstimate);
  }
  running_.erase(ended);

  for (auto& line : lines_) {
    while (!line.empty() && has_room(bytes)) {
      const Waiting next = line.front();
      line.pop_front();
      if (next.deadline > now) {
        running_.emplace(next.ticket, now);
        turn.start.push_back(next.ticket);
      } else {
        turn.expired.push_back(next.ticket);
      }
    }
  }
  return turn;
}

void Gate::restart(Ticket ticket, SteadyTime now) {
  if (const auto at = running_.find(ticket); at != running_.end()) at->second = now;
}

bool Gate::remove(Ticket ticket) {
  return std::ranges::any_of(lines_, [ticket](auto& line) {
    return std::erase_if(line, [ticket](const Waiting& one) { return one.ticket == ticket; }) != 0;
  });
}

std::vector<Gate::Ticket> Gate::clear_queue() {
  std::vector<Ticket> all;
  for (auto& line : lines_) {
    for (const Waiting& one : line) all.push_back(one.ticket);
    line.clear();
  }
  return all;
}

}  // namespace wx::open_meteo
