// The log line that says where the service listens.
#pragma once

#include <cstdint>

#include "app/options.hpp"
#include "observability/log.hpp"

namespace wx::app {

// `port` is the port in use, which the system chose if the options say 0.
void log_start(const Options& options, std::uint16_t port, observability::Log& log);

}  // namespace wx::app
