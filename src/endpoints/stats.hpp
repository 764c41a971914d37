// Renders the JSON of /stats: the activity of the service since its start.
//
// Thread-safety: any thread that may use the context; reads only.
#pragma once

#include <string>
#include <string_view>

#include "endpoints/context.hpp"

namespace wx::endpoints {

[[nodiscard]] std::string render_stats(const Context& context);

// The same document with a line for each member, as people read it.
[[nodiscard]] std::string indented(std::string_view json);

}  // namespace wx::endpoints
