#include "base/fleet_clock.hpp"

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"

namespace wx {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using ServerTime = std::chrono::sys_time<microseconds>;

constexpr ServerTime kServer = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 10h;

class FleetClockTest : public testing::Test {
 protected:
  // The server says `server` in answer to a question; each way takes its time.
  void ask(ServerTime server, nanoseconds to, nanoseconds from) {
    const auto sent = clock.steady();
    clock.advance(to + from);
    fleet.sample(sent, clock.steady(), server + std::chrono::floor<microseconds>(to));
  }
  // By how much the fleet's time is ahead of the server's clock, which says `server` now.
  milliseconds error(ServerTime server) { return fleet.wall() - std::chrono::floor<milliseconds>(server); }

  test::FakeClock clock;
  FleetClock fleet{clock};
};

TEST_F(FleetClockTest, IsTheOwnWallClockUntilRedisWasHeard) {
  EXPECT_EQ(fleet.wall(), clock.wall());
  clock.advance(5s);
  EXPECT_EQ(fleet.wall(), clock.wall());
}

TEST_F(FleetClockTest, IsTheServersClockFromTheFirstSampleOn) {
  ask(kServer, 1ms, 1ms);
  EXPECT_EQ(error(kServer + 2ms), 0ms);
  clock.advance(1h);
  EXPECT_EQ(error(kServer + 1h + 2ms), 0ms);
}

TEST_F(FleetClockTest, ErrsByHalfTheRoundTripAtMost) {
  ask(kServer, 80ms, 0ms);
  EXPECT_EQ(error(kServer + 80ms), 40ms);
}

TEST_F(FleetClockTest, ErrsByHalfTheRoundTripToTheOtherSideToo) {
  ask(kServer, 0ms, 80ms);
  EXPECT_EQ(error(kServer + 80ms), -40ms);
}

TEST_F(FleetClockTest, TakesTheSampleWithTheShortestRoundTrip) {
  ask(kServer, 1ms, 1ms);
  ask(kServer + 2ms, 200ms, 0ms);
  EXPECT_EQ(error(kServer + 202ms), 0ms);
  ask(kServer + 202ms, 0ms, 0ms);
  EXPECT_EQ(error(kServer + 202ms), 0ms);
}

TEST_F(FleetClockTest, FollowsAServerWhoseClockWasSetForwardOrBack) {
  ask(kServer, 1ms, 1ms);
  ask(kServer + 1h, 50ms, 50ms);  // slower, but it contradicts the first
  EXPECT_EQ(error(kServer + 1h + 100ms), 0ms);
  ask(kServer, 60ms, 60ms);
  EXPECT_EQ(error(kServer + 120ms), 0ms);
}

TEST_F(FleetClockTest, ForgetsASampleAfterSevenMoreBecauseClocksDrift) {
  ask(kServer, 0ms, 0ms);
  auto server = kServer;
  // The server's clock gains 3 ms each time, so little that no sample contradicts the first.
  for (int i = 0; i < 7; ++i) {
    clock.advance(29s);
    server += 29s + 3ms;
    ask(server, 30ms, 30ms);
    server += 60ms;
    EXPECT_EQ(error(server), -3ms * (i + 1)) << i;
  }
  clock.advance(29s);
  server += 29s + 3ms;
  ask(server, 30ms, 30ms);
  EXPECT_GE(error(server + 60ms), -21ms) << "no longer the first";
}

TEST_F(FleetClockTest, HasTheOwnSteadyClock) {
  EXPECT_EQ(fleet.steady(), clock.steady());
  clock.advance(3s);
  EXPECT_EQ(fleet.steady(), clock.steady());
}

TEST_F(FleetClockTest, IsNotMovedByTheOwnWallClock) {
  ask(kServer, 1ms, 1ms);
  clock.set_wall(clock.wall() + 24h);
  EXPECT_EQ(error(kServer + 2ms), 0ms);
}

}  // namespace
}  // namespace wx
