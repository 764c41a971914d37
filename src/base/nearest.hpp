// "Did you mean ...?": the known word that takes the fewest edits to reach.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wx {

// The entry of `known` nearest to `word` by Levenshtein distance, if it is near enough to be a slip of the hand (at
// most a third of the word's length, at least 2); else empty. The first wins a tie.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string> known);

}  // namespace wx
