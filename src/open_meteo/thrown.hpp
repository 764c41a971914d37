// An exception where none is expected: a bug, which costs one load and nothing else.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "observability/log.hpp"

namespace wx::open_meteo {

// Only in a catch block: logs the exception at level error, with what was `done` when it came, and returns
// ErrorKind::internal for the load.
[[nodiscard]] Error thrown(observability::Log& log, std::string_view done);

}  // namespace wx::open_meteo
