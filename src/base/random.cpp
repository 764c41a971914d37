#include "base/random.hpp"

#include <random>

namespace wx {

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace wx
