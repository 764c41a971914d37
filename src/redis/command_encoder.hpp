// Commands as Redis reads them: an array of bulk strings.
// Thread-safety: pure functions.
#pragma once

#include <span>
#include <string>

#include "redis/command.hpp"

namespace wx::redis {

// Appends one command. Binary-safe; allocates only if `out` has to grow. A body is copied once even then: `out` gets
// room for short commands behind it.
void append_command(std::string& out, std::span<const Argument> arguments);

}  // namespace wx::redis
