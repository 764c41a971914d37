// Content negotiation: JSON or HTML by Accept (RFC 9110 §12.5.1); If-Match and If-None-Match (§13.1).
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

// Returns true if an If-Match field lists this entity tag (strong comparison, RFC 9110 §13.1.1) or is "*".
// `strong_etag` is given without quotes; it is empty if the representation has no strong entity tag, so that only "*"
// matches.
[[nodiscard]] bool matches_strong_etag(std::string_view if_match, std::string_view strong_etag);

}  // namespace wx::endpoints
