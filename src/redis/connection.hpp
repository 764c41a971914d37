// One connection to Redis, from dialling to its end: bytes out, replies in.
//
// What is appended to out() in one turn of the loop leaves in one write. One read may bring many replies; they are
// handed over one after the other, views into the connection's own buffer. Once it has ended a connection is of no more
// use; dial another.
//
// Thread: the one that runs its io_context.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "redis/redis_options.hpp"
#include "redis/reply.hpp"

namespace boost::asio {
class io_context;
}

namespace wx::redis {

class TlsContext;

// Why a connection could not be made, or ended.
struct ConnectionFault {
  enum class Cause : std::uint8_t {
    dial,        // no name, no route, refused, no answer
    tls,         // the handshake failed for another reason than trust
    untrusted,   // the certificate is not to be trusted; asking again soon will not help
    ended,       // closed or reset by the other side
    protocol,    // bytes that are not RESP3
    tls_answer,  // the answer to our plain bytes was a TLS alert
  };
  Cause cause = Cause::dial;
  std::string sentence;  // for the log, without anything secret
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
    // The reply is valid until this returns. close() may be called inside.
    virtual void on_reply(const Reply& reply) = 0;
    // It is over, or never began. Called at most once, and never after close().
    virtual void on_fault(const ConnectionFault& fault) = 0;
  };

  // Begins to dial. `tls` is null for a plain connection. `context`, `options` and, until close(), `listener` must
  // outlive the connection; it keeps itself alive while operations are under way.
  [[nodiscard]] static std::shared_ptr<Connection> dial(boost::asio::io_context& context, const RedisOptions& options,
                                                        std::shared_ptr<TlsContext> tls, Listener& listener);
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  // Append commands here, then flush().
  [[nodiscard]] virtual std::string& out() = 0;
  // Writes what stands in out() at the end of this turn of the loop.
  virtual void flush() = 0;
  // Bytes that the system has not taken yet.
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  // Whether bytes have come that were not read yet: then it is we who are late.
  [[nodiscard]] virtual bool readable() const = 0;
  // Ends it; the listener hears nothing more.
  virtual void close() = 0;
};

}  // namespace wx::redis
