// The line in the log that tells where the service listens.
#pragma once

#include <cstdint>

#include "app/options.hpp"
#include "observability/log.hpp"

namespace wx::app {

// `port`: the one that the system gave if the options ask for any.
void log_start(const Options& options, std::uint16_t port, observability::Log& log);

}  // namespace wx::app
