// From a host name to a stream that is ready for the first command. Names Asio.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "redis/connection.hpp"
#include "redis/redis_options.hpp"
#include "redis/tls_context_shell.hpp"

namespace wx::redis {

// TCP or unix alike.
using Socket = asio::generic::stream_protocol::socket;
using TlsStream = asio::ssl::stream<Socket&>;

// How long a TCP connect to one address, and a TLS handshake, may take. A dead address must not hold up the next one,
// and no attempt must outlive the return of the server by long.
inline constexpr milliseconds kConnectLimit{1000};
inline constexpr milliseconds kTlsLimit{2000};

// Resolves (afresh each time), connects to the addresses in turn, sets TCP_NODELAY, and shakes hands if `context` is
// given (`tls` then holds the stream over `socket`). Nothing, or why it failed. Closing `socket` ends it early, but for
// a name that is being resolved: that ends when the system's resolver does (on a thread of Asio's own).
// All references must live until it has ended.
[[nodiscard]] asio::awaitable<std::optional<ConnectionFault>> dial(Socket& socket, std::optional<TlsStream>& tls,
                                                                   const RedisOptions& options, TlsContext* context,
                                                                   const bool& abandoned);

}  // namespace wx::redis
