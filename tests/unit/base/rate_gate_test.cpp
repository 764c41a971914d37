#include "base/rate_gate.hpp"

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"

namespace wx {
namespace {

int passed(RateGate& gate, SteadyTime now, int attempts) {
  int count = 0;
  for (int i = 0; i < attempts; ++i) count += gate.pass(now) ? 1 : 0;
  return count;
}

TEST(RateGate, LetsABurstOfOneSecondPass) {
  test::FakeClock clock;
  RateGate gate(200);
  EXPECT_EQ(passed(gate, clock.steady(), 1000), 200);
  EXPECT_EQ(passed(gate, clock.steady(), 1000), 0);
}

TEST(RateGate, NeverPassesMoreThanTheRateInTheLongRun) {
  test::FakeClock clock;
  RateGate gate(100);
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {  // ten seconds
    count += passed(gate, clock.steady(), 5);
    clock.advance(milliseconds(1));
  }
  EXPECT_GE(count, 1000);
  EXPECT_LE(count, 1100) << "the burst and ten seconds";
}

TEST(RateGate, IsAsNewAfterASecondOfRest) {
  test::FakeClock clock;
  RateGate gate(7);
  EXPECT_EQ(passed(gate, clock.steady(), 100), 7);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(passed(gate, clock.steady(), 100), 7);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(passed(gate, clock.steady(), 100), 7) << "rest is not saved up";
}

TEST(RateGate, WhatIsGivenBackMayPassAgain) {
  test::FakeClock clock;
  RateGate gate(7);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(gate.pass(clock.steady())) << i;
    gate.give_back();
  }
  EXPECT_EQ(passed(gate, clock.steady(), 100), 7);
  gate.give_back();
  EXPECT_EQ(passed(gate, clock.steady(), 100), 1);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(passed(gate, clock.steady(), 100), 7);
}

}  // namespace
}  // namespace wx
