// The one table from ErrorKind to HTTP status.
#pragma once

#include "base/error.hpp"

namespace wx::endpoints {

[[nodiscard]] int status_of(ErrorKind kind);

}  // namespace wx::endpoints
