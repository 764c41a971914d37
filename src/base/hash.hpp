// 64-bit hashes for spreading keys and for detecting change; not for security.
// FNV-1a (draft-eastlake-fnv) followed by MurmurHash3's final mix, which spreads short keys over all bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace wx {

[[nodiscard]] constexpr std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ seed;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace wx
