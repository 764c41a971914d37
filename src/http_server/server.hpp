// One I/O thread's part of the HTTP/1.1 server (RFC 9110, RFC 9112): a listener and the connections it accepted.
// The kernel distributes clients among the servers on one address and port (SO_REUSEPORT).
//
// Requests with a body are refused, which leaves request smuggling nothing to work with.
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

// Checks that nothing listens on `port` yet, by a plain bind: a bind with SO_REUSEPORT would succeed beside another
// listener. Errors are bad_parameter with a sentence for the operator: "port 8080 is in use; try PORT=8081".
[[nodiscard]] Result<void> probe_port(std::string_view address, std::uint16_t port);

// An exception in a handler or in the server's own work costs that request or that connection; the server goes on.
//
// Thread-safety: belongs to the one thread that runs its io_context, except open_connections(). While that thread does
// not run, another one may construct it, call listen() and destroy it. Everything passed by reference must outlive it,
// and the io_context must be destroyed after it.
class Server {
 public:
  Server(boost::asio::io_context& context, Executor& executor, Handler& handler, const ServerOptions& options,
         const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  // Calls close().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens: from here on clients can connect, and wait. Returns the port. Errors as probe_port.
  [[nodiscard]] Result<std::uint16_t> listen();
  // Starts to accept.
  void start();

  // Stops accepting, closes the connections that wait for a request, and answers requests that run or have arrived with
  // Connection: close. Must not be called from a handler. A second call has no effect.
  void drain();
  // Sets the function to call once, through the executor, when drain() has left no connection open. Call it before
  // drain().
  void on_drained(std::move_only_function<void()> call);
  // Closes everything at once. Responders that are still held then do nothing.
  void close();

  // From any thread.
  [[nodiscard]] std::size_t open_connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wx::http_server
