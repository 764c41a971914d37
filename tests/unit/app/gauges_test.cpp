#include "app/gauges.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace wx::app {
namespace {

double value(const endpoints::ProcessStatus& status, std::string_view family, std::string_view labels = "") {
  const auto gauges = gauges_of(status, OpenFiles{.open = 12, .limit = 1024}, "1.2.3");
  const auto found =
      std::ranges::find_if(gauges, [&](const auto& gauge) { return gauge.family == family && gauge.labels == labels; });
  EXPECT_NE(found, gauges.end()) << family;
  return found == gauges.end() ? -1 : found->value;
}

TEST(Gauges, TellTheSnapshot) {
  const endpoints::ProcessStatus status{
      .uptime = milliseconds(1500),
      .connections = 3,
      .flights = 2,
      .memory = {.bytes = 10, .limit = 20, .entries = 1},
      .provider = {.windows = {{.name = "minute", .used = 7, .limit = 600}, {.name = "day", .used = 8}},
                   .clock_ahead = -std::chrono::minutes(20)}};
  EXPECT_EQ(value(status, "weather_cache_http_connections"), 3);
  EXPECT_EQ(value(status, "weather_cache_cache_flights_active"), 2);
  EXPECT_EQ(value(status, "weather_cache_cache_memory_bytes"), 10);
  EXPECT_EQ(value(status, "weather_cache_cache_memory_limit_bytes"), 20);
  EXPECT_EQ(value(status, "weather_cache_cache_memory_entries"), 1);
  EXPECT_EQ(value(status, "weather_cache_open_meteo_budget_used", "window=\"minute\""), 7);
  EXPECT_EQ(value(status, "weather_cache_open_meteo_budget_limit", "window=\"minute\""), 600);
  EXPECT_EQ(value(status, "weather_cache_open_meteo_budget_used", "window=\"day\""), 8);
  EXPECT_EQ(value(status, "weather_cache_open_meteo_clock_difference_seconds"), 1200) << "ours is ahead";
  EXPECT_EQ(value(status, "weather_cache_uptime_seconds"), 1.5);
  EXPECT_EQ(value(status, "weather_cache_build_info", "version=\"1.2.3\""), 1);
  EXPECT_EQ(value(status, "process_open_fds"), 12);
  EXPECT_EQ(value(status, "process_max_fds"), 1024);
}

TEST(Gauges, LeaveOutWhatTheSystemDoesNotTell) {
  for (const auto& gauge : gauges_of({}, std::nullopt, "1.2.3")) EXPECT_FALSE(gauge.family.starts_with("process_"));
}

TEST(Gauges, TellStatesAsZeroAndOne) {
  endpoints::ProcessStatus status;
  EXPECT_EQ(value(status, "weather_cache_redis_up"), 0);
  EXPECT_EQ(value(status, "weather_cache_cache_redis_breaker_open"), 0);
  EXPECT_EQ(value(status, "weather_cache_cache_backplane_listening"), 0);
  EXPECT_EQ(value(status, "weather_cache_open_meteo_available"), 1);
  status.redis = {.state = "up", .breaker_open = true, .listening = true};
  status.provider.breaker = "half-open";
  EXPECT_EQ(value(status, "weather_cache_redis_up"), 1);
  EXPECT_EQ(value(status, "weather_cache_cache_redis_breaker_open"), 1);
  EXPECT_EQ(value(status, "weather_cache_cache_backplane_listening"), 1);
  EXPECT_EQ(value(status, "weather_cache_open_meteo_available"), 0);
}

}  // namespace
}  // namespace wx::app
