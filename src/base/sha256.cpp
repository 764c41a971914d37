#include "base/sha256.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/evp.h>

namespace wx {

std::string sha256_hex(std::string_view text, std::size_t bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 32> hash{};
  if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  std::string out;
  for (std::size_t i = 0; i < std::min(bytes, hash.size()); ++i) {
    out += kHex[hash.at(i) >> 4U];
    out += kHex[hash.at(i) & 15U];
  }
  return out;
}

}  // namespace wx
