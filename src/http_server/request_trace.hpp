// The trace context of a request, from its traceparent field (W3C Trace Context).
//
// Thread-safety: as for Request. The result is valid as long as the request.
#pragma once

#include "http_server/request.hpp"
#include "observability/trace_context.hpp"

namespace wx::http_server {

// Returns nothing if the field is missing or malformed.
[[nodiscard]] inline std::optional<observability::TraceContext> trace_of(const Request& request) {
  const auto sent = request.field(Field::traceparent);
  return sent ? observability::parse_traceparent(*sent) : std::nullopt;
}

}  // namespace wx::http_server
