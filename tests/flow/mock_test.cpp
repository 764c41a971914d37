// The mock follows the textbook: ten seconds of hits, then the slow answer again (docs/cache.md).
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/movable_clock.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

using Clock = std::chrono::steady_clock;

std::string body_from(std::string_view source) {
  return cat(
      R"({"latitude":52.52,"longitude":13.41,"current":{"temperature_2m":25.0,"wind_speed_10m":10.0},"source":")",
      source, R"("})", "\n");
}

// Sends a request every ten milliseconds during `span`. Returns the X-Cache values in order.
std::vector<std::string> steady_load(const Service& service, std::string_view target, milliseconds span) {
  std::vector<std::string> seen;
  HttpClient client(service.port());
  for (const auto end = Clock::now() + span; Clock::now() < end;) {
    const Answer answer = client.get(target);
    seen.push_back(answer.header("X-Cache"));
    std::this_thread::sleep_for(milliseconds(10));
  }
  return seen;
}

TEST(Mock, IsSlowOnceAndThenAnsweredFromMemory) {
  const Service service;
  const Answer first = service.get(kMock);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, body_from(kFromMock));
  EXPECT_TRUE(first.header("Content-Type").starts_with("application/json"));
  EXPECT_EQ(first.header("X-Cache"), "MISS");
  EXPECT_EQ(first.header("Age"), "0");
  EXPECT_EQ(first.header("Cache-Status"), "weather-cache; fwd=uri-miss; fwd-status=200; stored; ttl=10");
  EXPECT_EQ(first.header("Cache-Control"), "no-store");
  EXPECT_GE(first.took, milliseconds(490));
  EXPECT_LT(first.took, milliseconds(1500 * kSlowdown));

  const Answer second = service.get(kMock);
  EXPECT_EQ(second.body, body_from(kFromMemory));
  EXPECT_EQ(second.header("X-Cache"), "HIT");
  EXPECT_LT(second.took, milliseconds(300 * kSlowdown));
  EXPECT_EQ(second.header("Cache-Status"),
            cat("weather-cache; hit; ttl=", cache_status_number(second, "ttl").value_or(-1), "; detail=memory"));
  EXPECT_EQ(second.header("Cache-Control"), "no-store");
}

TEST(Mock, TellsAnHonestAge) {
  const Service service({{"MOCK_DELAY", "10ms"}});
  const auto begin = Clock::now();
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS");
  const Answer aged =
      get_until(service, kMock, milliseconds(5000), [](const Answer& answer) { return answer.header("Age") == "2"; });
  const auto elapsed = Clock::now() - begin;
  EXPECT_EQ(aged.header("Age"), "2");
  EXPECT_GE(elapsed, milliseconds(1900));
  EXPECT_LT(elapsed, milliseconds(2500 * kSlowdown));
  const auto ttl = cache_status_number(aged, "ttl");
  ASSERT_TRUE(ttl.has_value()) << aged.header("Cache-Status");
  EXPECT_TRUE(*ttl == 7 || *ttl == 8) << *ttl << " s are left of ten after two";
}

TEST(Mock, IsSlowAgainWhenItsTimeIsOver) {
  ClockControl clock;
  const Service service({{"MOCK_DELAY", "100ms"}, {"CACHE_TTL", "1h"}, clock.setting()});
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS");
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "HIT");
  clock.advance(std::chrono::hours(1));
  const Answer again = service.get(kMock);
  EXPECT_EQ(again.header("X-Cache"), "MISS");
  EXPECT_GE(again.took, milliseconds(95));
}

TEST(Mock, StaysAHitUnderSteadyLoad) {
  const Service service({{"MOCK_DELAY", "100ms"}, {"CACHE_TTL", "2s"}, {"CACHE_EARLY", "0.5"}});
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS");
  for (const auto& seen : steady_load(service, kMock, milliseconds(5000))) EXPECT_EQ(seen, "HIT");
}

TEST(Mock, StaysAHitUnderSteadyLoadWithRedisToo) {
  const RedisServer redis;
  const Service service(patient(redis, {{"MOCK_DELAY", "100ms"}, {"CACHE_TTL", "2s"}, {"CACHE_EARLY", "0.5"}}));
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS");
  for (const auto& seen : steady_load(service, kMock, milliseconds(5000))) EXPECT_EQ(seen, "HIT");
}

TEST(Mock, StaysAHitFromRedisAloneUnderSteadyLoad) {
  const RedisServer redis;
  const Service service(
      patient(redis, {{"MEMORY_LIMIT", "0"}, {"MOCK_DELAY", "100ms"}, {"CACHE_TTL", "2s"}, {"CACHE_EARLY", "0.5"}}));
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS");
  // The answer does not wait for the write to Redis.
  EXPECT_EQ(source_of(get_until(service, kMock, milliseconds(2000),
                                [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; })),
            kFromRedis);
  for (const auto& seen : steady_load(service, kMock, milliseconds(5000))) EXPECT_EQ(seen, "HIT");
}

TEST(Mock, WithoutACacheIsSlowEveryTimeSixAtOnceIncluded) {
  const Service service({{"MOCK_DELAY", "300ms"}, {"UPSTREAM_CONCURRENCY", "1"}});
  const std::string target = cat(kMock, "&cache=off");
  for (int round = 0; round < 2; ++round) {
    for (const Answer& answer : http_get_at_once(service.port(), target, 6)) {
      EXPECT_EQ(answer.body, body_from(kFromMock));
      EXPECT_EQ(answer.header("X-Cache"), "BYPASS");
      EXPECT_EQ(answer.header("Cache-Status"), "weather-cache; fwd=bypass");
      EXPECT_FALSE(answer.has("Age"));
      EXPECT_GE(answer.took, milliseconds(290));
      EXPECT_LT(answer.took, milliseconds(1000 * kSlowdown)) << "they do not wait for each other";
    }
  }
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "MISS") << "nothing was stored";
  EXPECT_EQ(service.get(target).header("X-Cache"), "BYPASS") << "no tier is read";
}

TEST(Mock, FromRedisCountsDownAndIsSlowAgainOnceDeleted) {
  const RedisServer redis;
  const Service service(patient(redis, {{"MOCK_DELAY", "200ms"}}));
  const std::string target = cat(kMock, "&cache=redis");
  EXPECT_EQ(service.get(target).header("X-Cache"), "MISS");

  const auto from_redis = [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; };
  const Answer hit = get_until(service, target, milliseconds(2000), from_redis);
  EXPECT_EQ(hit.body, body_from(kFromRedis));
  EXPECT_LT(hit.took, milliseconds(190 * kSlowdown));
  EXPECT_EQ(hit.header("Cache-Status"),
            cat("weather-cache; hit; ttl=", cache_status_number(hit, "ttl").value_or(-1), "; detail=redis"));

  const int ttl = std::stoi(redis.command({"PTTL", "weather:mock:52.52:13.41"}).value_or("0"));
  EXPECT_GT(ttl, 8000 - 2000 * (kSlowdown - 1));
  EXPECT_LE(ttl, 10000);

  EXPECT_EQ(redis.command({"DEL", "weather:mock:52.52:13.41"}), "1");
  const Answer after = service.get(target);
  EXPECT_EQ(after.header("X-Cache"), "MISS");
  EXPECT_GE(after.took, milliseconds(190));
}

TEST(Mock, FromRedisNeitherReadsNorFillsTheMemory) {
  const RedisServer redis;
  const Service service(patient(redis, {{"MOCK_DELAY", "10ms"}}));
  const std::string target = cat(kMock, "&cache=redis");
  EXPECT_EQ(service.get(target).header("X-Cache"), "MISS");
  const auto hit = [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; };
  EXPECT_EQ(source_of(get_until(service, target, milliseconds(2000), hit)), kFromRedis);
  EXPECT_EQ(source_of(service.get(kMock)), kFromRedis) << "the memory tier was empty";
  EXPECT_EQ(source_of(service.get(kMock)), kFromMemory);
  EXPECT_EQ(source_of(service.get(target)), kFromRedis) << "the memory tier is not asked";
}

TEST(Mock, AloneKnowsTheWaysAroundTheCache) {
  const Service service({{"MOCK_DELAY", "10ms"}});
  for (const auto* target : {"/weather?lat=1&lon=2&cache=off", "/weather?lat=1&lon=2&cache=redis",
                             "/weather?lat=1&lon=2&mock=false&cache=off", "/weather?lat=1&lon=2&mock=true&cache=never",
                             "/weather?lat=1&lon=2&mock=true&cache=redis", "/weather?lat=1&lon=2&mock=maybe",
                             "/weather?lat=1&lon=2&mock=true&mock=true", "/weather?lat=1&lon=2&mock="}) {
    SCOPED_TRACE(target);
    expect_problem(service.get(target), 400);
  }
  EXPECT_EQ(service.get("/weather?lat=1&lon=2&mock=true&cache=on").status, 200);
}

// The loop's next request is there as soon as its run has ended, on another thread than the person's.
TEST(Lab, APersonGetsARunThoughAnotherClientLoops) {
  const Service service({{"TRUSTED_PROXIES", "127.0.0.1"}, {"MOCK_DELAY", "20ms"}, {"THREADS", "2"}});
  const auto press = [&service](const std::string& client) {
    return HttpClient(service.port()).request("POST", "/lab/stampede?n=2", {{"X-Forwarded-For", client}}).status;
  };
  std::atomic<int> runs = 0;
  std::jthread loop([&](const std::stop_token& stop) {
    HttpClient client(service.port());
    while (!stop.stop_requested()) {
      client.send("POST", "/lab/stampede?n=2", {{"X-Forwarded-For", "203.0.113.1"}});
      EXPECT_EQ(client.read("POST").status, 200);
      ++runs;
    }
  });
  for (int presses = 0; presses < 10; ++presses) {
    const int before = runs;
    EXPECT_EQ(press("203.0.113.2"), 200);
    ASSERT_TRUE(eventually([&] { return runs > before; })) << "the loop goes on, too";
  }
}

TEST(Mock, IsGoneWithoutTheLaboratory) {
  const Service service({{"LAB", "off"}});
  EXPECT_EQ(service.get(kMock).status, 400);
}

}  // namespace
}  // namespace wx::test
