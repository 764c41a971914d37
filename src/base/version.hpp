// The program's version, from CMakeLists.txt.
#pragma once

#include <string_view>

namespace wx {

// "0.1.0"
[[nodiscard]] std::string_view version();

}  // namespace wx
