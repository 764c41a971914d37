// A client of one Redis server, one per I/O thread.
//
// One connection carries everything: commands that are queued in one turn of the loop leave in one write, replies come
// back in order and complete their commands inline, pushes take no place in that order. The client dials anew by itself
// whenever the connection is lost, for as long as it is not stopped; meanwhile commands fail at once.
//
//   command ──► [up] ──► written at the end of this turn ──► reply | deadline (the connection lives) | connection lost
//               [connecting_first] waits for the connection, at most 300 ms
//               [down] redis_unavailable, at once
//
// A caller that opens a breaker when Redis misbehaves stands between itself and command(); the client has none.
//
// Thread: everything on the I/O thread given, except where said.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/redis_options.hpp"
#include "redis/reply.hpp"

namespace boost::asio {
class io_context;
}

namespace wx::redis {

class Common;

enum class State : std::uint8_t {
  connecting_first,  // from construction until the first attempt to connect has succeeded or failed
  up,
  down,
};
// "connecting", "up", "down".
[[nodiscard]] std::string_view name(State state);

// One command of a pipeline. The texts are copied before pipeline() returns.
struct Command {
  std::span<const std::string_view> arguments;
  Callback done;
};

class Client {
 public:
  // `common` is what the clients of a process share (redis/common.hpp). `context` must be run by one thread, the one of
  // `executor`. All three must outlive the client.
  Client(boost::asio::io_context& context, Executor& executor, Common& common);
  // A client that shares with nobody, for programs with one I/O thread. Everything given must outlive the client.
  Client(boost::asio::io_context& context, Executor& executor, const RedisOptions& options, const Clock& clock,
         observability::Metrics& metrics, observability::Log& log);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Like stop(). On the I/O thread, or when that thread no longer runs; never inside a callback of this client.
  ~Client();

  // Begins to connect. Once.
  void start();
  // Closes the connection; every command under way fails with redis_unavailable before this returns, later ones at
  // once. For good. May be called inside a callback.
  void stop();

  // From any thread.
  [[nodiscard]] State state() const;
  // How long a command waits for its reply at present (REDIS_TIMEOUT, or what `auto` has come to). From any thread.
  [[nodiscard]] milliseconds command_timeout() const;

  // For those who are told of connections made and lost, on the I/O thread. Whether the last one that was lost was
  // given up by the client itself: the server took no writes, and its name may lead to another one by now.
  [[nodiscard]] bool left_replica() const;
  // Whether the server of the present connection, or of the last, said at the handshake that it is a replica.
  [[nodiscard]] bool on_replica() const;

  // Sends one command. `done` is called exactly once, in the order of the commands but for those whose deadline passed
  // before; it may be called before this returns (when down). The texts are copied. Inside `done` anything may be
  // called but the destructor. Steady state allocates nothing but what `done` itself needs.
  //
  // Not for SUBSCRIBE and its kin (see subscribe), MONITOR, CLIENT REPLY, or anything else that changes how many
  // replies come; nor for commands that block.
  void command(std::initializer_list<std::string_view> arguments, Callback done);
  void command(std::span<const std::string_view> arguments, Callback done);

  // Sends all of them or none (then each fails with redis_unavailable), with nothing of anybody else between them. The
  // callbacks are moved from.
  void pipeline(std::span<Command> commands);

  // SUBSCRIBE to one channel on this connection. `done` gets the confirmation (a push of "subscribe", the channel and a
  // count) or the server's error. A subscription ends with its connection: subscribe again from on_connected.
  void subscribe(std::string_view channel, Callback done);

  // Called for every push that is not such a confirmation (["message", channel, payload]). Set before start().
  void on_push(std::move_only_function<void(const Reply&)> handler);
  // Called after every handshake, when state() is already up: the place to subscribe. Set before start().
  void on_connected(std::move_only_function<void()> handler);
  // Called whenever a connection that was up is lost, after its commands have failed; not for stop(). Set before
  // start().
  void on_disconnected(std::move_only_function<void()> handler);

 private:
  class Impl;
  std::unique_ptr<Common> own_common_;  // of the second constructor
  std::unique_ptr<Impl> impl_;
};

}  // namespace wx::redis
