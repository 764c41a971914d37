#include "base/hash.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wx {
namespace {

std::string hash_in_pieces(std::string_view text, std::size_t size) {
  ContentHasher hasher;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) hasher.update(text.substr(0, size));
  return hasher.hex();
}

// The expected values come from XXH3_128bits() of libxxhash 0.8.1, called from Python.
TEST(ContentHasher, IsXxh3With128Bits) {
  EXPECT_EQ(hash_in_pieces("", 1), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_in_pieces("hello", 5), "b5e9c1ad071b3e7fc779cfaa5e523818");
  EXPECT_EQ(hash_in_pieces(std::string(1000, 'a'), 1000), "b01da365eddaa29cb3e7af627147db7c");
}

TEST(ContentHasher, TheCutsDoNotMatter) {
  const std::string text(1000, 'a');
  for (std::size_t size = 1; size <= 300; ++size) {
    EXPECT_EQ(hash_in_pieces(text, size), "b01da365eddaa29cb3e7af627147db7c") << size;
  }
}

TEST(ContentHasher, CanGoOnAfterTheHashWasRead) {
  ContentHasher hasher;
  hasher.update("hel");
  EXPECT_NE(hasher.hex(), "b5e9c1ad071b3e7fc779cfaa5e523818");
  hasher.update("lo");
  EXPECT_EQ(hasher.hex(), "b5e9c1ad071b3e7fc779cfaa5e523818");
}

}  // namespace
}  // namespace wx
