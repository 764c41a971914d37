// The text of a failed load in Redis, where it replaces the lease: "fail:provider-timeout:3" (kind and count). The
// key's time to live is the time for which the failure is remembered.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/remote_tier.hpp"

namespace wx::cache {

[[nodiscard]] std::string failure_text(const FailureMemo& memo);

// Parses the text into a memo without its remaining time. Returns nothing if `text` is not a failure, for example a
// lease's token.
[[nodiscard]] std::optional<FailureMemo> parse_failure_text(std::string_view text);

}  // namespace wx::cache
