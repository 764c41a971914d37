// Settings -> every room's options.
#pragma once

#include <optional>
#include <string>

#include "cache/tiered_cache.hpp"
#include "config/settings.hpp"
#include "drop_in/service.hpp"
#include "endpoints/context.hpp"
#include "endpoints/limits.hpp"
#include "http_client/http_client_options.hpp"
#include "http_server/server_options.hpp"
#include "open_meteo/open_meteo_options.hpp"
#include "redis/redis_options.hpp"
#include "weather/lifetime.hpp"

namespace wx::app {

struct Options {
  http_server::ServerOptions server;
  http_client::HttpClientOptions http_client;
  open_meteo::OpenMeteoOptions open_meteo;
  std::optional<redis::RedisOptions> redis;
  bool redis_outages = false;  // the laboratory may stage them
  cache::CacheOptions cache;
  std::string cache_prefix;
  weather::LifetimeOptions lifetime;
  drop_in::Options drop_in;
  endpoints::EndpointOptions endpoints;
  endpoints::LimitOptions limits;
  milliseconds mock_delay{500};
  milliseconds drain_delay{0};
  milliseconds drain_timeout{8000};
  unsigned threads = 1;
  bool terminal = false;  // the log is text on a terminal
};

[[nodiscard]] Options make_options(const config::Settings& settings);

}  // namespace wx::app
