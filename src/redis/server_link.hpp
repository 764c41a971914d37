// The link to one server at one address: it dials, greets, serves commands, notices that the server is gone, waits, and
// dials again, for as long as it is not stopped.
//
//   start() ─► preparing ─► dialling ─► greeting ─► serving ─┐
//              (TLS only)       │           │          │     │  fault, or a reply that is missing for 1 s
//                  ▲            └───────────┴──────────┴─────┴─► pausing ─┐
//                  └──────────────────────── back-off ────────────────────┘
//
// This class is the life cycle; CommandPath carries the commands, ServerBreaker judges the server.
//
// One timer serves everything that has a deadline, the breaker's probes included. It is set for the nearest deadline,
// and set again only when a nearer one turns up, so that a busy connection does not touch the timer for each command.
//
// An exception costs the step in which it is thrown, never the link: while the link runs, a timer is set or is set
// again with the next command, so there always is a next attempt.
//
// Thread: its executor's, except state(), available() and command_timeout(), which any thread may call.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "redis/address.hpp"
#include "redis/backoff.hpp"
#include "redis/command_path.hpp"
#include "redis/common.hpp"
#include "redis/connection.hpp"
#include "redis/connection_state.hpp"
#include "redis/handshake.hpp"
#include "redis/replica_policy.hpp"
#include "redis/server_breaker.hpp"

namespace wx::redis {

class ServerLink : private Connection::Listener {
 public:
  using Expect = CommandPath::Expect;

  // `context` must be run by one thread, the one of `executor`. All references must outlive the link.
  ServerLink(boost::asio::io_context& context, Executor& executor, Common& common, Address address,
             Credentials credentials, std::uint32_t database);

  // The handlers and calls are those of Client, for this one server.
  void start();
  void stop();
  [[nodiscard]] ConnectionState state() const { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] milliseconds command_timeout() const { return path_.timeout(); }
  [[nodiscard]] bool left_replica() const { return left_replica_; }
  [[nodiscard]] bool on_replica() const { return on_replica_; }

  void command(std::span<const Argument> arguments, Callback done, Expect expect);
  void pipeline(std::span<Command> commands);
  void renew(Credentials credentials);

  [[nodiscard]] bool available() const { return breaker_.available(); }
  void record(const Error* error);
  void on_available(std::move_only_function<void()> handler) { breaker_.on_closed(std::move(handler)); }

  std::move_only_function<void(const Reply&)> push_handler;
  std::move_only_function<void()> connected_handler;
  std::move_only_function<void()> disconnected_handler;

 private:
  // A server that sends no reply for this long is gone: a black hole, a frozen machine.
  static constexpr milliseconds kSilence{1000};
  // The longest attempt to connect: reading certificates, resolving, connecting.
  static constexpr milliseconds kAttempt{5000};

  enum class Phase : std::uint8_t { idle, preparing, dialling, greeting, serving, pausing, stopped };
  // Why an attempt or a connection is over.
  struct Loss {
    std::string_view reason;  // for the log
    RetryDelay retry = RetryDelay::soon;
    bool leaves_replica = false;
    // For the commands that were under way.
    ErrorKind kind = ErrorKind::redis_unavailable;
    std::string_view detail = "connection lost";
  };

  // Connection::Listener
  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_fault(const ConnectionFault& fault) override;

  template <class Queue>
  void send(Queue queue);
  void begin_attempt();
  void dial(std::shared_ptr<TlsContext> tls);
  void on_greeting(const Reply& reply);
  void begin_serving();
  void serve(const Reply& reply);
  void on_readonly();
  void lose(const Loss& loss);

  // Sets the timer for `due` unless it is set for an earlier time. If no timer can be made, an earlier one stays.
  void arm(SteadyTime due) noexcept;
  void arm_next() noexcept;
  void on_timer();
  void run_due(SteadyTime now);
  void check_attempt(SteadyTime now);
  void check_serving(SteadyTime now);
  // The next moment at which something may be due.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;
  [[nodiscard]] std::optional<SteadyTime> next_due_of_phase() const;

  boost::asio::io_context& context_;
  Executor& executor_;
  Common& common_;
  const Address address_;
  Credentials credentials_;
  const std::uint32_t database_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  CallbackGuard& guard_;

  std::atomic<ConnectionState> state_{ConnectionState::connecting_first};
  Phase phase_ = Phase::idle;
  std::shared_ptr<Connection> connection_;
  std::optional<Handshake> handshake_;
  CommandPath path_;
  ServerBreaker breaker_;
  Backoff backoff_;
  ReplicaPolicy replica_policy_;

  SteadyTime attempt_start_{};
  SteadyTime greeted_at_{};   // when HELLO was sent
  nanoseconds round_trip_{};  // of HELLO
  SteadyTime up_since_{};
  SteadyTime last_heard_{};
  SteadyTime retry_at_{};
  bool on_replica_ = false;
  bool left_replica_ = false;

  std::unique_ptr<Timer> timer_;
  SteadyTime armed_for_{};
  bool gave_grace_ = false;
  // Lets work that was posted to the executor notice that the link is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace wx::redis
