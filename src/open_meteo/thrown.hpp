// An exception that ends one load and nothing else: a bug, or no memory.
//
// Thread-safety: any thread.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "observability/log.hpp"

namespace wx::open_meteo {

// Logs the exception that is being handled under `message` and returns the load's error. Call it in a catch block.
[[nodiscard]] Error thrown(observability::Log& log, std::string_view message) noexcept;

}  // namespace wx::open_meteo
