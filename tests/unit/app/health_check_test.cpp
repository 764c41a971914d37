// The address that `weather-cache healthcheck` asks. tests/flow/health_check_test.cpp tests the request itself.
#include "app/health_check.hpp"

#include <gtest/gtest.h>

namespace wx::app {
namespace {

std::string url_for(const std::string& address) {
  config::Settings settings;
  settings.port = 81;
  settings.address = address;
  return health_url(settings);
}

TEST(HealthUrl, IsLoopbackWhereTheServiceListensEverywhere) {
  EXPECT_EQ(url_for("0.0.0.0"), "http://127.0.0.1:81/health/ready");
  EXPECT_EQ(url_for("::"), "http://[::1]:81/health/ready");
  EXPECT_EQ(url_for("0:0::0"), "http://[::1]:81/health/ready");
}

TEST(HealthUrl, IsTheAddressThatTheServiceListensOn) {
  EXPECT_EQ(url_for("127.0.0.2"), "http://127.0.0.2:81/health/ready");
  EXPECT_EQ(url_for("10.1.2.3"), "http://10.1.2.3:81/health/ready");
  EXPECT_EQ(url_for("2001:db8::1"), "http://[2001:db8::1]:81/health/ready");
}

}  // namespace
}  // namespace wx::app
