// Opening the port, and saying what is in the way in words that help.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/async.hpp"
#include "base/error.hpp"

namespace wx::http_server {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

// exclusive: binds only, to find out whether it can be done.
enum class Sharing { exclusive, reuse_port };

// Opens `address` (an IP address; "::" takes IPv4 too), non-blocking. Errors are bad_parameter with a detail for the
// person at the terminal.
[[nodiscard]] Result<Acceptor> open_listener(asio::io_context& context, std::string_view address, std::uint16_t port,
                                             Sharing sharing);

}  // namespace wx::http_server
