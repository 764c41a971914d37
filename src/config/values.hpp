// Strict parsers for the values of settings: each takes the whole text or fails.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wx::config {

// A decimal number such as "0.8", from `least` to `most` inclusive.
[[nodiscard]] std::optional<double> parse_decimal(std::string_view text, double least, double most);

// A size in bytes: "64MiB", "512 Ki", "1.5gib" (powers of 1024), "10MB" (powers of 1000), "4096" or "0". A fraction of
// a unit is rounded down to whole bytes; a fraction of a byte is no size.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

// For a size such as "64M": a sentence that says what to write, because the letter alone means 1000 to some programs
// (Kubernetes) and 1024 to others (Docker, systemd). Empty for any other text.
[[nodiscard]] std::string ambiguous_bytes(std::string_view text);

// The same for a duration such as "5M", because M alone means minutes to some programs and months to others (systemd).
[[nodiscard]] std::string ambiguous_duration(std::string_view text);

// The shortest exact form with a power of 1024 that parse_bytes accepts: "64MiB", "1500", "0".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

// Returns whether every byte is printable ASCII and not a space, so that the text can be part of a key.
[[nodiscard]] bool is_plain(std::string_view text);

}  // namespace wx::config
