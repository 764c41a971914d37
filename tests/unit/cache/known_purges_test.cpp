#include "cache/known_purges.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::cache {
namespace {

Moment moment(int second) {
  return {.wall = WallTime(std::chrono::seconds(1'800'000'000 + second)),
          .steady = SteadyTime(std::chrono::seconds(second))};
}

TEST(KnownPurges, RemembersTheLatestPurgeOfEachKey) {
  KnownPurges purges;
  EXPECT_FALSE(purges.find("A"));
  purges.record("A", moment(5));
  purges.record("B", moment(6));
  purges.record("A", moment(7));
  purges.record("A", moment(4));  // a message that came late
  ASSERT_TRUE(purges.find("A") && purges.find("B"));
  EXPECT_EQ(purges.find("A")->steady, moment(7).steady);
  EXPECT_EQ(purges.find("A")->wall, moment(7).wall);
  EXPECT_EQ(purges.find("B")->steady, moment(6).steady);
  EXPECT_FALSE(purges.find("C"));
}

TEST(KnownPurges, ForgetsTheLongestUnpurgedKeyBeyondItsLimit) {
  KnownPurges purges;
  const auto key = [](std::size_t i) { return cat("key-", i); };
  for (std::size_t i = 0; i < KnownPurges::kLimit; ++i) purges.record(key(i), moment(static_cast<int>(i)));
  purges.record(key(0), moment(20'000));  // now the latest
  purges.record("one more", moment(20'001));
  EXPECT_TRUE(purges.find(key(0)));
  EXPECT_FALSE(purges.find(key(1)));
  EXPECT_TRUE(purges.find(key(2)));
  EXPECT_TRUE(purges.find("one more"));
}

}  // namespace
}  // namespace wx::cache
