// Hashes for spreading keys and for detecting change; not for security.
//
// Thread-safety: pure functions; one ContentHasher is for one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct XXH3_state_s;  // of xxHash

namespace wx {

// A hash of a short text such as a key: FNV-1a (draft-eastlake-fnv) followed by MurmurHash3's final mix, which
// spreads short keys over all bits.
[[nodiscard]] constexpr std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ seed;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

// A fast hash of content of any length, to detect changes: XXH3 (https://xxhash.com). Values in Redis and entity tags
// contain it, so all processes and versions must compute the same.
[[nodiscard]] std::uint64_t content_hash(std::string_view bytes, std::uint64_t seed = 0);

// A content_hash() as text: up to 16 hexadecimal digits in lower case, without leading zeros. Allocates nothing.
class ContentTag {
 public:
  explicit ContentTag(std::uint64_t hash);
  [[nodiscard]] std::string_view view() const { return {digits_, size_}; }

 private:
  char digits_[16];
  std::size_t size_;
};
// The tag of `bytes`, as a string.
[[nodiscard]] std::string content_tag(std::string_view bytes);

// XXH3 with 128 bits, of content that comes in pieces. How the content is cut does not matter.
class ContentHasher {
 public:
  ContentHasher();

  void update(std::string_view piece);
  // The hash of all pieces so far: 32 hexadecimal digits in lower case.
  [[nodiscard]] std::string hex() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace wx
