// How the settings become the options of each room.
#include "app/options.hpp"

#include <gtest/gtest.h>

namespace wx::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Settings that differ from their defaults and from each other, so that no two can be mixed up.
config::Settings distinct() {
  config::Settings settings;
  settings.address = "127.0.0.7";
  settings.port = 8123;
  settings.public_url = "https://weather.example";
  settings.threads = 3;
  settings.max_connections = 11;
  settings.connection_memory = 12 << 20;
  settings.request_timeout = milliseconds(7001);
  settings.idle_timeout = milliseconds(7002);
  settings.drain_delay = milliseconds(7003);
  settings.drain_timeout = milliseconds(7004);
  settings.cache_prefix = "prefix:";
  settings.cache_ttl = milliseconds(7005);
  settings.cache_stale = milliseconds(7006);
  settings.cache_keep = milliseconds(7007);
  settings.cache_soft_wait = milliseconds(7008);
  settings.cache_early = 0.5;
  settings.error_ttl = milliseconds(7009);
  settings.refusal_ttl = milliseconds(7010);
  settings.cache_refresh_inline = true;
  settings.memory_limit = 13 << 20;
  settings.entry_limit = 16 << 10;
  settings.open_meteo_url = "http://provider.example";
  settings.open_meteo_api_key = "provider-key";
  settings.upstream_timeout = milliseconds(7011);
  settings.upstream_concurrency = 4;
  settings.upstream_limit = *open_meteo::parse_limits("5/m");
  settings.fleet_size = 6;
  settings.client_loads = endpoints::ClientLimitOptions{.loads = 14, .window = minutes(1)};
  settings.mock_loads = {.loads = 15, .window = hours(1)};
  settings.trusted_proxies = *endpoints::parse_trusted_proxies("10.0.0.0/8");
  settings.admin_token = "admin-token";
  settings.mock_delay = milliseconds(7012);
  settings.lab = false;
  settings.coordinate_decimals = 2;
  return settings;
}

TEST(Options, OfTheServerAreItsSettings) {
  const auto options = make_options(distinct());
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(options.server.address, "127.0.0.7");
  EXPECT_EQ(options.server.port, 8123);
  EXPECT_EQ(options.server.max_connections, 11U);
  EXPECT_EQ(options.server.budget->limit(), 11U);
  EXPECT_EQ(options.server.memory->limit(), std::size_t{12} << 20);
  EXPECT_EQ(options.server.request_timeout, milliseconds(7001));
  EXPECT_EQ(options.server.idle_timeout, milliseconds(7002));
  EXPECT_EQ(options.drain_delay, milliseconds(7003));
  EXPECT_EQ(options.drain_timeout, milliseconds(7004));
}

TEST(Options, HaveAThreadAtLeast) {
  EXPECT_EQ(make_options({}).threads, 1U);
}

TEST(Options, KnowATerminalOnlyIfTheLogIsTextOnOne) {
  config::Settings settings;
  settings.log_format = observability::LogFormat::text;
  EXPECT_FALSE(make_options(settings).terminal);
  settings.log_terminal = true;
  EXPECT_TRUE(make_options(settings).terminal);
  settings.log_format = observability::LogFormat::json;
  EXPECT_FALSE(make_options(settings).terminal);
}

TEST(Options, AllowNoMoreConnectionsThanFilesMayBeOpen) {
  config::Settings settings;
  settings.max_connections = std::numeric_limits<std::uint32_t>::max();
  const auto options = make_options(settings);
  const auto files = http_server::file_limit();
  const auto plan = http_server::plan_connections(settings.max_connections, files, options.threads);
  EXPECT_EQ(options.server.budget->limit(), plan.connections);
  EXPECT_EQ(options.server.surplus.all(), plan.surplus.all());
  EXPECT_LT(plan.connections + options.threads * plan.surplus.all(), files);
}

TEST(Options, OfTheCacheAreItsSettings) {
  const auto options = make_options(distinct());
  EXPECT_EQ(options.cache_prefix, "prefix:");
  EXPECT_EQ(options.lifetime.fresh_for, milliseconds(7005));
  EXPECT_EQ(options.lifetime.stale_for, milliseconds(7006));
  EXPECT_EQ(options.lifetime.keep_for, milliseconds(7007));
  EXPECT_EQ(options.cache.soft_wait, milliseconds(7008));
  EXPECT_EQ(options.cache.memory.early_part, 0.5);
  EXPECT_EQ(options.cache.memory.limit, std::size_t{13} << 20);
  EXPECT_EQ(options.cache.memory.largest, std::size_t{16} << 10);
  EXPECT_EQ(options.cache.memos.first, milliseconds(7009));
  EXPECT_EQ(options.cache.memos.refusal, milliseconds(7010));
  EXPECT_TRUE(options.cache.inline_refresh);
  EXPECT_EQ(make_options({}).lifetime.fresh_for, std::nullopt) << "CACHE_TTL=auto";
}

// CACHE_WRITE=before waits 20 ms for Redis at most.
TEST(Options, WaitForTheWriteOnlyIfTheWriteComesFirst) {
  config::Settings settings;
  EXPECT_EQ(make_options(settings).cache.write_wait, milliseconds(0));
  settings.cache_write_before = true;
  EXPECT_EQ(make_options(settings).cache.write_wait, milliseconds(20));
}

TEST(Options, LetALeaseOutlastTheLongestLoad) {
  config::Settings settings;
  settings.request_timeout = milliseconds(3000);
  for (const auto& [upstream, mock] : {std::pair{5000, 500}, std::pair{5000, 60'000}, std::pair{60'000, 0}}) {
    settings.upstream_timeout = milliseconds(upstream);
    settings.mock_delay = milliseconds(mock);
    const auto options = make_options(settings);
    const milliseconds longest{std::max(upstream, mock)};
    // Not used in its last second (kLeaseEdge), and a second longer than the load.
    EXPECT_EQ(options.cache.lease_span, longest + milliseconds(2000)) << upstream;
    EXPECT_EQ(options.cache.flight_age_limit, longest + milliseconds(3000 + 1000)) << upstream;
  }
}

// A tombstone must hide every value that a process may still hold.
TEST(Options, LetATombstoneOutlastEveryValue) {
  config::Settings settings;
  settings.cache_ttl = seconds(10);
  settings.cache_stale = seconds(20);
  settings.cache_keep = seconds(40);
  settings.refusal_ttl = seconds(30);
  settings.drop_in = false;
  EXPECT_EQ(make_options(settings).cache.tombstone_span, seconds(70));
  settings.refusal_ttl = seconds(71);
  EXPECT_EQ(make_options(settings).cache.tombstone_span, seconds(71)) << "refusals are values, too";
  settings.cache_ttl.reset();
  EXPECT_EQ(make_options(settings).cache.tombstone_span, hours(24) + minutes(1) + seconds(60))
      << "with CACHE_TTL=auto, until the provider's next value";
  settings.drop_in = true;
  EXPECT_GE(make_options(settings).cache.tombstone_span, hours(24) * 60)
      << "the past is fresh, and then kept, for long";
}

TEST(Options, OfTheProviderAreItsSettings) {
  const auto options = make_options(distinct());
  EXPECT_EQ(options.open_meteo.base_url, "http://provider.example");
  EXPECT_EQ(options.open_meteo.api_key, "provider-key");
  EXPECT_EQ(options.open_meteo.upstream_timeout, milliseconds(7011));
  EXPECT_EQ(options.open_meteo.concurrency, 4U);
  EXPECT_EQ(options.open_meteo.fleet_size, 6U);
  EXPECT_EQ(options.open_meteo.limits, *open_meteo::parse_limits("5/m"));
  EXPECT_TRUE(options.http_client.user_agent.starts_with("weather-cache/")) << options.http_client.user_agent;
}

TEST(Options, OfTheEndpointsAreTheirSettings) {
  const auto options = make_options(distinct());
  EXPECT_EQ(options.endpoints.request_timeout, milliseconds(7001));
  EXPECT_EQ(options.endpoints.public_url, "https://weather.example");
  EXPECT_EQ(options.endpoints.query.coordinate_decimals, 2);
  EXPECT_FALSE(options.endpoints.query.lab);
  EXPECT_EQ(options.endpoints.mock_delay, milliseconds(7012));
  EXPECT_EQ(options.mock_delay, milliseconds(7012));
  EXPECT_EQ(options.endpoints.admin_token, "admin-token");
  EXPECT_EQ(options.endpoints.trusted_proxies, *endpoints::parse_trusted_proxies("10.0.0.0/8"));
  EXPECT_EQ(options.limits.client_loads.loads, 14U);
  EXPECT_EQ(options.limits.mock_loads.loads, 15U);
  EXPECT_EQ(options.limits.mock_loads.window, hours(1));
  EXPECT_TRUE(options.endpoints.memory);
  EXPECT_TRUE(make_options({}).endpoints.query.lab);
  EXPECT_EQ(make_options({}).limits.client_loads.loads, 0U) << "no limit without the setting";
}

TEST(Options, TellTheEndpointsWhichTiersThereAre) {
  config::Settings settings;
  settings.memory_limit = 0;
  EXPECT_FALSE(make_options(settings).endpoints.memory);
  EXPECT_FALSE(make_options(settings).endpoints.query.redis);
  settings.redis_url = *redis::parse_url("redis://redis.example");
  EXPECT_TRUE(make_options(settings).endpoints.query.redis);
}

TEST(Options, StageOutagesOfARedisThatIsThereAndOnlyInTheLaboratory) {
  config::Settings settings;
  EXPECT_FALSE(make_options(settings).redis_outages);
  settings.redis_url = *redis::parse_url("redis://redis.example");
  EXPECT_TRUE(make_options(settings).redis_outages);
  settings.lab_redis_outage = false;
  EXPECT_FALSE(make_options(settings).redis_outages);
  settings.lab_redis_outage = true;
  settings.lab = false;
  EXPECT_FALSE(make_options(settings).redis_outages);
}

TEST(Options, OfRedisExistOnlyWithAUrl) {
  auto settings = distinct();
  settings.redis_tls = true;
  settings.redis_ca_file = "ca.pem";
  settings.redis_timeout = milliseconds(7013);
  EXPECT_FALSE(make_options(settings).redis);
  settings.redis_url = *redis::parse_url("redis://user:password@redis.example:6380/1");
  const auto redis = make_options(settings).redis;
  ASSERT_TRUE(redis);
  EXPECT_EQ(redis->url.credentials.password, "password");
  EXPECT_TRUE(redis->tls);
  EXPECT_EQ(redis->ca_file, "ca.pem");
  EXPECT_EQ(redis->timeout, milliseconds(7013));
}

}  // namespace
}  // namespace wx::app
