// What only the bearer of the admin token may do (RFC 6750): purge, and force a new answer.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <string_view>

#include "cache/remote_tier.hpp"
#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// Whether the request carries `token`. Compared in constant time; an empty token is nobody's.
[[nodiscard]] bool is_admin(const http_server::Request& request, std::string_view token);

// Whether it does; if not, it has been answered with 401.
[[nodiscard]] bool require_admin(Context& context, http_server::Exchange& exchange);

// Defers the exchange and answers it when a purge is done: 204, or 503 naming what was not reached.
[[nodiscard]] cache::RemoteTier::DoneCallback purge_answer(Context& context, http_server::Exchange& exchange);

// Whether a Cache-Control field has the directive (RFC 9111 §5.2), with or without an argument.
[[nodiscard]] bool has_directive(std::string_view cache_control, std::string_view directive);

}  // namespace wx::endpoints
