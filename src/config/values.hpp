// The texts that people write for values, read strictly: the whole of the text or nothing.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wx::config {

// "true", "on", "yes", "1" and their opposites, in any case.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

// A decimal number such as "0.8" between `least` and `most`, both included.
[[nodiscard]] std::optional<double> parse_decimal(std::string_view text, double least, double most);

// A size in bytes: "64MiB", "512KiB", "2GiB" (powers of 1024), "10MB" (powers of 1000), "4096" or "0".
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

// The shortest exact form that parse_bytes takes with powers of 1024: "64MiB", "1500", "0".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

// Whether every byte is printable ASCII and none is a space: fit for a key.
[[nodiscard]] bool is_plain(std::string_view text);

}  // namespace wx::config
