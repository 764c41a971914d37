#include "cache/failure_text.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::cache {
namespace {

constexpr std::string_view kPrefix = "fail:";
constexpr std::string_view kRefused = "provider-refused";

std::optional<ErrorKind> kind_named(std::string_view text) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    if (name(static_cast<ErrorKind>(i)) == text) return static_cast<ErrorKind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string failure_text(const FailureMemo& memo) {
  return cat(kPrefix, memo.kind ? name(*memo.kind) : kRefused, ":", memo.count);
}

std::optional<FailureMemo> parse_failure_text(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto cause = text.substr(0, colon);
  const auto count = parse_unsigned(text.substr(colon + 1));
  if (!count || *count == 0) return std::nullopt;
  FailureMemo memo;
  memo.count = static_cast<int>(std::min<std::uint64_t>(*count, FailureMemo::kMaxCount));
  if (cause == kRefused) return memo;
  memo.kind = kind_named(cause);
  if (!memo.kind) return std::nullopt;
  return memo;
}

}  // namespace wx::cache
