// JSON or HTML: proactive negotiation by Accept (RFC 9110 §12.5.1).
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace wx::endpoints {

// Whether a client that sent this Accept would rather have HTML than JSON. The most specific media range decides each
// one's weight, of several the best; equal weights, no Accept and an Accept that takes neither all mean JSON. XHTML
// counts as HTML, a problem document as JSON.
[[nodiscard]] bool prefers_html(std::optional<std::string_view> accept);

// Whether an If-None-Match field names this entity tag (weak comparison, RFC 9110 §8.8.3.2). `etag` without quotes.
[[nodiscard]] bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace wx::endpoints
