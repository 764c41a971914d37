// The laboratory takes Redis away from the mock's questions, and from nothing else.
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

constexpr std::string_view kMockFromRedis = "/weather?lat=52.52&lon=13.41&mock=true&cache=redis";

Answer press(const Service& service) {
  return HttpClient(service.port()).request("POST", "/lab/redis-outage");
}
bool does_without_redis(const Answer& answer) {
  return answer.header("X-Cache") == "MISS" && answer.header("Cache-Status").ends_with("detail=redis-unavailable");
}
std::string stat(const Service& service, std::string_view pointer) {
  return json_at(service.get("/stats").body, pointer);
}

// Two processes with several threads each, one Redis, and one clock for all.
class RedisOutage : public testing::Test {
 protected:
  // An answer of the mock and a real one, in Redis.
  void fill() {
    EXPECT_EQ(other_.get(kMock).header("X-Cache"), "MISS");
    EXPECT_EQ(other_.get(kReal).header("X-Cache"), "MISS");
    ASSERT_TRUE(eventually(
        [this] { return redis_.command({"EXISTS", "weather:mock:52.52:13.41", "weather:52.52:13.41"}) == "2"; }));
  }

  ClockControl clock_;
  RedisServer redis_{{.clock = &clock_}};
  FakeProvider provider_;
  Settings settings_ = patient(redis_, {{"OPEN_METEO_URL", provider_.url()},
                                        {"MOCK_DELAY", "10ms"},
                                        {"CACHE_TTL", "1h"},
                                        {"THREADS", "3"},
                                        {"ADMIN_TOKEN", "correct-horse"},
                                        clock_.setting()});
  Service other_{settings_};
  Service service_{settings_};
};

TEST_F(RedisOutage, TakesItFromTheMockAndLeavesItToRealQuestions) {
  fill();
  const Answer begun = press(service_);
  ASSERT_EQ(begun.status, 200) << begun.body;
  EXPECT_EQ(json_at(begun.body, "/outage_ms"), "10000");

  EXPECT_TRUE(does_without_redis(service_.get(kMock)));
  EXPECT_EQ(source_of(service_.get(kMock)), kFromMemory);
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(does_without_redis(service_.get(kMockFromRedis))) << "on every thread";
  const Answer cached = service_.get(kMockFromRedis, {{"Cache-Control", "only-if-cached"}});
  EXPECT_EQ(cached.status, 504);
  EXPECT_EQ(json_at(cached.body, "/type"), "/problems/cache-unavailable");
  EXPECT_EQ(source_of(service_.get(kReal)), kFromRedis);
  EXPECT_EQ(source_of(other_.get(kMockFromRedis)), kFromRedis) << "another process";
  EXPECT_EQ(stat(service_, "/redis/state"), "up");
  EXPECT_EQ(stat(service_, "/redis/breaker"), "closed");
  EXPECT_NE(stat(service_, "/redis/outage_ms_left"), "0");
  EXPECT_EQ(stat(other_, "/redis/outage_ms_left"), "0");

  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(stat(service_, "/redis/outage_ms_left"), "0");
  EXPECT_EQ(source_of(service_.get(kMockFromRedis)), kFromRedis);
}

TEST_F(RedisOutage, LeavesLeasesAndTheBudgetToRealLoads) {
  ASSERT_EQ(press(service_).status, 200);
  EXPECT_TRUE(does_without_redis(service_.get(kMock)));
  EXPECT_EQ(stat(service_, "/cache/leases_won"), "0");
  const Answer real = service_.get(kReal);
  EXPECT_EQ(real.header("X-Cache"), "MISS");
  EXPECT_FALSE(real.header("Cache-Status").contains("redis-unavailable"));
  EXPECT_EQ(stat(service_, "/cache/leases_won"), "1");
  EXPECT_TRUE(eventually([this] { return redis_.command({"EXISTS", "weather:52.52:13.41"}) == "1"; }));
  EXPECT_NE(redis_.command({"KEYS", "weather:{budget}:*"}), "");
  EXPECT_EQ(redis_.command({"KEYS", "weather:mock:*"}), "");
}

TEST_F(RedisOutage, LosesNoPurge) {
  fill();
  ASSERT_EQ(press(service_).status, 200);
  const Headers admin{{"Authorization", "Bearer correct-horse"}};
  EXPECT_EQ(HttpClient(service_.port()).request("DELETE", "/cache", admin).status, 204);
  EXPECT_EQ(source_of(service_.get(kReal)), kFromProvider);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(source_of(service_.get(kMockFromRedis)), kFromMock) << "what Redis holds was purged";
}

TEST_F(RedisOutage, ComesOnceAMinute) {
  EXPECT_EQ(press(service_).status, 200);
  clock_.advance(std::chrono::seconds(20));
  const Answer soon = press(service_);
  expect_problem(soon, 429);
  EXPECT_EQ(json_at(soon.body, "/type"), "/problems/lab-busy");
  EXPECT_EQ(soon.header("Retry-After"), "40");
  EXPECT_EQ(press(other_).status, 200) << "each process has its own";
  clock_.advance(std::chrono::seconds(40));
  EXPECT_EQ(press(service_).status, 200);
}

TEST(RedisOutageOf, AFailedQuestionIsToldInItsErrorAndCounted) {
  const RedisServer redis;
  const Service service(patient(redis, {{"MOCK_DELAY", "1m"}, {"REQUEST_TIMEOUT", "300ms"}}));
  const auto told = [&service](std::string_view target) {
    const Answer answer = service.get(target);
    EXPECT_EQ(answer.status, 504) << answer.body;
    return answer.header("Cache-Status");
  };
  constexpr std::string_view kOutages = "weather_cache_lab_redis_outages_total";
  EXPECT_EQ(told(kMockFromRedis), "weather-cache; fwd=uri-miss");
  EXPECT_EQ(metric(service, kOutages), 0);
  ASSERT_EQ(press(service).status, 200);
  EXPECT_EQ(told("/weather?lat=1&lon=1&mock=true&cache=redis"),
            "weather-cache; fwd=uri-miss; detail=redis-unavailable");
  EXPECT_EQ(metric(service, kOutages), 1);
}

TEST(RedisOutageOf, AServiceThatHasNoneOrAllowsNoneIsRefusedWithTheReason) {
  const RedisServer redis;
  const std::string url = redis.url();
  const auto detail = [](Settings settings) {
    const Service service(std::move(settings));
    const Answer answer = press(service);
    expect_problem(answer, 404);
    EXPECT_FALSE(service.get("/", {{"Accept", "text/html"}}).body.contains("outage-run"));
    return json_at(answer.body, "/detail");
  };
  EXPECT_EQ(detail({}), "Redis cannot be taken away: this service has none");
  for (const auto& settings : {Settings{{"REDIS_URL", url}, {"LAB_REDIS_OUTAGE", "off"}},
                               Settings{{"REDIS_URL", url}, {"K_SERVICE", "weather"}}}) {
    EXPECT_EQ(detail(settings), "Redis cannot be taken away here (LAB_REDIS_OUTAGE=off)");
  }
  static_cast<void>(detail({{"REDIS_URL", url}, {"LAB", "off"}}));
  const Service said({{"REDIS_URL", url}, {"K_SERVICE", "weather"}, {"LAB_REDIS_OUTAGE", "on"}});
  EXPECT_TRUE(said.get("/", {{"Accept", "text/html"}}).body.contains("outage-run"));
  EXPECT_EQ(press(said).status, 200);
}

}  // namespace
}  // namespace wx::test
