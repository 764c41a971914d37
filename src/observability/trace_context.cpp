#include "observability/trace_context.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::observability {
namespace {

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kTraceSize = 32;
constexpr std::size_t kParentAt = kTraceAt + kTraceSize + 1;
constexpr std::size_t kParentSize = 16;
constexpr std::size_t kFlagsAt = kParentAt + kParentSize + 1;
constexpr std::size_t kSize = kFlagsAt + 2;

// Lower case only (HEXDIGLC).
bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return hex_digit(c) >= 0 && !(c >= 'A' && c <= 'F'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view value) {
  if (value.size() < kSize) return std::nullopt;
  const auto version = value.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  if (value.size() > kSize && (version == "00" || value[kSize] != '-')) return std::nullopt;
  if (value[kTraceAt - 1] != '-' || value[kParentAt - 1] != '-' || value[kFlagsAt - 1] != '-') return std::nullopt;
  const auto flags = value.substr(kFlagsAt, 2);
  TraceContext trace{value.substr(kTraceAt, kTraceSize), value.substr(kParentAt, kParentSize), false};
  if (!is_id(trace.trace_id) || !is_id(trace.parent_id) || !is_hex(flags)) return std::nullopt;
  trace.sampled = (hex_digit(flags[1]) & 1) != 0;
  return trace;
}

void append_traceparent(std::string& out, const TraceContext& trace) {
  out.append("traceparent: 00-");
  out.append(trace.trace_id);
  out.push_back('-');
  out.append(trace.parent_id);
  out.append(trace.sampled ? "-01\r\n" : "-00\r\n");
}

}  // namespace wx::observability
