// Opens the listening port. Errors name the problem and the remedy.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/async.hpp"
#include "base/error.hpp"

namespace wx::http_server {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

// exclusive: only binds, to find out whether the port is free.
enum class Sharing { exclusive, reuse_port };

// Opens `address` (an IP address; "::" takes IPv4 too), non-blocking. Errors are bad_parameter with a detail for the
// operator.
[[nodiscard]] Result<Acceptor> open_listener(asio::io_context& context, std::string_view address, std::uint16_t port,
                                             Sharing sharing);

}  // namespace wx::http_server
