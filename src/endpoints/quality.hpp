// Lists with q-values, as in Accept, Accept-Encoding and Accept-Language (RFC 9110 §12.4.2).
//
// Thread-safety: pure functions.
#pragma once

#include <string_view>

namespace wx::endpoints {

struct Weighted {
  std::string_view value;
  int weight = 1000;  // in thousandths; 0: not acceptable; a malformed weight counts as 0
};
// Removes the next member from a comma-separated list and parses it.
[[nodiscard]] Weighted cut_weighted(std::string_view& rest);

}  // namespace wx::endpoints
