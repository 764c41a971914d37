// The program: settings, log, service, signals, exit code.
#pragma once

#include <span>

#include "base/clock.hpp"

namespace wx::app {

// Runs until a signal. `arguments` are without the program's name. `clock` is the service's time; the tests pass one
// that they can move. Returns the exit code: 0 after a complete drain, 1 if the service could not start or not answer
// every request in time, 2 for invalid settings; `healthcheck` returns 0 or 1. After the drain it ends the process
// itself if the rest takes longer than a second, and a second SIGINT or SIGTERM ends the process at once with 130:
// whatever a thread waits for, such as a log that nobody reads. SIGHUP reads the secrets again that come from files.
[[nodiscard]] int run(std::span<const char* const> arguments, const Clock& clock);

}  // namespace wx::app
