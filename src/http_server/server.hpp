// One I/O thread's part of the HTTP/1.1 server (RFC 9110, RFC 9112): a listener and the connections that it accepted.
// The kernel distributes clients among the servers on the same address and port (SO_REUSEPORT).
//
// Requests with a body are refused, which rules out request smuggling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/executor.hpp"
#include "http_server/exchange.hpp"
#include "http_server/server_options.hpp"

namespace boost::asio {
class io_context;
}
namespace wx::observability {
class Metrics;
class Log;
}  // namespace wx::observability

namespace wx::http_server {

// Checks that `port` is free, with a bind without SO_REUSEPORT, because a bind with it would succeed beside another
// listener. Error: bad_parameter; its detail is a sentence for the operator: "port 8080 is in use; try PORT=8081".
[[nodiscard]] Result<void> probe_port(std::string_view address, std::uint16_t port);

// An exception in a handler or in the server ends only the affected request or connection.
//
// Thread-safety: only the thread that runs its io_context, except open_connections(). While that thread does not run,
// another thread may construct the server, call listen() and destroy it. All arguments passed by reference must outlive
// the server, including the io_context.
class Server {
 public:
  Server(boost::asio::io_context& context, Executor& executor, Handler& handler, const ServerOptions& options,
         const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  // Calls close().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens: from now on clients can connect, but are not served until start(). Returns the port. Errors: see
  // probe_port().
  [[nodiscard]] Result<std::uint16_t> listen();
  // Starts to accept.
  void start();

  // Stops accepting, closes idle connections, and answers requests that are in progress or have arrived with
  // Connection: close. Must not be called from a handler. A second call has no effect.
  void drain();
  // Sets a function that is called once, through the executor, when no connection is open after drain(). Call it before
  // drain().
  void on_drained(std::move_only_function<void()> call);
  // Closes all connections at once. Responders that still exist then do nothing.
  void close();

  // Thread-safety: any thread.
  [[nodiscard]] std::size_t open_connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wx::http_server
