// The JSON of /stats: what the service has done since it started, for people and for the page.
//
// Thread-safety: a pure function of what it is given.
#pragma once

#include <string>

#include "endpoints/context.hpp"

namespace wx::endpoints {

[[nodiscard]] std::string render_stats(const Context& context);

}  // namespace wx::endpoints
