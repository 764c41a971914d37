// Access control for purges and forced loads: both require the admin token as a bearer token (RFC 6750).
//
// Thread: on the I/O thread of the context.
#pragma once

#include <string_view>

#include "cache/remote_tier.hpp"
#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// Returns true if the request carries `token`. The comparison takes constant time. An empty `token` matches no request.
[[nodiscard]] bool is_admin(const http_server::Request& request, std::string_view token);

// Returns true if the request carries ADMIN_TOKEN. Otherwise answers it with 401 and returns false.
[[nodiscard]] bool require_admin(Context& context, http_server::Exchange& exchange);

// Defers the exchange and returns the callback of a purge, which answers it: 204, or 503 if Redis did not take the
// purge.
[[nodiscard]] cache::RemoteTier::DoneCallback purge_answer(Context& context, http_server::Exchange& exchange);

// Returns true if a Cache-Control field has the directive (RFC 9111 §5.2), with or without an argument.
[[nodiscard]] bool has_directive(std::string_view cache_control, std::string_view directive);

}  // namespace wx::endpoints
