// Opens a listening socket. Errors name the problem and the remedy.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/async.hpp"
#include "base/error.hpp"

namespace wx::http_server {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

// exclusive: binds without SO_REUSEPORT and does not listen, to find out whether the port is free. reuse_port: listens
// on a port that other sockets with SO_REUSEPORT share.
enum class Sharing { exclusive, reuse_port };

// Opens a non-blocking socket on `address` (an IP address; "::" includes IPv4). Error: bad_parameter; its detail is for
// the operator.
[[nodiscard]] Result<Acceptor> open_listener(asio::io_context& context, std::string_view address, std::uint16_t port,
                                             Sharing sharing);

}  // namespace wx::http_server
