// Lists with q-values, as in Accept, Accept-Encoding and Accept-Language (RFC 9110 §12.4.2).
//
// Thread-safety: pure functions.
#pragma once

#include <string_view>

namespace wx::endpoints {

// Cuts the part before the next `separator` off `rest`, without spaces around it.
[[nodiscard]] std::string_view cut(std::string_view& rest, char separator);

struct Weighted {
  std::string_view value;
  int weight = 1000;  // in thousandths; 0 = not wanted. A malformed one counts as 0: nobody gets what they may not want
};
// Cuts the next member off a comma-separated list.
[[nodiscard]] Weighted cut_weighted(std::string_view& rest);

}  // namespace wx::endpoints
