// Every setting, typed and checked, in one plain struct. Only `app` reads it and turns it into each room's options.
// The table in table.cpp holds each setting's meaning, default and flag. The defaults here are the same; a test
// compares the two.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "endpoints/client_address.hpp"
#include "endpoints/client_limit.hpp"
#include "http_client/host_address.hpp"
#include "observability/log.hpp"
#include "open_meteo/limits.hpp"
#include "redis/redis_url.hpp"

namespace wx::config {

// The smallest MEMORY_LIMIT, besides 0. Less would accept a limit that keeps nothing.
inline constexpr std::uint64_t kLeastMemory = 16 << 10;

struct Settings {
  // The listening socket and its threads.
  std::uint16_t port = 8080;  // 0: the system chooses one
  std::string address = "0.0.0.0";
  std::string public_url;  // where visitors find the page, without a trailing slash; empty: unknown
  unsigned threads = 0;    // parse() replaces 0 by the number of usable cores

  // Redis. No URL: memory only.
  std::optional<redis::Url> redis_url;
  bool redis_tls = false;                                  // speak TLS even if the URL says redis://
  std::string redis_ca_file;                               // PEM; empty: the system's authorities
  std::optional<std::chrono::milliseconds> redis_timeout;  // none: derived from the measured round trip

  // The cache.
  std::string cache_prefix;
  std::optional<std::chrono::milliseconds> cache_ttl;    // none: until the provider's next value; 10 s for the mock
  std::chrono::milliseconds cache_stale{60'000};         // served at once, refreshed in the background
  std::chrono::milliseconds cache_keep{24 * 3'600'000};  // served when a load fails or is slow
  std::chrono::milliseconds cache_soft_wait{1'500};      // wait for a load before serving a kept answer
  double cache_early = 0.8;                              // 1: no early refresh
  std::chrono::milliseconds error_ttl{1'000};            // life of a failure memo; doubles per consecutive failure
  std::chrono::milliseconds refusal_ttl{300'000};        // life of a remembered refusal
  bool cache_write_before = false;                       // parse() has resolved "auto"
  bool cache_refresh_inline = false;                     // parse() has resolved "auto"
  std::uint64_t memory_limit = 64ULL << 20;              // bytes; 0: no memory tier
  std::uint64_t entry_limit = 0;                         // bytes; 0: auto

  // The provider.
  std::string open_meteo_url = "https://{api}.open-meteo.com";  // without a trailing slash
  std::string open_meteo_geocoding_url;                         // the same; empty: open_meteo_url, if it has {api}
  std::vector<http_client::HostAddress> open_meteo_resolve;     // instead of the DNS
  std::string open_meteo_api_key;                               // secret; empty: none
  std::chrono::milliseconds upstream_timeout{5'000};
  unsigned upstream_concurrency = 2;
  open_meteo::Limits upstream_limit = open_meteo::kFreeLimits;
  unsigned fleet_size = 1;
  std::optional<endpoints::ClientLimitOptions> client_loads;  // parse() resolves "auto" (none)
  endpoints::TrustedProxies trusted_proxies;

  // The provider's own paths.
  bool drop_in = true;                                // parse() has resolved "auto"
  bool keep_unknown_params = true;                    // in questions and in calls
  std::chrono::milliseconds forecast_ttl{3'600'000};  // of answers that every run of a model may change
  std::chrono::milliseconds archive_ttl{7 * 24 * 3'600'000};
  std::chrono::milliseconds retry_after_max{60'000};
  std::uint64_t response_limit = 64ULL << 20;  // bytes, decoded

  // Purges require it; empty: purging is off.
  std::string admin_token;  // secret

  // The mock and the laboratory.
  std::chrono::milliseconds mock_delay{500};
  endpoints::ClientLimitOptions mock_loads{.loads = 600, .window = std::chrono::minutes(1)};
  bool lab = true;
  bool lab_redis_outage = true;  // parse() has resolved "auto"

  int coordinate_decimals = -1;  // -1: exact

  // Limits of the HTTP server, and the shutdown.
  std::uint32_t max_connections = 20'000;
  std::uint64_t connection_memory = 64ULL << 20;  // bytes
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds drain_timeout{8'000};

  observability::LogLevel log_level = observability::LogLevel::info;
  observability::LogFormat log_format = observability::LogFormat::json;  // parse() has resolved "auto"
  bool log_terminal = false;                                             // no setting: the log goes to a terminal
  std::string google_cloud_project;                                      // empty: gcp lines hold the bare trace id
};

}  // namespace wx::config
