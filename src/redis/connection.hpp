// One connection to Redis, from dialling to its end: bytes out, replies in.
//
// The bytes appended to out() during one turn of the loop leave in one write. One read may bring many replies; the
// listener gets them one by one, as views into the connection's own buffer. A connection that has ended cannot be used
// again; dial another.
//
// Thread: the one that runs its io_context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "redis/address.hpp"
#include "redis/reply.hpp"

namespace boost::asio {
class io_context;
}

namespace wx::redis {

class TlsContext;

// Why a connection could not be made, or why it ended.
struct ConnectionFault {
  enum class Cause : std::uint8_t {
    dial,        // name not resolved, no route, refused, no answer
    tls,         // the TLS handshake failed, though not for lack of trust
    untrusted,   // the certificate is not trusted; an early retry does not help
    ended,       // closed or reset by the server
    protocol,    // bytes that are not RESP3
    internal,    // an exception inside this program
    tls_answer,  // the server answered our plain bytes with a TLS alert
  };
  Cause cause = Cause::dial;
  std::string sentence;  // for the log, without secrets
};

class Connection {
 public:
  class Listener {
   public:
    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual ~Listener() = default;
    // The stream is ready for the first command.
    virtual void on_open() = 0;
    // `reply` is valid until this returns. The listener may call close() inside.
    virtual void on_reply(const Reply& reply) = 0;
    // The connection has ended, or could not be made. Called at most once, and never after close().
    virtual void on_fault(const ConnectionFault& fault) = 0;
  };

  // Begins to dial. `tls` is null for a plain connection; a reply above `max_reply_bytes` ends the connection.
  // `context` must outlive the connection, `listener` until close(). The connection keeps itself alive while operations
  // run.
  [[nodiscard]] static std::shared_ptr<Connection> dial(boost::asio::io_context& context, Address address,
                                                        std::size_t max_reply_bytes, std::shared_ptr<TlsContext> tls,
                                                        Listener& listener);
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  // Takes the bytes of commands; call flush() afterwards.
  [[nodiscard]] virtual std::string& out() = 0;
  // Writes the bytes in out() at the end of this turn of the loop.
  virtual void flush() = 0;
  // The number of bytes that the system has not accepted yet.
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  // Whether bytes have arrived that were not read yet. If so, this thread is late and not the server.
  [[nodiscard]] virtual bool readable() const = 0;
  // Ends the connection; the listener gets no further call.
  virtual void close() = 0;
};

}  // namespace wx::redis
