// Maps an ErrorKind to its HTTP status. Thread-safety: a pure function.
#pragma once

#include "base/error.hpp"

namespace wx::endpoints {

[[nodiscard]] int status_of(ErrorKind kind);

}  // namespace wx::endpoints
