// Content negotiation: JSON or HTML by Accept (RFC 9110 §12.5.1), and If-None-Match.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace wx::endpoints {

// Returns true if the client prefers HTML to JSON. The most specific matching media range sets the weight of a type;
// among equally specific ranges, the highest weight counts. Equal weights, no Accept, and an Accept that allows neither
// type all select JSON. XHTML counts as HTML, a problem document as JSON.
[[nodiscard]] bool prefers_html(std::optional<std::string_view> accept);

// Returns true if an If-None-Match field lists this entity tag (weak comparison, RFC 9110 §8.8.3.2) or is "*". `etag`
// is given without quotes.
[[nodiscard]] bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace wx::endpoints
