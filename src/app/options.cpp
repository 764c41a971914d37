#include "app/options.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "endpoints/request_id.hpp"

namespace wx::app {
namespace {

constexpr milliseconds kWriteWait{20};
constexpr milliseconds kMargin{1000};

// Tells this process from all others, for as long as it runs.
std::string instance_id() {
  Random random(random_seed());
  return std::string(endpoints::Uuid::random(random).text());
}

}  // namespace

Options make_options(const config::Settings& settings) {
  Options options;
  options.threads = std::max(1U, settings.threads);

  options.server.address = settings.address;
  options.server.port = settings.port;
  options.server.max_connections = settings.max_connections;
  options.server.request_timeout = settings.request_timeout;
  options.server.idle_timeout = settings.idle_timeout;
  const auto plan = http_server::plan_connections(settings.max_connections, http_server::file_limit(), options.threads);
  options.server.budget = std::make_shared<http_server::ConnectionBudget>(plan.connections);
  options.server.surplus = plan.surplus;
  options.server.memory = std::make_shared<http_server::ConnectionMemory>(settings.connection_memory);

  options.http_client.user_agent = cat("weather-cache/", version());
  options.http_client.resolve = settings.open_meteo_resolve;
  options.open_meteo.base_url = settings.open_meteo_url;
  options.open_meteo.geocoding_url = settings.open_meteo_geocoding_url;
  options.open_meteo.instance = cat("weather-cache; id=", instance_id());
  options.open_meteo.api_key = settings.open_meteo_api_key;
  options.open_meteo.upstream_timeout = settings.upstream_timeout;
  options.open_meteo.concurrency = settings.upstream_concurrency;
  options.open_meteo.limits = settings.upstream_limit;
  options.open_meteo.fleet_size = settings.fleet_size;

  if (settings.redis_url) {
    options.redis.emplace();
    options.redis->url = *settings.redis_url;
    options.redis->tls = settings.redis_tls;
    options.redis->ca_file = settings.redis_ca_file;
    options.redis->timeout = settings.redis_timeout;
    options.redis_outages = settings.lab && settings.lab_redis_outage;
  }
  options.cache_prefix = settings.cache_prefix;
  static_assert(config::kLeastMemory >= cache::MemoryTier::kLeastLimit);
  options.cache.memory.limit = settings.memory_limit;
  options.cache.memory.largest = settings.entry_limit;
  options.cache.memory.early_part = settings.cache_early;
  options.cache.memos.first = settings.error_ttl;
  options.cache.memos.refusal = settings.refusal_ttl;
  options.cache.soft_wait = settings.cache_soft_wait;
  options.cache.inline_refresh = settings.cache_refresh_inline;
  if (settings.cache_write_before) options.cache.write_wait = kWriteWait;
  // The longest load, retries included. A lease must outlast it; a flight must outlast it and the wait before it.
  const auto longest = std::max(settings.upstream_timeout, settings.mock_delay);
  options.cache.lease_span = longest + cache::kLeaseEdge + kMargin;
  options.cache.flight_age_limit = settings.request_timeout + longest + kMargin;
  // No value lives longer. With CACHE_TTL=auto, an answer is fresh until the provider's next value, which comes within
  // a day, and for half a minute more at most (weather/lifetime.hpp).
  const milliseconds longest_fresh = settings.cache_ttl.value_or(std::chrono::hours(24) + std::chrono::minutes(1));
  options.cache.tombstone_span =
      std::max(longest_fresh + settings.cache_stale + settings.cache_keep, settings.refusal_ttl);
  options.lifetime.fresh_for = settings.cache_ttl;
  options.lifetime.stale_for = settings.cache_stale;
  options.lifetime.keep_for = settings.cache_keep;
  using open_meteo::UnknownParameters;
  options.drop_in = {
      .questions = {.unknown = settings.keep_unknown_params ? UnknownParameters::keep : UnknownParameters::drop},
      .answers = {.freshness = {.forecast_ttl = settings.forecast_ttl,
                                .archive_ttl = settings.archive_ttl,
                                .stale_for = settings.cache_stale,
                                .keep_for = settings.cache_keep},
                  .refusal_ttl = settings.refusal_ttl,
                  .response_limit = settings.response_limit}};
  if (settings.drop_in) {
    options.cache.tombstone_span =
        std::max(options.cache.tombstone_span, open_meteo::longest_life(options.drop_in.answers.freshness));
  }

  options.endpoints.query.coordinate_decimals = settings.coordinate_decimals;
  options.endpoints.query.lab = settings.lab;
  options.endpoints.query.redis = options.redis.has_value();
  options.endpoints.request_timeout = settings.request_timeout;
  options.endpoints.version = version();
  options.endpoints.public_url = settings.public_url;
  options.endpoints.memory = settings.memory_limit > 0;
  options.endpoints.mock_delay = settings.mock_delay;
  options.endpoints.mock_fresh_for =
      std::chrono::floor<milliseconds>(weather::mock_lifetime(options.lifetime).spans.fresh_for);

  options.endpoints.drop_in = settings.drop_in;
  options.endpoints.instance = options.open_meteo.instance;
  options.endpoints.retry_after_max = settings.retry_after_max;
  options.endpoints.admin_token = settings.admin_token;
  options.endpoints.trusted_proxies = settings.trusted_proxies;
  options.limits.client_loads = settings.client_loads.value_or(endpoints::ClientLimitOptions());
  options.limits.mock_loads = settings.mock_loads;

  options.mock_delay = settings.mock_delay;
  options.drain_delay = settings.drain_delay;
  options.drain_timeout = settings.drain_timeout;
  options.terminal = settings.log_terminal && settings.log_format == observability::LogFormat::text;
  return options;
}

}  // namespace wx::app
