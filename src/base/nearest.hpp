// "Did you mean ...?": the known word closest to a misspelled one.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace wx {

// The Levenshtein distance: the fewest insertions, deletions and replacements of a byte that turn `a` into `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The entry of `known` nearest to `word` by edit distance if it is close enough to be a typing error: at most a third
// of the word's length, but two edits are always allowed. Else empty. The first of several equally near entries wins.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string> known);

}  // namespace wx
