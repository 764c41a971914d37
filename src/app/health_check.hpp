// `weather-cache healthcheck`: asks the service that runs with the same settings on this machine whether it is ready.
// For containers: the image has no other HTTP client.
#pragma once

#include <string>

#include "config/settings.hpp"

namespace wx::app {

// The URL to ask: the configured address and port, with loopback if the service listens on every address. The port must
// not be 0.
[[nodiscard]] std::string health_url(const config::Settings& settings);

// Makes one GET with a deadline of two seconds and prints a sentence to standard output or standard error. Returns the
// exit code: 0 if the service is ready, else 1.
[[nodiscard]] int check_health(const config::Settings& settings);

}  // namespace wx::app
