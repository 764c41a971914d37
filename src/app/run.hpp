// The program: settings, log, service, signals, exit code.
#pragma once

#include <span>

namespace wx::app {

// `arguments` without the program's name. Returns the exit code: 0 after a calm end, 1 if it could not start or not
// finish everything in time, 2 for wrong settings; `healthcheck` has only 0 and 1. A second SIGINT or
// SIGTERM ends the process at once.
[[nodiscard]] int run(std::span<const char* const> arguments);

}  // namespace wx::app
