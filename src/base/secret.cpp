#include "base/secret.hpp"

#include <algorithm>
#include <cstddef>

namespace wx {

bool repeats_secret(std::string_view text, std::string_view secret) {
  if (secret.empty()) return false;
  const std::size_t length = std::min<std::size_t>(secret.size(), 8);
  for (std::size_t at = 0; at + length <= secret.size(); ++at) {
    if (text.contains(secret.substr(at, length))) return true;
  }
  return false;
}

}  // namespace wx
