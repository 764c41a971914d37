// Reads the times in a reply's header fields.
//
// Thread-safety: values and pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

namespace wx::http_client {

// Retry-After (RFC 9110 §10.2.3): a wait in seconds, or the time at which it ends.
using RetryAfter = std::variant<std::chrono::seconds, std::chrono::sys_seconds>;

// Parses an HTTP-date: IMF-fixdate, or one of the obsolete forms of RFC 850 and asctime() (RFC 9110 §5.6.7).
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

// Parses delta-seconds. A number too large for the type counts as 2^31, as RFC 9111 §1.2.2 says.
[[nodiscard]] std::optional<std::chrono::seconds> parse_delta_seconds(std::string_view text);

[[nodiscard]] std::optional<RetryAfter> parse_retry_after(std::string_view text);

}  // namespace wx::http_client
