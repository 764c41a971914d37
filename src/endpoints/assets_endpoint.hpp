// GET /assets/<name>.<hash>.<ext>: the page's embedded files, in the best content encoding that the client accepts.
//
// Thread: on the I/O thread of the context.
#pragma once

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"
#include "web/assets.hpp"

namespace wx::endpoints {

// Answers with the asset, with 304 if If-None-Match names its entity tag, or with 412 if If-Match does not.
void respond_asset(Context& context, http_server::Exchange& exchange, const web::Asset& asset);

}  // namespace wx::endpoints
