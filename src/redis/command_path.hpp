// The way of commands to one server and of replies back, over whichever connection serves at the time.
//
//   [waiting]  from construction until open() or close(): commands are kept for the first connection, at most 300 ms
//   [open]     commands are appended to the connection and complete with their reply or at their deadline
//   [closed]   commands fail at once
//
// Time comes from the clock given; no timer of its own. The owner calls expire() when next_due() has come.
//
// Thread: one, except timeout(), which any thread may call.
#pragma once

#include <atomic>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "observability/metrics.hpp"
#include "redis/callback_guard.hpp"
#include "redis/command.hpp"
#include "redis/connection.hpp"
#include "redis/pending_queue.hpp"
#include "redis/redis_options.hpp"

namespace wx::redis {

class CommandPath {
 public:
  using Expect = PendingQueue::Expect;

  // All references must outlive the path.
  CommandPath(const RedisOptions& options, const Clock& clock, observability::Metrics& metrics, CallbackGuard& guard);

  // Sends one command, or all of a pipeline or none. Returns when it is due; nothing if it failed at once.
  std::optional<SteadyTime> command(std::span<const Argument> arguments, Callback done, Expect expect);
  std::optional<SteadyTime> pipeline(std::span<Command> commands);

  // How long a command waits for its reply.
  [[nodiscard]] milliseconds timeout() const { return milliseconds(timeout_ms_.load(std::memory_order_relaxed)); }
  // Derives the timeout from the round trip, where REDIS_TIMEOUT does not set it.
  void set_round_trip(nanoseconds round_trip);

  // `connection` serves from now on and must live until close(). Commands that were waiting go out with send_early(),
  // so that the caller can send its own before them.
  void open(Connection& connection);
  void send_early();
  // Fails every command, and later ones at once, until open().
  void close(ErrorKind kind, std::string_view detail) noexcept;

  // Takes a reply that is no push. Returns false if no command expects it: the connection is out of step.
  [[nodiscard]] bool on_reply(const Reply& reply, SteadyTime now);
  // Takes a push. Returns false if it confirms no SUBSCRIBE of ours.
  [[nodiscard]] bool on_push(const Reply& push, SteadyTime now) { return pending_.on_push(push, now); }

  // Fails the commands whose time is over: those still waiting for the first connection, and those that were sent.
  void expire_early(SteadyTime now);
  void expire(SteadyTime now);
  // The next moment at which a command may be due.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;
  // Whether a command that was sent is due.
  [[nodiscard]] bool overdue(SteadyTime now) const;
  // Since when the server owes a reply.
  [[nodiscard]] std::optional<SteadyTime> owing_since() const { return pending_.owing_since(); }

 private:
  // A command that is waiting for the first connection.
  struct Early {
    std::string bytes;
    Callback done;
    Callback late;
    SteadyTime came;
    Expect expect;
  };
  SteadyTime send(Command&& command, Expect expect, SteadyTime now);
  // Why `commands` more commands cannot be taken; empty if they can.
  [[nodiscard]] std::string_view refusal(std::size_t commands) const;
  Callback take_early();

  const RedisOptions& options_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  CallbackGuard& guard_;
  std::atomic<milliseconds::rep> timeout_ms_;
  Connection* connection_ = nullptr;  // set while open
  bool waiting_ = true;
  PendingQueue pending_;
  std::deque<Early> early_;
};

}  // namespace wx::redis
