// Commands as Redis reads them: an array of bulk strings.
// Thread-safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wx::redis {

// Appends one command. Binary-safe; allocates only if `out` has to grow.
void append_command(std::string& out, std::span<const std::string_view> arguments);

}  // namespace wx::redis
