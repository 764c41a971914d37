// Header lines that several endpoints share.
//
// Thread-safety: pure functions; each appends complete "Name: value\r\n" lines.
#pragma once

#include <string>
#include <string_view>

#include "cache/served.hpp"

namespace wx::endpoints {

inline constexpr std::string_view kVary = "Vary: Accept, Accept-Language, Accept-Encoding\r\n";
inline constexpr std::string_view kJsonType = "Content-Type: application/json; charset=utf-8\r\n";

void append_line(std::string& out, std::string_view name, std::string_view value);

// For HTML: nothing from elsewhere, no inline script or style, no framing; isolated, so that the page's clock is fine.
void append_page_security(std::string& out);

// X-Cache, Cache-Status (RFC 9211) and Age of an answer (HTTP.md's table).
void append_cache_status(std::string& out, const cache::Served& served);

// Where an answer's time went: what Redis and the load took, never more than there was of it (who waits for a load that
// another request began waits for its rest only), and the cache's own part, which is what is left.
struct Split {
  nanoseconds cache{0};
  cache::Timings stops;  // negative where the stop did not happen
};
[[nodiscard]] Split split_of(const cache::Served& served, nanoseconds total);

// Server-Timing: only the stops that happened, and the cache itself. `total` from the request read to now.
void append_server_timing(std::string& out, const cache::Served& served, nanoseconds total);

// What `source` says of a tier.
[[nodiscard]] std::string_view source_name(cache::Tier tier, bool mock);

[[nodiscard]] std::string_view x_cache(cache::Outcome outcome);

// Whole seconds of age, rounded down, and of freshness left, negative when past it: max-age less Age, as a client
// reckons it (RFC 9111 §4.2).
[[nodiscard]] long long age_seconds(const cache::Served& served);
[[nodiscard]] long long ttl_seconds(const cache::Served& served);

}  // namespace wx::endpoints
