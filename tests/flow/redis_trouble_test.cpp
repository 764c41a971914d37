// Redis dies, freezes, comes back, loses its data, or vanishes. The service keeps serving.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/load.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"
#include "support/stall_meter.hpp"

namespace wx::test {
namespace {

using Clock = std::chrono::steady_clock;

// The longest time that an answer may take when Redis does not reply: its deadline, which is at its minimum on
// loopback, and 50 ms. An answer passes some four hand-overs between processes, and each of them may meet a busy
// machine.
milliseconds slowest_allowed(const StallMeter& machine) {
  constexpr milliseconds kRedisDeadline{50};
  return kSlowdown * (kRedisDeadline + milliseconds(50)) + 4 * machine.worst();
}

// Waits until an answer comes from Redis again. Returns how long that took, or nothing.
std::optional<milliseconds> until_in_use(const Service& service, std::string_view target) {
  const auto begin = Clock::now();
  const Answer answer =
      get_until(service, target, milliseconds(10000), [](const Answer& a) { return source_of(a) == kFromRedis; });
  if (source_of(answer) != kFromRedis) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

// Without a memory tier, so that every request needs Redis.
Settings without_memory(std::uint16_t redis_port, const FakeProvider& provider) {
  return {{"REDIS_URL", cat("redis://127.0.0.1:", redis_port)},
          {"CACHE_TTL", "1h"},
          {"MEMORY_LIMIT", "0"},
          {"OPEN_METEO_URL", provider.url()},
          {"UPSTREAM_LIMIT", "off"}};
}

// With a memory tier, which a request with cache=redis bypasses.
Settings with_mock(std::uint16_t redis_port) {
  return {{"REDIS_URL", cat("redis://127.0.0.1:", redis_port)},
          {"CACHE_TTL", "1h"},
          {"MOCK_DELAY", "1ms"},
          {"MOCK_LOADS", "off"},
          {"THREADS", "1"}};
}

constexpr std::string_view kProbe = "/weather?lat=1&lon=1&mock=true&cache=redis";

void pass(milliseconds span) {
  std::this_thread::sleep_for(span);
}

// Every fault that can happen to a Redis, one after the other. `probe` is a request that Redis answers whenever it can.
void live_through_everything(RedisServer& redis, const Service& service, std::string_view probe, Load& load) {
  const milliseconds soon = kSlowdown * milliseconds(2000);
  const auto back = [&](const char* after) {
    const auto took = until_in_use(service, probe);
    EXPECT_TRUE(took && *took <= soon) << "after " << after << ": " << (took ? took->count() : -1) << " ms";
    load.now("in use");
    pass(milliseconds(200));
  };
  load.now("killed");
  redis.kill();
  pass(milliseconds(1500));
  load.now("started again");
  redis.start();
  back("a restart");
  load.now("frozen");
  redis.freeze();
  pass(milliseconds(2500));
  load.now("thawed");
  redis.thaw();
  back("a freeze");
  load.now("flushed");
  redis.command({"FLUSHALL"});
  back("a flush");
  load.now("restarted at once");
  redis.kill();
  redis.start();
  back("a quick restart");
  load.now("disconnected");
  redis.command({"CLIENT", "KILL", "TYPE", "normal"});
  back("losing its clients");
}

TEST(RedisTrouble, WithMemoryEveryAnswerIsAHit) {
  RedisServer redis;
  Settings settings = with_mock(redis.port());
  settings.erase("THREADS");
  const Service service(settings);
  EXPECT_EQ(service.get(kMock).status, 200);
  Load load(service, 50, kMock);
  live_through_everything(redis, service, kProbe, load);
  load.finish();
  EXPECT_TRUE(load.failures.empty()) << load.told();
  for (const auto& [name, phase] : load.phases) {
    EXPECT_EQ(phase.seen, (std::map<std::string, int>{{"200 HIT", phase.answers}})) << load.told();
  }
}

TEST(RedisTrouble, WithoutMemoryEveryAnswerComesWithinTheDeadline) {
  const StallMeter machine;
  RedisServer redis;
  FakeProvider provider;
  const Service service(without_memory(redis.port(), provider));
  ASSERT_TRUE(until_in_use(service, kReal));
  Load load(service, 50, kReal);
  live_through_everything(redis, service, kReal, load);
  load.finish();
  testing::Test::RecordProperty("worst_stall_ms", cat(machine.worst().count()));
  EXPECT_TRUE(load.failures.empty()) << load.told();
  for (const auto& [name, phase] : load.phases) {
    for (const auto& [what, count] : phase.seen) EXPECT_TRUE(what.starts_with("200 ")) << load.told();
  }
  EXPECT_LE(load.slowest(), slowest_allowed(machine)) << load.told();
}

TEST(RedisTrouble, IsToldInCacheStatusWithoutStoppingAnything) {
  RedisServer redis;
  const Service service(with_mock(redis.port()));
  ASSERT_TRUE(until_in_use(service, kProbe));
  redis.kill();
  const Answer without = get_until(service, kProbe, milliseconds(3000), [](const Answer& answer) {
    return answer.header("Cache-Status").contains("redis-unavailable");
  });
  EXPECT_EQ(without.status, 200);
  EXPECT_TRUE(without.header("Cache-Status").ends_with("; detail=redis-unavailable")) << without.header("Cache-Status");
  EXPECT_EQ(service.get("/health/ready").status, 200);
  EXPECT_TRUE(service.get("/health/ready").body.contains("degraded"));
}

TEST(RedisTrouble, IsToldInErrors) {
  RedisServer redis;
  auto settings = with_mock(redis.port());
  settings["MOCK_DELAY"] = "1m";
  settings["REQUEST_TIMEOUT"] = "300ms";
  const Service service(settings);
  EXPECT_EQ(service.get(kProbe).header("Cache-Status"), "weather-cache; fwd=uri-miss");
  redis.kill();
  const Answer without = get_until(service, kProbe, milliseconds(10000), [](const Answer& answer) {
    return answer.header("Cache-Status").contains("redis-unavailable");
  });
  EXPECT_EQ(without.status, 504);
  EXPECT_EQ(without.header("Cache-Status"), "weather-cache; fwd=uri-miss; detail=redis-unavailable");
}

TEST(RedisTrouble, IsLoggedWhenItComesAndGoesAndNotPerRequest) {
  RedisServer redis;
  const Service service(with_mock(redis.port()));
  ASSERT_TRUE(until_in_use(service, kProbe));
  const auto lines = [&] {
    const std::string log = service.log();
    return std::ranges::count(log, '\n');
  };
  const auto before = lines();
  redis.kill();
  for (const auto end = Clock::now() + milliseconds(2000); Clock::now() < end;) (void)service.get(kProbe);
  EXPECT_GT(lines(), before);
  EXPECT_LE(lines(), before + 12) << service.log();
}

TEST(RedisTrouble, ABlackHoleIsNoticedWithinAboutASecondAndDialledAnew) {
  const StallMeter machine;
  const RedisServer redis;
  FakeProvider provider;
  BlackHole link(redis.port());
  Settings settings = without_memory(link.port(), provider);
  settings["THREADS"] = "1";
  const Service service(settings);
  ASSERT_TRUE(until_in_use(service, kReal));
  const std::size_t connections = link.accepted();

  link.swallow_connections();
  const auto begin = Clock::now();
  milliseconds slowest{0};
  std::string slowest_timing;
  milliseconds back{0};
  while (back.count() == 0 && Clock::now() - begin < milliseconds(10000)) {
    const Answer answer = service.get(kReal);
    EXPECT_EQ(answer.status, 200);
    if (answer.took > slowest) {
      slowest = answer.took;
      slowest_timing = answer.header("Server-Timing");
    }
    if (source_of(answer) == kFromRedis) back = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  }
  EXPECT_GT(back, milliseconds(0)) << "Redis was not used again";
  EXPECT_LE(back, milliseconds(1000 + 1000 * kSlowdown));
  EXPECT_GT(link.accepted(), connections);
  EXPECT_LE(slowest, slowest_allowed(machine)) << slowest_timing;
}

TEST(RedisTrouble, ABlackHoleThatSwallowsNewConnectionsTooEndsWhenItEnds) {
  const StallMeter machine;
  const RedisServer redis;
  FakeProvider provider;
  BlackHole link(redis.port());
  Settings settings = without_memory(link.port(), provider);
  settings["THREADS"] = "1";
  const Service service(settings);
  ASSERT_TRUE(until_in_use(service, kReal));
  link.swallow_everything();
  for (const auto end = Clock::now() + milliseconds(3000); Clock::now() < end;) {
    const Answer answer = service.get(kReal);
    EXPECT_EQ(answer.status, 200);
    EXPECT_LE(answer.took, slowest_allowed(machine)) << answer.header("Server-Timing");
  }
  link.heal();
  EXPECT_TRUE(until_in_use(service, kReal));
}

TEST(RedisTrouble, ALateReplyIsNobodyElsesAnswer) {
  const RedisServer redis;
  BlackHole link(redis.port());
  Settings settings = with_mock(link.port());
  settings["REDIS_TIMEOUT"] = "50ms";
  const Service service(settings);
  const auto probe = [](int lat) { return cat("/weather?lat=", lat, "&lon=1&mock=true&cache=redis"); };
  for (int lat = 1; lat <= 5; ++lat) ASSERT_TRUE(until_in_use(service, probe(lat)));
  link.delay(milliseconds(60));  // each reply comes after the deadline of its command, and before that of the next
  for (int round = 0; round < 4; ++round) {
    for (int lat = 1; lat <= 5; ++lat) {
      const Answer answer = service.get(probe(lat));
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(json_at(answer.body, "/latitude"), cat(lat)) << answer.body;
    }
  }
  link.delay(milliseconds(0));
  for (int lat = 1; lat <= 5; ++lat) {
    EXPECT_TRUE(until_in_use(service, probe(lat)));
    EXPECT_EQ(json_at(service.get(probe(lat)).body, "/latitude"), cat(lat));
  }
}

}  // namespace
}  // namespace wx::test
