#include "base/version.hpp"

namespace wx {

std::string_view version() {
  return WX_VERSION;
}

}  // namespace wx
