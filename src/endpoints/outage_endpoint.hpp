// POST /lab/redis-outage: takes Redis away from the mock's questions for ten seconds, in the whole process, at most
// once a minute (cache/outage_tier.hpp). Real questions keep it. The page of another site may not do this.
//
// Thread: the thread of the context.
#pragma once

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// Answers 200 with the length of the outage; 404 if the laboratory stages none; 429 with Retry-After within a minute.
void begin_outage(Context& context, http_server::Exchange& exchange);

}  // namespace wx::endpoints
