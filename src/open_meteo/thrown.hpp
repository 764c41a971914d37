// Turns an exception (a bug, or out of memory) into the error of one load.
//
// Thread-safety: any thread.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "observability/log.hpp"

namespace wx::open_meteo {

// Logs the current exception with `message` and returns ErrorKind::internal. Call it in a catch block.
[[nodiscard]] Error thrown(observability::Log& log, std::string_view message) noexcept;

}  // namespace wx::open_meteo
