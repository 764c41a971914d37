// Access control for purges and forced loads: both require the admin token as a bearer token (RFC 6750).
//
// Thread: on the I/O thread of the context.
#pragma once

#include <string_view>

#include "cache/remote_tier.hpp"
#include "endpoints/context.hpp"
#include "endpoints/problem.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

enum class Admin : std::uint8_t {
  yes,      // the request carries ADMIN_TOKEN
  no,       // it carries no token or a wrong one, or there is no ADMIN_TOKEN
  limited,  // too many wrong tokens came from its client's address: none is looked at, not even the right one, because
            // the answer would tell whether a guess is right
};
// For requests that need the token. Compares in constant time. Counts and logs a wrong token as a guess
// (Limits::token_guesses).
[[nodiscard]] Admin check_admin(Context& context, const http_server::Request& request);

// Returns true if the request carries ADMIN_TOKEN, for requests that are answered without it, too. A wrong token is no
// guess there, because a proxy may send a token of its own with every request. But the answer tells whether a token is
// right, so of one address only some wrong ones are looked at (Limits::unasked_tokens). Those are logged.
[[nodiscard]] bool has_admin_token(Context& context, const http_server::Request& request);

// Returns true if the request carries ADMIN_TOKEN. Otherwise answers it with `refuse` and returns false.
[[nodiscard]] bool require_admin(Context& context, http_server::Exchange& exchange,
                                 RespondWith<http_server::Exchange> refuse = respond_problem<http_server::Exchange>);

// Defers the exchange and returns the callback of a purge, which answers it: 204, or with `refuse` if Redis did not
// take the purge.
[[nodiscard]] cache::RemoteTier::DoneCallback purge_answer(
    Context& context, http_server::Exchange& exchange,
    RespondWith<http_server::Responder> refuse = respond_problem<http_server::Responder>);

// Returns true if a Cache-Control field has the directive (RFC 9111 §5.2), with or without an argument.
[[nodiscard]] bool has_directive(std::string_view cache_control, std::string_view directive);

}  // namespace wx::endpoints
