// What a client does between two events: dial, greet, serve, notice that Redis is gone, wait, dial again.
//
//   start() ─► preparing ─► dialling ─► greeting ─► serving ─┐
//              (TLS only)       │           │          │     │  fault, or 1 s without a reply that is owed
//                  ▲            └───────────┴──────────┴─────┴─► pausing ─┐
//                  └──────────────────────── back-off ────────────────────┘
//
// One timer serves everything that has a deadline; it is set for the nearest and set anew only when something nearer
// turns up, so that a busy connection does not touch it per command.
//
// Thread: its executor's, but state() and command_timeout(), which any thread may call.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "redis/backoff.hpp"
#include "redis/client.hpp"
#include "redis/common.hpp"
#include "redis/connection.hpp"
#include "redis/handshake.hpp"
#include "redis/pending_queue.hpp"

namespace wx::redis {

class ClientCore : private Connection::Listener {
 public:
  using Expect = PendingQueue::Expect;

  ClientCore(boost::asio::io_context& context, Executor& executor, Common& common);

  void start();
  void stop();
  [[nodiscard]] State state() const { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] milliseconds command_timeout() const {
    return milliseconds(timeout_ms_.load(std::memory_order_relaxed));
  }

  [[nodiscard]] bool left_replica() const { return left_replica_; }
  [[nodiscard]] bool on_replica() const { return on_replica_; }

  void command(std::span<const std::string_view> arguments, Callback done, Expect expect);
  void pipeline(std::span<Command> commands);

  std::move_only_function<void(const Reply&)> push_handler;
  std::move_only_function<void()> connected_handler;
  std::move_only_function<void()> disconnected_handler;

 private:
  enum class Phase : std::uint8_t { idle, preparing, dialling, greeting, serving, pausing, stopped };
  enum class Patience : std::uint8_t { soon, slow };
  // A command that came before the first connection.
  struct Early {
    std::string bytes;
    Callback done;
    SteadyTime came;
    Expect expect;
  };

  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_fault(const ConnectionFault& fault) override;

  void begin_attempt();
  void dial(std::shared_ptr<TlsContext> tls);
  void on_greeting(const Reply& reply);
  void begin_serving();
  void send_early();
  void complete(const Reply& reply);
  void leave_replica();
  void lose(std::string_view reason, Patience patience, const Error& error, bool by_choice = false);

  void send(std::span<const std::string_view> arguments, Callback done, Expect expect, SteadyTime now);
  [[nodiscard]] std::optional<Error> refusal(std::size_t commands) const;

  void arm(SteadyTime due);
  void on_timer();
  void check_attempt(SteadyTime now);
  void check_serving(SteadyTime now);
  void expire_early(SteadyTime now);
  void fail_early(const Error& error);
  // The next moment at which something may be due.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;

  boost::asio::io_context& context_;
  Executor& executor_;
  Common& common_;
  const Clock& clock_;
  observability::Metrics& metrics_;

  std::atomic<State> state_{State::connecting_first};
  std::atomic<milliseconds::rep> timeout_ms_;

  Phase phase_ = Phase::idle;
  std::shared_ptr<Connection> connection_;
  std::optional<Handshake> handshake_;
  PendingQueue pending_;
  std::deque<Early> early_;
  Backoff backoff_;

  SteadyTime attempt_start_{};
  SteadyTime greeted_at_{};   // when HELLO was sent
  nanoseconds round_trip_{};  // of HELLO
  SteadyTime up_since_{};
  SteadyTime last_heard_{};
  SteadyTime retry_at_{};
  bool on_replica_ = false;
  bool left_replica_ = false;
  std::optional<SteadyTime> left_replica_at_;
  nanoseconds replica_rest_{};  // how long the next one is kept

  std::unique_ptr<Timer> timer_;
  SteadyTime armed_for_{};
  bool gave_grace_ = false;
  // Lets what was posted to the executor notice that this is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace wx::redis
