// Header lines that several endpoints share.
//
// Thread-safety: pure functions; each appends complete "Name: value\r\n" lines.
#pragma once

#include <string>
#include <string_view>

#include "base/piece_writer.hpp"
#include "cache/served.hpp"

namespace wx::endpoints {

// The request fields that an answer depends on (RFC 9110 §12.5.5), and no others: a shared cache keeps one copy for
// each combination of their values. JSON is in no language, and only files are compressed.
inline constexpr std::string_view kVaryJson = "Vary: Accept\r\n";
inline constexpr std::string_view kVaryHtml = "Vary: Accept, Accept-Language\r\n";
inline constexpr std::string_view kVaryLanguage = "Vary: Accept-Language\r\n";  // a page that is HTML in any case
inline constexpr std::string_view kJsonType = "Content-Type: application/json; charset=utf-8\r\n";

inline constexpr std::string_view kLicense =
    "Link: <https://creativecommons.org/licenses/by/4.0/>; rel=\"license\"\r\n";

// Returns true if any site may read the answers at `path` (CORS): the API and its description. All other answers are
// for this service's own page and for its operator.
[[nodiscard]] bool any_origin(std::string_view path);

void append_line(std::string& out, std::string_view name, std::string_view value);

// Security headers of HTML pages: no content from other origins, no inline scripts or styles, no framing. Cross-origin
// isolation gives the page a high-resolution clock (performance.now()).
void append_page_security(std::string& out);

// X-Cache, Cache-Status (RFC 9211) and Age of an answer, in at most kMostCacheStatus bytes. The outcome decides their
// values.
inline constexpr std::size_t kMostCacheStatus = 192;
void put_cache_status(PieceWriter& to, const cache::Served& served);
void append_cache_status(std::string& out, const cache::Served& served);

// Divides an answer's total time between Redis, the load and the cache itself. The parts never exceed the total: a
// request that joins a load in progress waits only for the load's remaining time. The cache's part is the time left
// over.
struct Split {
  nanoseconds cache{0};
  cache::Timings stops;  // negative: the stop was not visited
};
[[nodiscard]] Split split_of(const cache::Served& served, nanoseconds total);

// Server-Timing, in at most kMostServerTiming bytes: the cache's own time, and that of the stops that were visited.
// `total` runs from the request being read to now.
inline constexpr std::size_t kMostServerTiming = 224;
void put_server_timing(PieceWriter& to, const cache::Served& served, nanoseconds total);
void append_server_timing(std::string& out, const cache::Served& served, nanoseconds total);

// The value of the JSON member `source` for a tier.
[[nodiscard]] std::string_view source_name(cache::Tier tier, bool mock);

[[nodiscard]] std::string_view x_cache(cache::Outcome outcome);

// Age in whole seconds, rounded down, and remaining freshness in seconds, negative when stale: max-age minus Age, as a
// client calculates it (RFC 9111 §4.2).
[[nodiscard]] long long age_seconds(const cache::Served& served);
[[nodiscard]] long long ttl_seconds(const cache::Served& served);

}  // namespace wx::endpoints
