// Flows that take minutes or hours, with a clock that the test moves.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"
#include "support/movable_clock.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class MovedTime : public testing::Test {
 protected:
  Settings settings(Settings more = {}) const {
    more.emplace("OPEN_METEO_URL", provider_.url());
    more.insert(clock_.setting());
    return more;
  }
  static int age_of(const Answer& answer) { return std::stoi(answer.header("Age")); }

  ClockControl clock_;
  FakeProvider provider_;
};

TEST_F(MovedTime, TakesAnAnswerThroughItsSpans) {
  const Service service(settings({{"CACHE_TTL", "1h"}, {"CACHE_STALE", "2m"}, {"CACHE_EARLY", "1"}}));
  EXPECT_EQ(service.get(kReal).header("X-Cache"), "MISS");
  clock_.advance(minutes(59));
  const Answer hit = service.get(kReal);
  EXPECT_EQ(hit.header("X-Cache"), "HIT");
  EXPECT_GE(age_of(hit), 59 * 60);
  EXPECT_LT(age_of(hit), 60 * 60);

  clock_.advance(minutes(1));
  const Answer stale = service.get(kReal);
  EXPECT_EQ(stale.header("X-Cache"), "STALE");
  EXPECT_GE(age_of(stale), 60 * 60);
  const auto renewed = [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; };
  EXPECT_TRUE(renewed(get_until(service, kReal, milliseconds(5000), renewed)));
  EXPECT_EQ(provider_.calls(), 2U);

  provider_.always(html_reply(500, "<html>"));
  clock_.advance(hours(24));
  const Answer kept = service.get(kReal);
  EXPECT_EQ(kept.header("X-Cache"), "STALE");
  EXPECT_TRUE(kept.header("Cache-Status").contains("stale-if-error")) << kept.header("Cache-Status");
  clock_.advance(hours(2));
  expect_problem(service.get(kReal), 502);
}

TEST_F(MovedTime, JudgesAnAnswerFromRedisByItsAgeToo) {
  const RedisServer redis({.clock = &clock_});
  const auto all = patient(redis, settings({{"CACHE_TTL", "1h"}, {"CACHE_STALE", "2m"}}));
  const Service first(all);
  EXPECT_EQ(first.get(kReal).header("X-Cache"), "MISS");
  ASSERT_TRUE(eventually([&] { return redis.command({"EXISTS", "weather:52.52:13.41"}) == "1"; }));
  clock_.advance(minutes(30));
  const Service second(all);
  const Answer hit = second.get(kReal);
  EXPECT_EQ(source_of(hit), kFromRedis);
  EXPECT_GE(age_of(hit), 30 * 60);
  EXPECT_LT(age_of(hit), 31 * 60);
  clock_.advance(hours(25));
  EXPECT_EQ(redis.command({"EXISTS", "weather:52.52:13.41"}), "0") << "the clock of Redis moves, too";
  EXPECT_EQ(second.get(kReal).header("X-Cache"), "MISS");
}

TEST_F(MovedTime, OpensTheBudgetAgainWithTheNextHour) {
  // The test begins with an hour of the wall clock, so that it stays within it.
  const auto since_hour = std::chrono::system_clock::now().time_since_epoch() % hours(1);
  clock_.advance(std::chrono::ceil<milliseconds>(hours(1) - since_hour));
  const Service service(settings({{"UPSTREAM_LIMIT", "2/h"}}));
  EXPECT_EQ(service.get("/weather?lat=1&lon=1").status, 200);
  EXPECT_EQ(service.get("/weather?lat=2&lon=2").status, 200);
  const Answer refused = service.get("/weather?lat=3&lon=3");
  expect_problem(refused, 429);
  const seconds wait(std::stoi(refused.header("Retry-After")));
  EXPECT_GT(wait, minutes(50));
  clock_.advance(wait - minutes(1));
  expect_problem(service.get("/weather?lat=3&lon=3"), 429);
  clock_.advance(minutes(1));
  EXPECT_EQ(service.get("/weather?lat=3&lon=3").status, 200);
  EXPECT_EQ(provider_.calls(), 3U);
}

TEST_F(MovedTime, GivesAPipelinedRequestItsOwnMoment) {
  const Service service(settings({{"CACHE_TTL", "1h"}, {"REQUEST_TIMEOUT", "60s"}}));
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS");
  provider_.always(never());
  HttpClient client(service.port());
  client.send_raw(cat("GET ", kReal, " HTTP/1.1\r\nHost: a\r\n\r\nGET ", kMock, " HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(provider_.wait_for_calls(1));
  clock_.advance(seconds(12));
  provider_.shut();
  EXPECT_EQ(client.read().status, 502);
  const Answer mock = client.read();
  EXPECT_EQ(mock.header("X-Cache"), "HIT");
  EXPECT_GE(age_of(mock), 12);
}

TEST_F(MovedTime, LetsColdLoadsWaitForTheProbeOfAProviderThatIsWellAgain) {
  const Service service(settings({{"UPSTREAM_TIMEOUT", "20s"}, {"REQUEST_TIMEOUT", "60s"}}));
  provider_.always(html_reply(500, "<html>"));
  for (int i = 0; i < 5; ++i) expect_problem(service.get(cat("/weather?lat=", i, "&lon=1")), 502);
  expect_problem(service.get("/weather?lat=9&lon=1"), 502);
  EXPECT_EQ(provider_.calls(), 5U) << "the breaker is open";
  provider_.answer_weather(milliseconds(400));
  clock_.advance(minutes(1));
  in_parallel(10, [&](std::size_t i) { EXPECT_EQ(service.get(cat("/weather?lat=", i, "&lon=2")).status, 200); });
  EXPECT_EQ(provider_.calls(), 15U);
}

}  // namespace
}  // namespace wx::test
