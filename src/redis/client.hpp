// The Redis client of one I/O thread.
//
// One connection carries everything. Commands that are queued in one turn of the loop leave in one write, replies come
// back in order and complete their commands inline, and pushes are outside that order. When the connection is lost the
// client dials again by itself until it is stopped; meanwhile commands fail at once.
//
//   command ──► [up] ──► written at the end of this turn ──► reply | deadline (the connection lives) | connection lost
//               [connecting_first] waits for the connection, at most 300 ms
//               [down] redis_unavailable, at once
//
// A breaker per server counts the outcomes that the caller records. The client does not stop commands by itself: a
// caller that respects the breaker asks available() first, so that commands which must go through can.
//
// An exception thrown by a callback or a handler is logged and ends there: that command is over, everything else goes
// on.
//
// Thread: everything on the I/O thread given, except where said.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "redis/command.hpp"
#include "redis/connection_state.hpp"
#include "redis/reply.hpp"

namespace boost::asio {
class io_context;
}

namespace wx::redis {

class Common;
class ServerLink;
struct Credentials;

class Client {
 public:
  // `common` is what the clients of a process share (redis/common.hpp). `context` must be run by one thread, the one of
  // `executor`. All three must outlive the client.
  Client(boost::asio::io_context& context, Executor& executor, Common& common);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Like stop(). On the I/O thread, or when that thread no longer runs; never inside a callback of this client.
  ~Client();

  // Begins to connect. Once.
  void start();
  // Closes the connection for good. Every command under way fails with redis_unavailable before this returns, later
  // ones fail at once. May be called inside a callback.
  void stop();

  // Uses other credentials from now on. A present connection stays, and authenticates itself anew; if the server
  // refuses that, which is logged, it goes on with the old ones until it ends.
  void renew(const Credentials& credentials);

  // From any thread.
  [[nodiscard]] ConnectionState state() const;
  // How long a command waits for its reply at present (REDIS_TIMEOUT, or the value that `auto` has measured). From any
  // thread.
  [[nodiscard]] milliseconds command_timeout() const;

  // The number of the database that the commands use, as the URL gives it. From any thread.
  [[nodiscard]] std::uint32_t database() const { return database_; }

  // For the handlers below. Whether the client itself gave up the last connection that was lost, because the server was
  // a read-only replica and its name may lead to the master by now.
  [[nodiscard]] bool left_replica() const;
  // Whether the server of the present connection, or of the last one, said at the handshake that it is a replica.
  [[nodiscard]] bool on_replica() const;

  // Whether the breaker of the server that holds `key` lets commands through. From any thread.
  [[nodiscard]] bool available(std::string_view key) const;
  // Whether the breaker of any server is open. From any thread.
  [[nodiscard]] bool breaker_open() const;
  // Tells the breaker of the server that holds `key` how an operation ended: null for success. An operation counts
  // once, however many commands it takes. Refusals (redis/reply_class.hpp) are no failures and are not counted.
  void record(std::string_view key, const Error* error);

  // Sends one command. `done` is called exactly once, in the order of the commands, except that one whose deadline has
  // passed is called earlier; it may be called before this returns (when down). The texts are copied. Inside `done`
  // everything is allowed except the destructor. In steady state nothing is allocated beyond what `done` itself needs.
  //
  // Not for SUBSCRIBE and the like (see subscribe), MONITOR, CLIENT REPLY, or other commands that change how many
  // replies come; nor for commands that block.
  void command(std::initializer_list<Argument> arguments, Callback done);
  void command(std::span<const Argument> arguments, Callback done);

  // Sends all of them or none (then each fails with redis_unavailable), with no other command between them. The
  // callbacks are moved from. A command with a second callback (Command::late) also hears a reply that comes after its
  // deadline.
  void pipeline(std::span<Command> commands);

  // SUBSCRIBE to one channel on this connection. `done` gets the confirmation (a push of "subscribe", the channel and a
  // count) or the server's error. A subscription ends with its connection: subscribe again from on_connected.
  void subscribe(std::string_view channel, Callback done);

  // Sets the handler of every push that is not such a confirmation (["message", channel, payload]). Before start().
  void on_push(std::move_only_function<void(const Reply&)> handler);
  // Sets the handler called after every handshake, when state() is already up: the place to subscribe. Before start().
  void on_connected(std::move_only_function<void()> handler);
  // Sets the handler called whenever a server's breaker has closed again, so that commands that respect it may be sent.
  // If a connection ends an outage, that is after the replies to the commands of the handler above: the breaker's probe
  // follows them. Before start().
  void on_available(std::move_only_function<void()> handler);
  // Sets the handler called whenever a connection that was up is lost, after its commands have failed; not for stop().
  // Before start().
  void on_disconnected(std::move_only_function<void()> handler);

 private:
  const std::uint32_t database_;
  std::unique_ptr<ServerLink> link_;
};

}  // namespace wx::redis
