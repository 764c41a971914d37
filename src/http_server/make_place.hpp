// Who loses its place when a new connection comes and all places are taken (RFC 9112 §9.5).
//
// Thread-safety: belong to the server's thread.
#pragma once

#include "http_server/connection_budget.hpp"
#include "http_server/server_context.hpp"

namespace wx::http_server {

// Closes connections of this server that hold a unit of `places`, until it acquires one: first those whose clients have
// left their answers in the kernel for some time, then the longest idle, then the others whose answers are not taken.
// The last are those with a request under way whose client has gone, because it may have ended its side only and still
// wait. Returns false if there are none.
[[nodiscard]] bool make_place(ServerContext& server, ConnectionBudget& places);

// The same for a place above the limit: closes the connection that has waited the longest there without a request.
[[nodiscard]] bool make_surplus_place(ServerContext& server, ConnectionBudget& places);

}  // namespace wx::http_server
