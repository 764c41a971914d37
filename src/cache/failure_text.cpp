#include "cache/failure_text.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::cache {
namespace {

constexpr std::string_view kFailure = "fail:";

std::optional<ErrorKind> kind_named(std::string_view text) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    if (name(static_cast<ErrorKind>(i)) == text) return static_cast<ErrorKind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string failure_text(const FailureMemo& memo) {
  return cat(kFailure, name(memo.kind), ":", memo.count);
}

std::optional<FailureMemo> parse_failure_text(std::string_view text) {
  if (!text.starts_with(kFailure)) return std::nullopt;
  text.remove_prefix(kFailure.size());
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto kind = kind_named(text.substr(0, colon));
  const auto count = parse_unsigned(text.substr(colon + 1));
  if (!kind || !count || *count == 0) return std::nullopt;
  const auto counted = std::min<std::uint64_t>(*count, FailureMemo::kMostCounted);
  return FailureMemo{*kind, static_cast<int>(counted), milliseconds(0)};
}

}  // namespace wx::cache
