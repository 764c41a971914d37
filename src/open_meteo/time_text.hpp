// The provider's text form of a time. Thread-safety: pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace wx::open_meteo {

// Reads a time of the form "2024-11-23T18:15" (ISO 8601 without zone or seconds), and no other. The result is that of
// UTC; subtract the offset of the place.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_time(std::string_view text);

}  // namespace wx::open_meteo
