#include "base/random.hpp"

#include <random>

namespace wx {

std::string random_hex(Random& random, std::size_t digits) {
  std::string text(digits, '0');
  auto bits = random.next();
  for (char& digit : text) {
    digit = "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  return text;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace wx
