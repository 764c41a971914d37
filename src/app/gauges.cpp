#include "app/gauges.hpp"

#include "base/text.hpp"

namespace wx::app {

std::vector<observability::Gauge> gauges_of(const endpoints::ProcessStatus& status,
                                            const std::optional<OpenFiles>& files, std::string_view version) {
  std::vector<observability::Gauge> gauges;
  const auto add = [&gauges](std::string_view family, std::string labels, std::string_view help, auto value) {
    gauges.push_back(
        {.family = family, .labels = std::move(labels), .help = help, .value = static_cast<double>(value)});
  };
  add("weather_cache_http_connections", "", "Connections open", status.connections);
  add("weather_cache_cache_memory_bytes", "", "Bytes in use in the memory tier", status.memory.bytes);
  add("weather_cache_cache_memory_limit_bytes", "", "Limit of the memory tier", status.memory.limit);
  add("weather_cache_cache_memory_entries", "", "Entries in the memory tier", status.memory.entries);
  add("weather_cache_cache_flights_active", "", "Flights under way", status.flights);
  add("weather_cache_redis_up", "", "Whether every connection to Redis is up", status.redis.state == "up");
  add("weather_cache_cache_redis_breaker_open", "", "Whether the Redis breaker of any thread is open",
      status.redis.breaker_open);
  add("weather_cache_cache_backplane_listening", "", "Whether messages of the other processes arrive",
      status.redis.listening);
  add("weather_cache_open_meteo_available", "", "Whether the provider's breaker lets calls through",
      status.provider.breaker == "closed");
  add("weather_cache_open_meteo_clock_difference_seconds", "",
      "This machine's clock minus the provider's, by the provider's last answer; 0 before the first",
      std::chrono::duration<double>(-status.provider.clock_ahead).count());
  const auto label_of = [](std::string_view window) { return cat("window=\"", window, "\""); };
  for (const auto& window : status.provider.windows) {
    add("weather_cache_open_meteo_budget_used", label_of(window.name), "Provider calls counted in the current window",
        window.used);
  }
  for (const auto& window : status.provider.windows) {
    add("weather_cache_open_meteo_budget_limit", label_of(window.name),
        "Provider calls allowed per window; 0: no limit", window.limit);
  }
  add("weather_cache_build_info", cat("version=\"", version, "\""), "Always 1; the version is in the label", 1);
  add("weather_cache_uptime_seconds", "", "Time since start", std::chrono::duration<double>(status.uptime).count());
  if (files) {
    add("process_open_fds", "", "Files open, sockets included", files->open);
    add("process_max_fds", "", "Files that may be open", files->limit);
  }
  return gauges;
}

}  // namespace wx::app
