// The text of a failed load in Redis, where it replaces the lease: "fail:<kind>:<number>". The key's time to live is
// the time for which the failure is remembered.
//
// The number is 1000 * (epoch + 1) + count, so "fail:provider-timeout:8003" is the third failure in a row, of a load in
// epoch 7. A process of 0.1.0 writes the count alone. It reads every number above 1,000 as a count of 1,000.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/remote_tier.hpp"

namespace wx::cache {

// `memo.epoch` must be set.
[[nodiscard]] std::string failure_text(const FailureMemo& memo);

// Parses the text into a memo without its remaining time. Returns nothing if `text` is not a failure, for example a
// lease's token.
[[nodiscard]] std::optional<FailureMemo> parse_failure_text(std::string_view text);

}  // namespace wx::cache
