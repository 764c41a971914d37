// A failed load as it stands in the place of a lease in Redis: "fail:provider-timeout:3" (kind and count). How long it
// holds is the key's time to live.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/remote_tier.hpp"

namespace wx::cache {

[[nodiscard]] std::string failure_text(const FailureMemo& memo);

// The memo, without its time left; nothing if `text` is no failure (a lease's token, for one).
[[nodiscard]] std::optional<FailureMemo> parse_failure_text(std::string_view text);

}  // namespace wx::cache
