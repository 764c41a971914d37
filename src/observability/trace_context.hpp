// The trace that a request belongs to: the traceparent header of W3C Trace Context
// (https://www.w3.org/TR/trace-context-1/#traceparent-header).
//
// The service makes no spans of its own. Its log lines carry the trace of the caller, and the answer echoes the header.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wx::observability {

// Views into the header that was parsed.
struct TraceContext {
  std::string_view trace_id;   // 32 lower-case hexadecimal digits, not all zero
  std::string_view parent_id;  // 16 of them: the caller's span
  bool sampled = false;
};

// Returns nothing if `value` is not valid; the request then has no trace. Version 00 must be exactly as specified; of a
// later version the part that it shares with 00 is read (§4.3). Version ff, upper case, zero ids, and a repeated header
// (whose values come joined) are not valid.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view value);

// Appends "traceparent: 00-...\r\n". Of the flags only `sampled` is known to version 00, so only that is passed on.
void append_traceparent(std::string& out, const TraceContext& trace);

}  // namespace wx::observability
