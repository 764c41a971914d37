#include "cache/failure_text.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cache/epoch.hpp"

namespace wx::cache {
namespace {

constexpr std::string_view kPrefix = "fail:";
constexpr std::string_view kRefused = "provider-refused";
// In the number, the epoch stands before the count. Numbers up to this one are counts of 0.1.0.
constexpr std::uint64_t kPerEpoch = 1000;
static_assert(FailureMemo::kMaxCount < static_cast<int>(kPerEpoch));
static_assert(kHighestEpoch < ~std::uint64_t{0} / kPerEpoch - 1);

std::optional<ErrorKind> kind_named(std::string_view text) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    if (name(static_cast<ErrorKind>(i)) == text) return static_cast<ErrorKind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string failure_text(const FailureMemo& memo) {
  const auto count = static_cast<std::uint64_t>(std::clamp(memo.count, 1, FailureMemo::kMaxCount));
  const auto epoch = std::min(memo.epoch.value_or(0), kHighestEpoch);
  return cat(kPrefix, memo.kind ? name(*memo.kind) : kRefused, ":", kPerEpoch * (epoch + 1) + count);
}

std::optional<FailureMemo> parse_failure_text(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto cause = text.substr(0, colon);
  const auto number = parse_unsigned(text.substr(colon + 1));
  if (!number || *number == 0) return std::nullopt;
  FailureMemo memo;
  auto count = *number;
  if (count > kPerEpoch) {
    memo.epoch = count / kPerEpoch - 1;
    count = std::max<std::uint64_t>(count % kPerEpoch, 1);
  }
  memo.count = static_cast<int>(std::min<std::uint64_t>(count, FailureMemo::kMaxCount));
  if (cause == kRefused) return memo;
  memo.kind = kind_named(cause);
  if (!memo.kind) return std::nullopt;
  return memo;
}

}  // namespace wx::cache
