// `weather-cache healthcheck`, run as a container's health check runs it.
#include <csignal>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "support/black_hole.hpp"
#include "support/free_port.hpp"

namespace wx::test {
namespace {

constexpr milliseconds kSoon{10000 * kSlowdown};

std::unique_ptr<Process> healthcheck(std::uint16_t port, Settings more = {}) {
  more.try_emplace("PORT", cat(port));
  return run_program(more, {"healthcheck"});
}

TEST(HealthCheck, IsZeroWhenTheServiceIsReady) {
  const Service service;
  const auto check = healthcheck(service.port());
  EXPECT_EQ(check->wait(kSoon), 0) << check->output();
  EXPECT_TRUE(check->standard_output().starts_with("healthy: ")) << check->output();
  EXPECT_EQ(check->standard_error(), "");
}

TEST(HealthCheck, IsZeroWithoutRedisBecauseTheServiceAnswersAllTheSame) {
  const Settings no_redis{{"REDIS_URL", "redis://127.0.0.1:1"}};
  const Service service(no_redis);
  const auto check = healthcheck(service.port(), no_redis);
  EXPECT_EQ(check->wait(kSoon), 0) << check->output();
}

TEST(HealthCheck, IsOneWhileTheServiceDrains) {
  Service service({{"DRAIN_DELAY", "1m"}});
  service.process().signal(SIGTERM);
  const auto answer = get_until(service, "/health/ready", kSoon, [](const Answer& a) { return a.status == 503; });
  ASSERT_EQ(answer.status, 503);
  const auto check = healthcheck(service.port());
  EXPECT_EQ(check->wait(kSoon), 1);
  EXPECT_EQ(check->standard_output(), "");
  EXPECT_TRUE(check->standard_error().contains("answered 503")) << check->output();
  EXPECT_TRUE(check->standard_error().contains("draining")) << check->output();
  service.kill();
}

TEST(HealthCheck, IsOneAndSaysWhereItAskedWhenNobodyListens) {
  const auto port = free_port();
  const auto check = healthcheck(port);
  EXPECT_EQ(check->wait(kSoon), 1);
  EXPECT_TRUE(check->standard_error().contains(cat("http://127.0.0.1:", port, "/health/ready"))) << check->output();
  EXPECT_TRUE(check->standard_error().contains("refused")) << check->output();
}

TEST(HealthCheck, IsOneAfterTwoSecondsWhenTheServiceHangs) {
  const Service service;
  BlackHole hole(service.port());
  hole.swallow_everything();
  const auto begin = std::chrono::steady_clock::now();
  const auto check = healthcheck(hole.port());
  EXPECT_EQ(check->wait(kSoon), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3000 * kSlowdown));
  EXPECT_TRUE(check->standard_error().contains("in time")) << check->output();
}

}  // namespace
}  // namespace wx::test
