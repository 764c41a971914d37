// Secrets in the texts of other servers. Thread-safety: pure functions.
#pragma once

#include <string_view>

namespace wx {

// Whether `text` repeats `secret`, or eight characters in a row of it: whoever repeats a secret may have cut it, or
// replaced some of its characters. A secret of fewer than eight characters counts as a whole. False if it is empty.
// Ask before the text is cut, so that no rest of a secret stays.
[[nodiscard]] bool repeats_secret(std::string_view text, std::string_view secret);

}  // namespace wx
