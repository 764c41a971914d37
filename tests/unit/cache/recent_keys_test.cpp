#include "cache/recent_keys.hpp"

#include <gtest/gtest.h>

namespace wx::cache {
namespace {

TEST(RecentKeys, KeepsTheLatestValueOfEachKey) {
  RecentKeys<int> keys(10);
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(keys.find("A"), nullptr);
  keys.put("A", 1);
  keys.put("B", 2);
  keys.put("A", 3);
  EXPECT_EQ(*keys.find("A"), 3);
  EXPECT_EQ(*keys.find("B"), 2);
  EXPECT_FALSE(keys.empty());
}

TEST(RecentKeys, ForgetsTheOldestBeyondItsLimit) {
  RecentKeys<int> keys(3);
  for (const auto* key : {"A", "B", "C", "A", "D"}) keys.put(key, 0);
  EXPECT_EQ(keys.find("B"), nullptr);
  for (const auto* key : {"A", "C", "D"}) EXPECT_NE(keys.find(key), nullptr) << key;
}

TEST(RecentKeys, ForgetsAKeyOnDemand) {
  RecentKeys<int> keys(2);
  keys.put("A", 1);
  keys.erase("A");
  keys.erase("A");
  EXPECT_TRUE(keys.empty());
  for (const auto* key : {"A", "B", "C"}) keys.put(key, 0);
  EXPECT_EQ(keys.find("A"), nullptr);
  EXPECT_NE(keys.find("C"), nullptr);
}

}  // namespace
}  // namespace wx::cache
