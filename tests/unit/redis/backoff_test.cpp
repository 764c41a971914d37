#include "redis/backoff.hpp"

#include <gtest/gtest.h>

namespace wx::redis {
namespace {

TEST(Backoff, DoublesUpToASecondWithJitter) {
  Backoff backoff(7);
  for (const int span : {50, 100, 200, 400, 800, 1000, 1000, 1000}) {
    const nanoseconds wait = backoff.next();
    EXPECT_GE(wait, milliseconds(span) / 2) << span;
    EXPECT_LE(wait, milliseconds(span)) << span;
  }
}

TEST(Backoff, StartsAnewOnlyAfterAConnectionThatLasted) {
  Backoff backoff(7);
  for (int i = 0; i < 8; ++i) (void)backoff.next();
  backoff.on_lost(milliseconds(10));
  EXPECT_GE(backoff.next(), milliseconds(500));
  backoff.on_lost(milliseconds(1500));
  EXPECT_LE(backoff.next(), milliseconds(50));
}

TEST(Backoff, SpreadsClientsThatLostTheSameServer) {
  Backoff one(1);
  Backoff other(2);
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace wx::redis
