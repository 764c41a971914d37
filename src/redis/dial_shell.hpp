// Dials: from an address to a stream that is ready for the first command. Names Asio.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "redis/address.hpp"
#include "redis/connection.hpp"
#include "redis/tls_context_shell.hpp"

namespace wx::redis {

// TCP or unix alike.
using Socket = asio::generic::stream_protocol::socket;
using TlsStream = asio::ssl::stream<Socket&>;

// The longest that a TCP connect to one IP address, and a TLS handshake, may take. A dead IP address must not hold up
// the next one, and an attempt that began while the server was away must not last long after its return.
inline constexpr milliseconds kConnectLimit{1000};
inline constexpr milliseconds kTlsLimit{2000};

// Resolves the host (each time anew), connects to its IP addresses in turn, sets TCP_NODELAY, and performs the TLS
// handshake if `context` is given (`tls` then holds the stream over `socket`). Returns nothing, or why it failed.
// Closing `socket` or setting `abandoned` ends it early, except while a name is being resolved: that lasts as long as
// the system's resolver takes, on a thread of Asio's own. All references must live until the coroutine ends.
[[nodiscard]] asio::awaitable<std::optional<ConnectionFault>> dial(Socket& socket, std::optional<TlsStream>& tls,
                                                                   const Address& address, TlsContext* context,
                                                                   const bool& abandoned);

}  // namespace wx::redis
