// What a fuzz target asserts.
#pragma once

#include <cstdlib>

namespace wx::fuzz {

// Ends the run, and so reports the input, unless `holds`. Not assert(): this stands in every build.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace wx::fuzz
