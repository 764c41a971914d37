// The trace that a request belongs to, by its traceparent header.
//
// Thread-safety: as the request; what is given lives as long as it.
#pragma once

#include "http_server/request.hpp"
#include "observability/trace_context.hpp"

namespace wx::http_server {

// Nothing if it belongs to none.
[[nodiscard]] inline std::optional<observability::TraceContext> trace_of(const Request& request) {
  const auto sent = request.field(Field::traceparent);
  return sent ? observability::parse_traceparent(*sent) : std::nullopt;
}

}  // namespace wx::http_server
