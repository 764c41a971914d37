// The settings that a deployment to Cloud Run puts into the environment.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

Answer ask(const Service& service, int place, const std::string& client, std::string_view more = "") {
  // Google's front end appends the client's address to the value that the client sent.
  return service.get(cat("/weather?lat=", place, "&lon=1", more),
                     {{"X-Forwarded-For", cat("192.0.2.99, ", client)}, {"Accept", "application/json"}});
}

TEST(CloudRun, VisitorsAreToldApartThoughAllComeByTheFrontEnd) {
  FakeProvider provider;
  const Service service({{"K_SERVICE", "weather-app"}, {"CLIENT_LOADS", "1/m"}, {"OPEN_METEO_URL", provider.url()}});
  EXPECT_EQ(ask(service, 1, "203.0.113.1").status, 200);
  EXPECT_EQ(ask(service, 2, "203.0.113.1").status, 429) << "the same client";
  EXPECT_EQ(ask(service, 3, "203.0.113.2").status, 200) << "another client";
}

// Google's front end writes both fields.
TEST(CloudRun, VisitorsAreToldApartByForwardedToo) {
  FakeProvider provider;
  const Service service({{"K_SERVICE", "weather-app"}, {"CLIENT_LOADS", "1/h"}, {"OPEN_METEO_URL", provider.url()}});
  const auto status = [&](int place, const Headers& headers) {
    return service.get(cat("/weather?lat=", place, "&lon=1"), headers).status;
  };
  EXPECT_EQ(status(1, {{"X-Forwarded-For", "203.0.113.1"}, {"Forwarded", "for=\"203.0.113.1\";proto=https"}}), 200);
  EXPECT_EQ(status(2, {{"X-Forwarded-For", "203.0.113.1"}}), 429) << "the same client";
  EXPECT_EQ(status(3, {{"Forwarded", "for=203.0.113.1"}}), 429) << "the same client";
  EXPECT_EQ(status(4, {{"Forwarded", "for=\"[2001:db8::1]\";proto=https"}}), 200) << "another client";
  EXPECT_EQ(status(5, {{"Forwarded", "for=203.0.113.2"}, {"X-Forwarded-For", "203.0.113.3"}}), 200) << "the front end";
  EXPECT_EQ(status(6, {{"Forwarded", "for=203.0.113.4"}, {"X-Forwarded-For", "203.0.113.5"}}), 429) << "the front end";
}

TEST(CloudRun, RedisTlsMakesAPlainUrlSpeakTls) {
  CertificateAuthority authority;
  const RedisServer redis({.password = "hunter2", .tls = authority.issue({"localhost"})});
  const Service service({{"K_SERVICE", "weather-app"},
                         {"REDIS_URL", cat("redis://default:hunter2@localhost:", redis.port())},
                         {"REDIS_TLS", "true"},
                         {"REDIS_CA_FILE", authority.file()},
                         {"REDIS_TIMEOUT", "5s"},
                         {"MOCK_DELAY", "1ms"}});
  EXPECT_EQ(ask(service, 1, "203.0.113.1", "&mock=true").status, 200);
  const auto stored = [&] { return redis.command({"EXISTS", "weather:mock:1:1"}) == "1"; };
  EXPECT_TRUE(eventually(stored, milliseconds(10000 * kSlowdown))) << service.log();
  EXPECT_FALSE(service.log().contains("hunter2"));
}

}  // namespace
}  // namespace wx::test
