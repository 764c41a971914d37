#include "open_meteo/reply_times.hpp"

#include <gtest/gtest.h>

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr sys_seconds kNoon = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 12h;

struct Times {
  std::optional<sys_seconds> date = {};
  std::optional<std::chrono::seconds> age = {};
  std::optional<http_client::RetryAfter> retry_after = {};
};
Reply with(const Times& times) {
  Reply reply;
  reply.date = times.date;
  reply.age = times.age;
  reply.retry_after = times.retry_after;
  return reply;
}

std::optional<milliseconds> ahead(std::optional<sys_seconds> date, std::optional<std::chrono::seconds> age = {}) {
  // The call took 200 ms.
  return clock_ahead(with({.date = date, .age = age}), WallTime(kNoon) + 500ms, WallTime(kNoon) + 700ms);
}

TEST(ClockAhead, IsZeroWhereTheTimeOfTheCallExplainsIt) {
  EXPECT_EQ(ahead(kNoon), 0ms);
  EXPECT_EQ(clock_ahead(with({.date = kNoon}), WallTime(kNoon) - 3s, WallTime(kNoon) + 3s), 0ms);
}

TEST(ClockAhead, IsTheLeastDifferenceOtherwise) {
  EXPECT_EQ(ahead(kNoon + 20min), 20min - 700ms);
  EXPECT_EQ(ahead(kNoon - 20min), -20min + 500ms) << "the date may be almost a second old";
  EXPECT_EQ(ahead(kNoon + 1s), 300ms);
}

TEST(ClockAhead, CountsTheTimeInACacheOnTheWay) {
  EXPECT_EQ(ahead(kNoon - 90s, 90s), 0ms);
  EXPECT_EQ(ahead(kNoon - 90s), -89'500ms);
  EXPECT_FALSE(ahead({}, 90s)) << "without a date it says nothing";
}

TEST(PauseAsked, IsTheNumberOfSeconds) {
  EXPECT_EQ(pause_asked(with({.retry_after = 120s}), kNoon), 120s);
  EXPECT_EQ(pause_asked(with({.retry_after = 0s}), kNoon), 0s);
  EXPECT_FALSE(pause_asked(with({}), kNoon));
}

TEST(PauseAsked, IsADayAtMost) {
  EXPECT_EQ(pause_asked(with({.retry_after = 86'401s}), kNoon), 24h);
  EXPECT_EQ(pause_asked(with({.retry_after = kNoon + 48h}), kNoon), 24h);
  EXPECT_EQ(pause_asked(with({.date = kNoon, .retry_after = kNoon + 48h}), kNoon), 24h);
}

TEST(PauseAsked, EndsAtATimeOfTheProvidersClock) {
  EXPECT_EQ(pause_asked(with({.retry_after = kNoon + 2min}), kNoon), 2min) << "our clock, where there is no other";
  EXPECT_EQ(pause_asked(with({.date = kNoon, .retry_after = kNoon + 2min}), kNoon + 20min), 2min) << "ours is ahead";
  EXPECT_EQ(pause_asked(with({.date = kNoon, .retry_after = kNoon + 2min}), kNoon - 365 * 24h), 2min)
      << "ours was never set";
  EXPECT_EQ(pause_asked(with({.date = kNoon, .age = 30s, .retry_after = kNoon + 2min}), kNoon), 90s)
      << "kept on the way";
  EXPECT_EQ(pause_asked(with({.retry_after = kNoon - 1s}), kNoon), 0s);
}

TEST(PauseAsked, IsByTheDateEvenIfThatGivesNoneOrMoreThanADay) {
  // Our clock is 20 hours off, and would give another pause than the 24 hours, or none, that the provider wants.
  EXPECT_EQ(pause_asked(with({.date = kNoon, .retry_after = kNoon + 30h}), kNoon + 20h), 24h) << "ours is ahead";
  EXPECT_EQ(pause_asked(with({.date = kNoon, .retry_after = kNoon + 30h}), kNoon - 20h), 24h) << "ours is behind";
  EXPECT_EQ(pause_asked(with({.date = kNoon, .retry_after = kNoon - 1s}), kNoon - 20h), 0s) << "ours is behind";
  EXPECT_EQ(pause_asked(with({.date = kNoon + 1h, .retry_after = kNoon + 2min}), kNoon), 0s);
  EXPECT_EQ(pause_asked(with({.date = kNoon, .age = 3min, .retry_after = kNoon + 2min}), kNoon), 0s)
      << "kept on the way until it was over";
}

TEST(PauseAsked, IsByOurClockWhereTheDateCannotBe) {
  EXPECT_EQ(pause_asked(with({.date = sys_seconds(0s), .retry_after = kNoon + 2min}), kNoon), 2min);
  EXPECT_EQ(pause_asked(with({.date = kNoon + 365 * 24h, .retry_after = kNoon + 2min}), kNoon), 2min);
}

}  // namespace
}  // namespace wx::open_meteo
