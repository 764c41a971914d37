#include "base/hash.hpp"

#include <charconv>

#include <xxhash.h>

namespace wx {

std::uint64_t content_hash(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

ContentTag::ContentTag(std::uint64_t hash)
    : size_(static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, hash, 16).ptr - digits_)) {}

std::string content_tag(std::string_view bytes) {
  return std::string(ContentTag(content_hash(bytes)).view());
}

}  // namespace wx
