// One I/O thread's share of the HTTP/1.1 server (RFC 9110, RFC 9112): a listener and the connections it accepted.
// Several servers on one address and port share the clients between them by SO_REUSEPORT.
//
// Requests never carry a body here, so that request smuggling has nothing to work with.
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

// Whether nobody listens on `port` yet: a plain bind, which SO_REUSEPORT listeners would not fail at. Errors are
// bad_parameter with a sentence for the person at the terminal: "port 8080 is in use; try PORT=8081".
[[nodiscard]] Result<void> probe_port(std::string_view address, std::uint16_t port);

// Thread-safety: belongs to the one thread that runs its io_context, except open_connections(). May be made, listen()
// and be destroyed elsewhere while that thread does not run. Everything passed by reference must outlive it, and the
// io_context must be destroyed after it.
class Server {
 public:
  Server(boost::asio::io_context& context, Executor& executor, Handler& handler, const ServerOptions& options,
         const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  // As close().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens; clients may connect and wait from here on. Gives the port. Errors as probe_port.
  [[nodiscard]] Result<std::uint16_t> listen();
  // Begins to accept.
  void start();

  // Stops accepting, closes the connections that wait for a request, and answers what runs (and what has arrived)
  // with Connection: close. Not from within a handler. Calling it twice is calling it once.
  void drain();
  // To be called once, through the executor, when no connection is open any more after drain(). Set it before.
  void on_drained(std::move_only_function<void()> call);
  // Closes everything at once. Responders still held become no-ops.
  void close();

  // From any thread.
  [[nodiscard]] std::size_t open_connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wx::http_server
