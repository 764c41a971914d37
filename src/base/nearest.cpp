#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace wx {

// Keeps one row of the table of distances between the prefixes of `a` and `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view nearest(std::string_view word, std::span<const std::string> known) {
  std::size_t limit = std::max<std::size_t>(2, word.size() / 3);
  std::string_view best;
  for (const auto& candidate : known) {
    const auto edits = edit_distance(word, candidate);
    if (edits < limit || (edits == limit && best.empty())) {
      limit = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace wx
