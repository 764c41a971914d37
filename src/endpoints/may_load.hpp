// The limit of what one client may make the service load from the provider (CLIENT_LOADS).
//
// Thread: on the I/O thread of the context; a MayLoad on any thread.
#pragma once

#include "cache/permission.hpp"
#include "endpoints/context.hpp"
#include "http_server/request.hpp"

namespace wx::endpoints {

// What the service asks before it loads for the client of this request. Empty if CLIENT_LOADS is off.
[[nodiscard]] cache::MayLoad may_load_for(Context& context, const http_server::Request& request);

}  // namespace wx::endpoints
