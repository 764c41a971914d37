// Processes that share a Redis, and the ways to connect to one.
#include <array>
#include <cctype>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/certificate.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

constexpr std::string_view kKey = "weather:mock:52.52:13.41";

// Fills Redis through one service and reads through another. Returns whether the answer came from Redis.
bool shares_through(const Settings& settings) {
  Settings all = settings;
  all.try_emplace("MOCK_DELAY", "300ms");
  all.try_emplace("REDIS_TIMEOUT", "5s");
  const Service first(all);
  const Service second(all);
  EXPECT_EQ(first.get(kMock).header("X-Cache"), "MISS");
  const Answer shared = get_until(second, cat(kMock, "&cache=redis"), milliseconds(3000),
                                  [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; });
  return source_of(shared) == kFromRedis;
}

// Waits until the log of the service has one of the words, in any case.
bool log_has(const Service& service, std::initializer_list<std::string_view> words) {
  const auto has = [&] {
    std::string log = service.log();
    for (char& c : log) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::ranges::any_of(words, [&](std::string_view word) { return log.contains(word); });
  };
  return eventually(has, milliseconds(5000 * kSlowdown));
}

void expect_memory_only_service(const Service& service) {
  EXPECT_EQ(service.get(kMock).status, 200);
  EXPECT_EQ(source_of(service.get(kMock)), kFromMemory);
  EXPECT_EQ(service.get("/health/ready").status, 200);
}

TEST(Redis, GivesASecondProcessWhatTheFirstOneLoaded) {
  const RedisServer redis;
  FakeProvider provider;
  const Settings settings = patient(redis, {{"OPEN_METEO_URL", provider.url()}});
  const Service first(settings);
  const Answer loaded = first.get(kReal);
  EXPECT_EQ(source_of(loaded), kFromProvider);
  const auto stored = [&] { return redis.command({"EXISTS", "weather:52.52:13.41"}) == "1"; };
  ASSERT_TRUE(eventually(stored));

  const Service second(settings);
  const Answer shared = second.get(kReal);
  EXPECT_EQ(shared.status, 200);
  EXPECT_EQ(shared.header("X-Cache"), "HIT");
  EXPECT_EQ(source_of(shared), kFromRedis);
  EXPECT_EQ(shared.header("Cache-Status"),
            cat("weather-cache; hit; ttl=", cache_status_number(shared, "ttl").value_or(-1), "; detail=redis"));
  EXPECT_EQ(shared.header("ETag"), loaded.header("ETag"));
  EXPECT_EQ(json_at(shared.body, "/current"), json_at(loaded.body, "/current"));
  EXPECT_EQ(source_of(second.get(kReal)), kFromMemory) << "an answer from Redis is kept in memory";
  EXPECT_EQ(provider.calls(), 1U);
}

TEST(Redis, IsAskedByTheVeryFirstRequestOfAFreshProcess) {
  const RedisServer redis;
  BlackHole link(redis.port());
  const Settings settings =
      patient(redis, {{"REDIS_URL", cat("redis://127.0.0.1:", link.port())}, {"CACHE_TTL", "1h"}});
  {
    const Service first(settings);
    EXPECT_EQ(first.get(kMock).header("X-Cache"), "MISS");
    EXPECT_EQ(source_of(get_until(first, cat(kMock, "&cache=redis"), milliseconds(3000),
                                  [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; })),
              kFromRedis);
  }
  link.delay(milliseconds(20));  // the handshake has not ended when the first request comes
  for (int i = 0; i < 3; ++i) {
    const Service fresh(settings);
    EXPECT_EQ(source_of(fresh.get(kMock)), kFromRedis);
  }
}

// Only a process that knows the epoch can tell a valid entry in Redis from a purged one, so it reads the epoch before
// anything else.
TEST(Redis, TellsAFreshProcessTheEpochBeforeItsFirstRequestIsAnswered) {
  const RedisServer redis;
  FakeProvider provider;
  BlackHole link(redis.port());
  const Settings settings = patient(redis, {{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                                            {"OPEN_METEO_URL", provider.url()},
                                            {"CACHE_TTL", "1h"},
                                            {"THREADS", "2"},
                                            {"ADMIN_TOKEN", "correct-horse"}});
  constexpr std::string_view kPurged = "/weather?lat=1&lon=1";
  std::string purged;
  {
    const Service first(settings);
    EXPECT_EQ(first.get(kPurged).status, 200);
    const auto stored = [&](const std::string& key) { return redis.command({"EXISTS", key}) == "1"; };
    ASSERT_TRUE(eventually([&] { return stored("weather:1:1"); }));
    purged = redis.command({"GET", "weather:1:1"}).value_or("");
    const Headers admin{{"Authorization", "Bearer correct-horse"}};
    EXPECT_EQ(HttpClient(first.port()).request("DELETE", "/cache", admin).status, 204);
    EXPECT_EQ(first.get(kReal).status, 200);
    ASSERT_TRUE(eventually([&] { return stored("weather:52.52:13.41"); }));
  }
  link.delay(milliseconds(40));
  for (int i = 0; i < 4; ++i) {
    const auto before = provider.calls();
    const Service fresh(settings);
    EXPECT_EQ(source_of(fresh.get(kReal)), kFromRedis);
    EXPECT_EQ(provider.calls(), before);
    redis.command({"SET", "weather:1:1", purged});  // the load before has replaced it
    const Service another(settings);
    EXPECT_EQ(source_of(another.get(kPurged)), kFromProvider) << "the entry is older than the purge";
    EXPECT_EQ(provider.calls(), before + 1);
  }
}

TEST(Redis, HoldsKeysAndValuesThatAPersonCanRead) {
  const RedisServer redis;
  FakeProvider provider;
  const Service service(
      {{"REDIS_URL", redis.url()}, {"OPEN_METEO_URL", provider.url()}, {"CACHE_TTL", "1h"}, {"MOCK_DELAY", "10ms"}});
  EXPECT_EQ(service.get(kMock).status, 200);
  EXPECT_EQ(service.get("/weather?lat=-0&lon=-179.99").status, 200);
  const auto both = [&] { return redis.command({"EXISTS", std::string(kKey), "weather:0:-179.99"}) == "2"; };
  (void)eventually(both, milliseconds(2000));
  EXPECT_EQ(redis.command({"EXISTS", "weather:0:-179.99"}), "1") << redis.command({"KEYS", "*"}).value_or("");
  const std::string value = redis.command({"GET", std::string(kKey)}).value_or("");
  EXPECT_TRUE(value.contains(R"("temperature_2m":25.0)")) << value;
  EXPECT_TRUE(value.contains('\n')) << "a header line, then the body: " << value;
  EXPECT_EQ(redis.command({"TTL", std::string(kKey)}), "3600");
}

TEST(Redis, KeepsServicesApartByTheirPrefix) {
  const RedisServer redis;
  const Service service({{"REDIS_URL", redis.url()}, {"CACHE_PREFIX", "blue:"}, {"MOCK_DELAY", "10ms"}});
  EXPECT_EQ(service.get(kMock).status, 200);
  const auto stored = [&] { return redis.command({"EXISTS", cat("blue:", kKey)}) == "1"; };
  EXPECT_TRUE(eventually(stored));
}

TEST(Redis, ValuesThatAreNoEntriesAreMisses) {
  const RedisServer redis;
  const Service service(patient(redis, {{"MOCK_DELAY", "10ms"}, {"CACHE_TTL", "1h"}}));
  const std::string target = cat(kMock, "&cache=redis");
  (void)service.get(target);
  const auto hit = [](const Answer& answer) { return answer.header("X-Cache") == "HIT"; };
  EXPECT_TRUE(hit(get_until(service, target, milliseconds(3000), hit)));
  const std::string good = redis.command({"GET", std::string(kKey)}).value_or("");
  ASSERT_FALSE(good.empty());

  std::string flipped = good;
  flipped[flipped.size() / 2] ^= 1;
  const std::array<std::string, 5> bad{"", "garbage", good.substr(0, good.size() - 1), good + "x", flipped};
  for (const std::string& value : bad) {
    SCOPED_TRACE(value);
    redis.command({"SET", std::string(kKey), value});
    const Answer answer = service.get(target);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-Cache"), "MISS");
    EXPECT_TRUE(hit(get_until(service, target, milliseconds(3000), hit))) << "it was replaced";
  }
  redis.command({"DEL", std::string(kKey)});
  redis.command({"LPUSH", std::string(kKey), "a list"});
  EXPECT_EQ(service.get(target).status, 200);
}

TEST(Redis, TakesAPassword) {
  const RedisServer redis({.password = "s3cret pass"});
  EXPECT_TRUE(shares_through({{"REDIS_URL", cat("redis://:s3cret%20pass@127.0.0.1:", redis.port())}}));
}

TEST(Redis, TakesAUserThatMayTouchOnlyOurKeys) {
  const RedisServer redis(
      {.acl_user = "app on >s3cret ~weather:* &weather:events -@all +get +set +del +hello +select +ping"});
  EXPECT_TRUE(shares_through({{"REDIS_URL", cat("redis://app:s3cret@127.0.0.1:", redis.port())}}));
}

TEST(Redis, TakesADatabase) {
  const RedisServer redis;
  EXPECT_TRUE(shares_through({{"REDIS_URL", cat(redis.url(), "/3")}}));
  EXPECT_TRUE(redis.command({"INFO", "keyspace"}).value_or("").contains("db3:keys=1"));
}

TEST(Redis, KeepsServicesApartByTheirDatabase) {
  const RedisServer redis;
  const auto in_database = [&](int number) {
    return patient(redis, {{"REDIS_URL", cat(redis.url(), "/", number)},
                           {"ADMIN_TOKEN", "correct-horse"},
                           {"MOCK_DELAY", "10ms"},
                           {"CACHE_TTL", "1h"}});
  };
  const Service zero(in_database(0));
  const Service one(in_database(1));
  const auto listening = [](const Answer& stats) { return stats.body.contains(R"("backplane":"listening")"); };
  for (const auto* service : {&zero, &one}) {
    ASSERT_TRUE(listening(get_until(*service, "/stats", milliseconds(5000) * kSlowdown, listening)));
  }
  const auto purge = [&](const Service& purging, const Service& other, const std::string& channel_of_other) {
    for (const auto* service : {&purging, &other}) EXPECT_EQ(service->get(kMock).status, 200);
    const Headers admin{{"Authorization", "Bearer correct-horse"}};
    EXPECT_EQ(HttpClient(purging.port()).request("DELETE", "/cache", admin).status, 204);
    EXPECT_EQ(purging.get(kMock).header("X-Cache"), "MISS");
    // Messages arrive in order, so a process that has counted this one has also handled those before it.
    EXPECT_EQ(redis.command({"PUBLISH", channel_of_other, "mark"}), "1");
    const auto marked = [](const Answer& metrics) {
      return metrics.body.contains("weather_cache_cache_messages_unknown_total 1\n");
    };
    EXPECT_TRUE(marked(get_until(other, "/metrics", milliseconds(5000) * kSlowdown, marked)));
    EXPECT_EQ(other.get(kMock).header("X-Cache"), "HIT");
  };
  purge(zero, one, "weather:events:1");
  purge(one, zero, "weather:events");
}

TEST(Redis, TakesAUnixSocket) {
  const RedisServer redis;
  EXPECT_TRUE(shares_through({{"REDIS_URL", cat("unix://", redis.socket_path())}}));
}

TEST(Redis, TakesItsUrlFromAFile) {
  const RedisServer redis({.password = "s3cret"});
  const TempDir dir;
  const std::string file = dir.write("redis-url", cat("redis://:s3cret@127.0.0.1:", redis.port(), "\n"));
  EXPECT_TRUE(shares_through({{"REDIS_URL_FILE", file}}));
}

TEST(Redis, SpeaksTls) {
  CertificateAuthority authority;
  const RedisServer redis({.password = "s3cret", .tls = authority.issue({"localhost"})});
  const std::string rest = cat("://:s3cret@localhost:", redis.port());
  EXPECT_TRUE(shares_through({{"REDIS_URL", cat("rediss", rest)}, {"REDIS_CA_FILE", authority.file()}}));
  redis.command({"FLUSHALL"});
  EXPECT_TRUE(
      shares_through({{"REDIS_URL", cat("redis", rest)}, {"REDIS_TLS", "true"}, {"REDIS_CA_FILE", authority.file()}}));
}

TEST(Redis, SpeaksTlsWithAnAddressInTheCertificate) {
  CertificateAuthority authority;
  const RedisServer redis({.tls = authority.issue({"127.0.0.1"})});
  EXPECT_TRUE(
      shares_through({{"REDIS_URL", cat("rediss://127.0.0.1:", redis.port())}, {"REDIS_CA_FILE", authority.file()}}));
}

TEST(Redis, WithAWrongPasswordIsLeftAloneAndTheLogSaysWhy) {
  const RedisServer redis({.password = "right"});
  const Service service({{"REDIS_URL", cat("redis://:hunter2@127.0.0.1:", redis.port())}, {"MOCK_DELAY", "10ms"}});
  expect_memory_only_service(service);
  EXPECT_TRUE(log_has(service, {"password", "wrongpass"})) << service.log();
  EXPECT_FALSE(service.log().contains("hunter2")) << service.log();
}

TEST(Redis, WithAnUnknownAuthorityIsLeftAloneAndTheLogSaysWhy) {
  CertificateAuthority authority;
  const CertificateAuthority other;
  const RedisServer redis({.password = "hunter2", .tls = authority.issue({"localhost"})});
  const Service service({{"REDIS_URL", cat("rediss://:hunter2@localhost:", redis.port())},
                         {"REDIS_CA_FILE", other.file()},
                         {"MOCK_DELAY", "10ms"}});
  expect_memory_only_service(service);
  EXPECT_TRUE(log_has(service, {"certificate"})) << service.log();
  EXPECT_FALSE(service.log().contains("hunter2")) << service.log();
}

TEST(Redis, WithAWrongHostNameIsLeftAloneAndTheLogSaysWhy) {
  CertificateAuthority authority;
  const RedisServer redis({.password = "hunter2", .tls = authority.issue({"redis.example"})});
  const Service service({{"REDIS_URL", cat("rediss://:hunter2@localhost:", redis.port())},
                         {"REDIS_CA_FILE", authority.file()},
                         {"MOCK_DELAY", "10ms"}});
  expect_memory_only_service(service);
  EXPECT_TRUE(log_has(service, {"host name", "hostname", "certificate"})) << service.log();
  EXPECT_FALSE(service.log().contains("hunter2")) << service.log();
}

TEST(Redis, ThatWantsTlsIsNamedAsSuch) {
  CertificateAuthority authority;
  const RedisServer redis({.tls = authority.issue({"localhost"})});
  const Service service({{"REDIS_URL", cat("redis://localhost:", redis.port())}, {"MOCK_DELAY", "10ms"}});
  expect_memory_only_service(service);
  EXPECT_TRUE(log_has(service, {"does it need tls? use rediss:// or redis_tls=true"})) << service.log();
}

}  // namespace
}  // namespace wx::test
