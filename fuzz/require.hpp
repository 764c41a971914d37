// The assertion of the fuzz targets.
#pragma once

#include <cstdlib>

namespace wx::fuzz {

// Aborts unless `holds`, so that the fuzzer reports the input. Unlike assert(), it also works in a release build.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace wx::fuzz
