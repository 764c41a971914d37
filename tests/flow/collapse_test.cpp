// Many callers of one question share one call.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

TEST(Collapse, FiveHundredCallersMakeOneCallAndGetEqualAnswers) {
  FakeProvider provider;
  constexpr auto kDelay = std::chrono::seconds(1) * kSlowdown;
  provider.answer_weather(kDelay);
  const Service service({{"OPEN_METEO_URL", provider.url()}, {"UPSTREAM_TIMEOUT", "9s"}});
  const auto begin = std::chrono::steady_clock::now();
  const auto answers = http_get_at_once(service.port(), kReal, 500);
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(provider.calls(), 1U);
  std::set<std::string> bodies;
  std::map<std::string, int> statuses;
  for (const Answer& answer : answers) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-Cache"), "MISS");
    const auto age = std::chrono::seconds(std::stoi(answer.header("Age")));
    EXPECT_GE(age, kDelay) << "an answer is as old as the request for it";
    EXPECT_LE(age, elapsed);
    bodies.insert(answer.body);
    ++statuses[answer.header("Cache-Status").substr(0, 45)];
  }
  EXPECT_EQ(bodies.size(), 1U) << "a waiter gets the source of the load that it waited for";
  EXPECT_EQ(statuses["weather-cache; fwd=uri-miss; collapsed"], 499);
  EXPECT_EQ(statuses["weather-cache; fwd=uri-miss; fwd-status=200; "], 1);
  EXPECT_EQ(service.get(kReal).header("X-Cache"), "HIT");
}

TEST(Collapse, FiveHundredCallersOfTheMockWaitOnceForIt) {
  const Service service({{"MOCK_DELAY", cat(500 * kSlowdown, "ms")}});
  for (const Answer& answer : http_get_at_once(service.port(), kMock, 500)) {
    EXPECT_EQ(answer.header("X-Cache"), "MISS");
  }
  const std::string metrics = service.get("/metrics").body;
  EXPECT_TRUE(metrics.contains("\nweather_cache_mock_calls_total 1\n")) << metrics;
}

TEST(Collapse, OneFailureAnswersAllWaitersOnce) {
  FakeProvider provider;
  ProviderReply bad = html_reply(500, "<html>");  // not one of the statuses that are retried
  bad.delay = milliseconds(500 * kSlowdown);
  provider.always(bad);
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  for (const Answer& answer : http_get_at_once(service.port(), kReal, 100)) EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(provider.calls(), 1U);
}

TEST(Collapse, ACallerThatGoesAwayTakesNothingFromTheOthers) {
  FakeProvider provider;
  provider.answer_weather(milliseconds(500) * kSlowdown);
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  auto first = std::make_unique<HttpClient>(service.port());
  first->send("GET", kReal);
  ASSERT_TRUE(provider.wait_for_calls(1));
  HttpClient second(service.port());
  second.send("GET", kReal);
  first->socket().reset();
  EXPECT_EQ(second.read().status, 200);
  EXPECT_EQ(provider.calls(), 1U);
}

TEST(Collapse, DifferentQuestionsQueueForTheProviderAndAreAllAnswered) {
  FakeProvider provider;
  provider.answer_weather(milliseconds(20) * kSlowdown);
  const Service service(
      {{"OPEN_METEO_URL", provider.url()}, {"UPSTREAM_CONCURRENCY", "2"}, {"UPSTREAM_TIMEOUT", "9s"}});
  in_parallel(40, [&](std::size_t i) { EXPECT_EQ(service.get(cat("/weather?lat=", i, "&lon=1")).status, 200); });
  EXPECT_EQ(provider.calls(), 40U);
  EXPECT_LE(provider.max_running(), 2U);
}

TEST(Collapse, TwoProcessesThatShareARedisMakeTwoCallsAtMost) {
  const RedisServer redis;
  FakeProvider provider;
  provider.answer_weather(milliseconds(500) * kSlowdown);
  const Settings settings{{"OPEN_METEO_URL", provider.url()}, {"REDIS_URL", redis.url()}};
  const Service one(settings);
  const Service two(settings);
  in_parallel(2, [&](std::size_t i) {
    for (const Answer& answer : http_get_at_once(i == 0 ? one.port() : two.port(), kReal, 250)) {
      EXPECT_EQ(answer.status, 200);
    }
  });
  EXPECT_GE(provider.calls(), 1U);
  EXPECT_LE(provider.calls(), 2U);
}

}  // namespace
}  // namespace wx::test
