#include "base/random.hpp"

#include <random>

namespace wx {

std::string random_hex(Random& random, std::size_t digits) {
  std::string text;
  for (auto bits = random.next(); text.size() < digits; bits >>= 4) text += "0123456789abcdef"[bits & 15];
  return text;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace wx
