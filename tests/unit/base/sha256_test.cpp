#include "base/sha256.hpp"

#include <gtest/gtest.h>

namespace wx {
namespace {

// The examples of FIPS 180-2, appendix B.
TEST(Sha256, HashesTheStandardsExamples) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, IsCutToSoManyBytes) {
  EXPECT_EQ(sha256_hex("abc", 16), "ba7816bf8f01cfea414140de5dae2223");
  EXPECT_EQ(sha256_hex("abc", 0), "");
  EXPECT_EQ(sha256_hex("abc", 99).size(), 64);
}

}  // namespace
}  // namespace wx
