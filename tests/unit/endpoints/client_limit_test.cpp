#include "endpoints/client_limit.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

using namespace std::chrono_literals;

SteadyTime at(milliseconds span) {
  return SteadyTime(1000s + span);
}

TEST(ClientLimit, AllowsAsManyLoadsAsToldAndThenNamesTheEndOfTheWindow) {
  ClientLimit limit({.loads = 3, .window = 60s});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.allow("192.0.2.1", at(i * 10s)).allowed);
  const auto verdict = limit.allow("192.0.2.1", at(30s));
  EXPECT_FALSE(verdict.allowed);
  EXPECT_EQ(verdict.retry_after, 30s);
  EXPECT_FALSE(limit.allow("192.0.2.1", at(59'999ms)).allowed);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.allow("192.0.2.1", at(60s)).allowed);
  EXPECT_FALSE(limit.allow("192.0.2.1", at(60s)).allowed);
}

TEST(ClientLimit, EachAddressCountsForItself) {
  ClientLimit limit({.loads = 1});
  for (const auto* const address : {"192.0.2.1", "192.0.2.2", "2001:db8:0:1::1", "2001:db8:0:2::1", "", "unknown"}) {
    EXPECT_TRUE(limit.allow(address, at(0s)).allowed) << address;
    EXPECT_FALSE(limit.allow(address, at(0s)).allowed) << address;
  }
}

TEST(ClientLimit, ANetworkOfIpv6IsOneClientAndSoAreTheSpellingsOfAnAddress) {
  ClientLimit limit({.loads = 1});
  EXPECT_TRUE(limit.allow("2001:db8:0:1::1", at(0s)).allowed);
  EXPECT_FALSE(limit.allow("2001:db8:0:1:ffff:ffff:ffff:ffff", at(0s)).allowed);
  EXPECT_TRUE(limit.allow("192.0.2.1", at(0s)).allowed);
  EXPECT_FALSE(limit.allow("::ffff:192.0.2.1", at(0s)).allowed);
  EXPECT_TRUE(limit.allow("::ffff:192.0.2.2", at(0s)).allowed) << "IPv4 addresses are separate clients";
}

TEST(ClientLimit, OffIsOff) {
  ClientLimit limit({});
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.allow("192.0.2.1", at(0s)).allowed);
  EXPECT_EQ(limit.clients(), 0U);
}

TEST(ClientLimit, TheTableIsBoundedAndForgetsWhoWasQuietLongest) {
  ClientLimit limit({.loads = 1, .max_clients = 3});
  for (const auto* const address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) (void)limit.allow(address, at(0s));
  EXPECT_FALSE(limit.allow("192.0.2.1", at(1s)).allowed) << "this client is the latest again";
  EXPECT_TRUE(limit.allow("192.0.2.4", at(1s)).allowed);
  EXPECT_EQ(limit.clients(), 3U);
  EXPECT_FALSE(limit.allow("192.0.2.1", at(1s)).allowed);
  EXPECT_TRUE(limit.allow("192.0.2.2", at(1s)).allowed) << "it was forgotten";
}

TEST(ClientLimit, NeverMoreThanTheLimitFromManyThreads) {
  ClientLimit limit({.loads = 100});
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        allowed += limit.allow("192.0.2.1", at(0s)).allowed ? 1 : 0;
        (void)limit.allow(cat("198.51.100.", t), at(0s));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 100);
}

TEST(ClientLimit, TakesBackWhatWasOnlyAnnounced) {
  ClientLimit limit({.loads = 1, .window = 60s});
  {
    const auto announced = limit.reserve("192.0.2.1", at(0s));
    ASSERT_TRUE(announced);
    const auto second = limit.reserve("192.0.2.1", at(1s));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::client_limited);
    EXPECT_EQ(second.error().retry_after, 59s);
  }
  auto kept = limit.reserve("192.0.2.1", at(1s));
  ASSERT_TRUE(kept);
  kept->keep();
  {
    const auto moved = std::move(*kept);
  }
  EXPECT_FALSE(limit.reserve("192.0.2.1", at(2s)));
}

TEST(ClientLimit, TakesNothingBackFromALaterWindow) {
  ClientLimit limit({.loads = 1, .window = 60s});
  {
    const auto old = limit.reserve("192.0.2.1", at(0s));
    EXPECT_TRUE(limit.allow("192.0.2.1", at(60s)).allowed);
  }
  EXPECT_FALSE(limit.allow("192.0.2.1", at(61s)).allowed);
}

TEST(ClientLimit, ChecksWithoutCounting) {
  ClientLimit limit({.loads = 1, .window = 60s});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.check("192.0.2.1", at(0s)).allowed);
  EXPECT_EQ(limit.clients(), 0U);
  (void)limit.allow("192.0.2.1", at(0s));
  EXPECT_EQ(limit.check("192.0.2.1", at(20s)).retry_after, 40s);
  EXPECT_TRUE(limit.check("192.0.2.1", at(60s)).allowed);
}

TEST(ClientLimit, IsReadAndWrittenBack) {
  for (const auto* const text : {"off", "60/m", "1000/h", "5000/d"}) {
    EXPECT_EQ(format_client_loads(*parse_client_loads(text)), text);
  }
  EXPECT_EQ(parse_client_loads(" 60/m ")->loads, 60U);
  EXPECT_EQ(parse_client_loads("7/h")->window, 1h);
  EXPECT_EQ(parse_client_loads("60").error().detail, "a limit is written like 600/m");
  EXPECT_EQ(parse_client_loads("60/s").error().detail, "a limit ends with /m (minute), /h (hour) or /d (day)");
  EXPECT_EQ(parse_client_loads("").error().detail, "a limit is written like 600/m");
  for (const auto* const text : {"/m", "0/m", "-1/m", "x/m", "1000000001/m"}) {
    EXPECT_EQ(parse_client_loads(text).error().detail, "a limit begins with a number from 1 to 1000000000");
  }
}

}  // namespace
}  // namespace wx::endpoints
