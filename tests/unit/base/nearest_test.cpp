#include "base/nearest.hpp"

#include <gtest/gtest.h>

namespace wx {
namespace {

const std::vector<std::string> kKnown{"--port", "--redis-url", "--redis-url-file", "--mock-delay"};

TEST(Nearest, FindsASlipOfTheHand) {
  EXPECT_EQ(nearest("--prot", kKnown), "--port");
  EXPECT_EQ(nearest("--redis_url", kKnown), "--redis-url");
  EXPECT_EQ(nearest("--mockdelay", kKnown), "--mock-delay");
}

TEST(Nearest, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("user", ""), 4U);
  EXPECT_EQ(edit_distance("", "user"), 4U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("password", "passwd"), 2U);
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest("--verbose", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
}

}  // namespace
}  // namespace wx
