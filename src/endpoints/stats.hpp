// Renders the JSON of /stats: the activity of the service since its start.
//
// Thread-safety: any thread that may use the context; reads only.
#pragma once

#include <string>

#include "endpoints/context.hpp"

namespace wx::endpoints {

[[nodiscard]] std::string render_stats(const Context& context);

}  // namespace wx::endpoints
