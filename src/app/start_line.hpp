// Tells where the service listens: in one short line on a terminal, elsewhere in one log line with all details.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/options.hpp"
#include "observability/log.hpp"

namespace wx::app {

// The line for a terminal, without a line end. `local_address` is the machine's address in the local network, if other
// devices can reach the service there.
[[nodiscard]] std::string terminal_line(const Options& options, std::uint16_t port,
                                        std::optional<std::string_view> local_address);

// `port` is the port in use, which the system chose if the options say 0. On a terminal the line has no time and no
// level, and the details go to the log's debug level.
void log_start(const Options& options, std::uint16_t port, observability::Log& log);

}  // namespace wx::app
