#include "open_meteo/provider_clock.hpp"

#include <gtest/gtest.h>

#include "support/memory_log.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;

struct ProviderClockTest : testing::Test {
  std::size_t lines() const {
    const auto text = log.text();
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
  test::MemoryLog log;
  ProviderClock clock{log};
  SteadyTime now{1000s};
};

TEST_F(ProviderClockTest, LogsOnceThatTheClocksDifferAndOnceThatTheyAgree) {
  clock.note(60s, now);
  clock.note(-60s, now);
  EXPECT_EQ(log.text(), "") << "a minute is not more than a minute";
  for (int i = 0; i < 10; ++i) clock.note(-20min, now);
  EXPECT_EQ(lines(), 1U);
  EXPECT_TRUE(log.text().contains("differ")) << log.text();
  EXPECT_TRUE(log.text().contains("ahead_of_provider_ms=1200000")) << log.text();
  EXPECT_EQ(clock.ahead(), -20min);
  clock.note(40s, now);
  EXPECT_EQ(lines(), 1U) << "neither";
  for (int i = 0; i < 10; ++i) clock.note(0s, now);
  EXPECT_EQ(lines(), 2U);
  EXPECT_TRUE(log.text().contains("agree again")) << log.text();
}

TEST_F(ProviderClockTest, LogsServersWithDifferentClocksNowAndThen) {
  for (int i = 0; i < 100; ++i) {
    clock.note(i % 2 == 0 ? 2min : 0min, now);
    now += 1s;
  }
  EXPECT_EQ(lines(), 2U) << log.text();
  now += 10min;
  clock.note(2min, now);
  EXPECT_EQ(lines(), 3U);
}

}  // namespace
}  // namespace wx::open_meteo
