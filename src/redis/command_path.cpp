#include "redis/command_path.hpp"

#include <algorithm>
#include <utility>

#include "redis/command_encoder.hpp"

namespace wx::redis {
namespace {

using observability::Counter;

// How long a command waits for the very first connection.
constexpr milliseconds kEarlyWait{300};

constexpr milliseconds kLeastTimeout{50};
constexpr milliseconds kMostTimeout{300};

}  // namespace

CommandPath::CommandPath(const RedisOptions& options, const Clock& clock, observability::Metrics& metrics,
                         CallbackGuard& guard)
    : options_(options),
      clock_(clock),
      metrics_(metrics),
      guard_(guard),
      timeout_ms_(options.timeout.value_or(kMostTimeout).count()),
      pending_(guard) {}

std::string_view CommandPath::refusal(std::size_t commands) const {
  if (connection_ == nullptr && !waiting_) return "not connected";
  if (pending_.size() + early_.size() + commands > options_.max_in_flight) return "too many in flight";
  if (connection_ != nullptr && connection_->unsent() > options_.max_unsent_bytes) return "too much unsent";
  return {};
}

SteadyTime CommandPath::send(Command&& command, Expect expect, SteadyTime now) {
  metrics_.add(Counter::redis_commands);
  if (connection_ == nullptr) {
    Early early{
        .bytes = {}, .done = std::move(command.done), .late = std::move(command.late), .came = now, .expect = expect};
    append_command(early.bytes, command.arguments);
    early_.push_back(std::move(early));
    return now + kEarlyWait;
  }
  const SteadyTime deadline = now + timeout();
  std::string& out = connection_->out();
  const std::size_t before = out.size();
  try {
    append_command(out, command.arguments);
    pending_.add(std::move(command.done), std::move(command.late), now, deadline, expect);
  } catch (...) {
    // A command without its place in the queue would give every later reply to the wrong command.
    out.resize(before);
    throw;
  }
  connection_->flush();
  return deadline;
}

std::optional<SteadyTime> CommandPath::command(std::span<const Argument> arguments, Callback done, Expect expect) {
  if (const auto why = refusal(1); !why.empty()) {
    guard_.fail(std::move(done), ErrorKind::redis_unavailable, why);
    return std::nullopt;
  }
  return send({.arguments = arguments, .done = std::move(done)}, expect, clock_.steady());
}

std::optional<SteadyTime> CommandPath::pipeline(std::span<Command> commands) {
  if (const auto why = refusal(commands.size()); !why.empty()) {
    for (Command& command : commands)
      guard_.fail(std::exchange(command.done, nullptr), ErrorKind::redis_unavailable, why);
    return std::nullopt;
  }
  const SteadyTime now = clock_.steady();
  std::optional<SteadyTime> due;
  for (Command& command : commands) due = send(std::move(command), Expect::reply, now);
  return due;
}

void CommandPath::set_round_trip(nanoseconds round_trip) {
  if (options_.timeout) return;
  const auto triple = std::chrono::ceil<milliseconds>(3 * round_trip);
  timeout_ms_.store(std::clamp(triple, kLeastTimeout, kMostTimeout).count(), std::memory_order_relaxed);
}

void CommandPath::open(Connection& connection) {
  connection_ = &connection;
  waiting_ = false;
}

void CommandPath::send_early() {
  const SteadyTime now = clock_.steady();
  // One by one: an exception ends the connection, and close() then fails those that are left.
  while (!early_.empty()) {
    Early& early = early_.front();
    connection_->out().append(early.bytes);
    pending_.add(std::move(early.done), std::move(early.late), now, now + timeout(), early.expect);
    early_.pop_front();
  }
  if (!pending_.empty()) connection_->flush();
}

void CommandPath::close(ErrorKind kind, std::string_view detail) noexcept {
  connection_ = nullptr;
  waiting_ = false;
  pending_.fail_all(kind, detail);
  while (!early_.empty()) guard_.fail(take_early(), kind, detail);
}

bool CommandPath::on_reply(const Reply& reply, SteadyTime now) {
  if (reply.is_error()) metrics_.add(Counter::redis_errors);
  return pending_.on_reply(reply, now) != PendingQueue::Taken::unexpected;
}

void CommandPath::expire_early(SteadyTime now) {
  while (!early_.empty() && early_.front().came + kEarlyWait <= now) {
    guard_.fail(take_early(), ErrorKind::redis_unavailable, "not connected yet");
  }
}

void CommandPath::expire(SteadyTime now) {
  if (const std::size_t expired = pending_.expire(now)) metrics_.add(Counter::redis_timeouts, expired);
}

std::optional<SteadyTime> CommandPath::next_due() const {
  if (!early_.empty()) return early_.front().came + kEarlyWait;
  return pending_.next_deadline();
}

bool CommandPath::overdue(SteadyTime now) const {
  const auto deadline = pending_.next_deadline();
  return deadline && *deadline <= now;
}

// Taken off the queue before it is called, since it may send more commands.
Callback CommandPath::take_early() {
  Callback done = std::move(early_.front().done);
  early_.pop_front();
  return done;
}

}  // namespace wx::redis
