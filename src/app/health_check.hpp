// `weather-cache healthcheck`: asks the service that runs with the same settings on this machine whether it is ready.
// For containers, whose image has no other program to ask with.
#pragma once

#include <string>

#include "config/settings.hpp"

namespace wx::app {

// Where to ask: the configured port and address, or loopback when the service listens on every address. The port must
// not be 0.
[[nodiscard]] std::string health_url(const config::Settings& settings);

// One GET with a deadline of two seconds; a sentence on standard output or standard error. Returns the exit code: 0 if
// the service is ready, else 1.
[[nodiscard]] int check_health(const config::Settings& settings);

}  // namespace wx::app
