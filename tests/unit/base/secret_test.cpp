#include "base/secret.hpp"

#include <gtest/gtest.h>

namespace wx {
namespace {

TEST(RepeatsSecret, FindsTheWholeSecret) {
  EXPECT_TRUE(repeats_secret("the key abcdefghij is invalid", "abcdefghij"));
  EXPECT_TRUE(repeats_secret("abc", "abc"));
  EXPECT_FALSE(repeats_secret("the key is invalid", "abcdefghij"));
}

TEST(RepeatsSecret, FindsEightCharactersInARowOfIt) {
  EXPECT_TRUE(repeats_secret("the key abcdefgh", "abcdefghij")) << "its beginning";
  EXPECT_TRUE(repeats_secret("cdefghij is invalid", "abcdefghij")) << "its end";
  EXPECT_TRUE(repeats_secret("a bcdefghi j", "abcdefghij")) << "its middle";
  EXPECT_FALSE(repeats_secret("abcdefg", "abcdefghij"));
}

TEST(RepeatsSecret, TakesAShortSecretAsAWhole) {
  EXPECT_TRUE(repeats_secret("s3cret!", "s3cret"));
  EXPECT_FALSE(repeats_secret("s3cre!", "s3cret"));
}

TEST(RepeatsSecret, NothingRepeatsNoSecret) {
  EXPECT_FALSE(repeats_secret("text", ""));
  EXPECT_FALSE(repeats_secret("", "abc"));
}

}  // namespace
}  // namespace wx
