// The table of all counters. A new counter is a new line here, which /metrics, /stats and the tests read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wx::observability {

// X(identifier, metric family, label pair or "", help)
// Families follow the Prometheus conventions: prefix weather_cache_, room, unit, _total. Lines of a family stand
// together.
#define WX_COUNTERS(X)                                                                                                 \
  X(requests_hit_memory, "weather_cache_requests_total", "outcome=\"hit-memory\"", "Weather requests by outcome")      \
  X(requests_hit_redis, "weather_cache_requests_total", "outcome=\"hit-redis\"", "")                                   \
  X(requests_stale, "weather_cache_requests_total", "outcome=\"stale\"", "")                                           \
  X(requests_miss, "weather_cache_requests_total", "outcome=\"miss\"", "")                                             \
  X(requests_collapsed, "weather_cache_requests_total", "outcome=\"collapsed\"", "")                                   \
  X(requests_lease, "weather_cache_requests_total", "outcome=\"lease\"", "")                                           \
  X(requests_bypass, "weather_cache_requests_total", "outcome=\"bypass\"", "")                                         \
  X(requests_error, "weather_cache_requests_total", "outcome=\"error\"", "")                                           \
  X(requests_invalid, "weather_cache_requests_invalid_total", "", "Weather requests with invalid parameters")          \
  X(stale_while_revalidate, "weather_cache_stale_served_total", "reason=\"stale-while-revalidate\"",                   \
    "Answers past their freshness, by reason")                                                                         \
  X(stale_if_error, "weather_cache_stale_served_total", "reason=\"stale-if-error\"", "")                               \
  X(stale_soft_timeout, "weather_cache_stale_served_total", "reason=\"soft-timeout\"", "")                             \
  X(http_responses_2xx, "weather_cache_http_responses_total", "class=\"2xx\"", "HTTP responses by status class")       \
  X(http_responses_3xx, "weather_cache_http_responses_total", "class=\"3xx\"", "")                                     \
  X(http_responses_4xx, "weather_cache_http_responses_total", "class=\"4xx\"", "")                                     \
  X(http_responses_5xx, "weather_cache_http_responses_total", "class=\"5xx\"", "")                                     \
  X(http_responses_5xx_client, "weather_cache_http_responses_total", "class=\"5xx-client\"", "")                       \
  X(http_connections_opened, "weather_cache_http_connections_opened_total", "", "Connections accepted")                \
  X(http_connections_closed, "weather_cache_http_connections_closed_total", "", "Connections closed")                  \
  X(http_connections_refused, "weather_cache_http_connections_refused_total", "", "Connections refused at the limit")  \
  X(http_token_guesses, "weather_cache_http_token_guesses_total", "", "Requests with a wrong admin token")             \
  X(http_closed_for_place, "weather_cache_http_connections_cut_total", "reason=\"place\"",                             \
    "Connections closed in favour of others, by what they were short of")                                              \
  X(http_closed_for_memory, "weather_cache_http_connections_cut_total", "reason=\"memory\"", "")                       \
  X(http_clients_gone, "weather_cache_http_clients_gone_total", "", "Clients that left before their answer")           \
  X(http_malformed, "weather_cache_http_malformed_total", "", "Requests refused as malformed")                         \
  X(cache_early_refresh, "weather_cache_cache_early_refreshes_total", "",                                              \
    "Refreshes started while the entry was fresh")                                                                     \
  X(cache_memory_evicted, "weather_cache_cache_memory_evictions_total", "", "Entries evicted from memory")             \
  X(cache_memory_too_large, "weather_cache_cache_memory_too_large_total", "", "Entries too large for the memory tier") \
  X(cache_codec_refused, "weather_cache_cache_codec_refused_total", "", "Values in Redis that are not whole entries")  \
  X(cache_ahead_of_clock, "weather_cache_cache_ahead_of_clock_total", "", "Entries in Redis dated in the future")      \
  X(cache_flights, "weather_cache_cache_flights_total", "", "Flights started (one load per key at a time)")            \
  X(cache_lease_won, "weather_cache_cache_leases_total", "result=\"won\"", "Leases requested before a load")           \
  X(cache_lease_lost, "weather_cache_cache_leases_total", "result=\"lost\"", "")                                       \
  X(cache_lease_unknown, "weather_cache_cache_leases_total", "result=\"unknown\"", "")                                 \
  X(cache_fills_heard, "weather_cache_cache_fills_heard_total", "", "Fills announced by other processes")              \
  X(cache_fails_heard, "weather_cache_cache_fails_heard_total", "", "Failures announced by other processes")           \
  X(cache_purges, "weather_cache_cache_purges_total", "", "Purges, of one key or of all")                              \
  X(cache_messages_unknown, "weather_cache_cache_messages_unknown_total", "", "Backplane messages not understood")     \
  X(cache_redis_breaker_opened, "weather_cache_cache_redis_breaker_opened_total", "",                                  \
    "Times the Redis breaker opened")                                                                                  \
  X(cache_write_ok, "weather_cache_cache_redis_writes_total", "result=\"ok\"", "Writes of entries to Redis")           \
  X(cache_write_failed, "weather_cache_cache_redis_writes_total", "result=\"failed\"", "")                             \
  X(cache_write_too_large, "weather_cache_cache_redis_writes_total", "result=\"too-large\"", "")                       \
  X(cache_redis_hit, "weather_cache_cache_redis_reads_total", "result=\"hit\"", "Reads of entries from Redis")         \
  X(cache_redis_miss, "weather_cache_cache_redis_reads_total", "result=\"miss\"", "")                                  \
  X(cache_redis_error, "weather_cache_cache_redis_reads_total", "result=\"error\"", "")                                \
  X(redis_commands, "weather_cache_redis_commands_total", "", "Commands sent to Redis")                                \
  X(redis_timeouts, "weather_cache_redis_timeouts_total", "", "Commands without a reply within their deadline")        \
  X(redis_errors, "weather_cache_redis_errors_total", "", "Error replies of Redis")                                    \
  X(redis_connects, "weather_cache_redis_connects_total", "result=\"ok\"", "Connections made to Redis")                \
  X(redis_connect_failures, "weather_cache_redis_connects_total", "result=\"failed\"", "")                             \
  X(redis_disconnects, "weather_cache_redis_disconnects_total", "", "Connections to Redis that were lost")             \
  X(provider_ok, "weather_cache_open_meteo_calls_total", "result=\"ok\"", "Calls to the weather provider by result")   \
  X(provider_unreachable, "weather_cache_open_meteo_calls_total", "result=\"unreachable\"", "")                        \
  X(provider_timeout, "weather_cache_open_meteo_calls_total", "result=\"timeout\"", "")                                \
  X(provider_error, "weather_cache_open_meteo_calls_total", "result=\"error\"", "")                                    \
  X(provider_bad_reply, "weather_cache_open_meteo_calls_total", "result=\"bad-reply\"", "")                            \
  X(provider_refused, "weather_cache_open_meteo_calls_total", "result=\"refused\"", "")                                \
  X(provider_limited, "weather_cache_open_meteo_calls_total", "result=\"limited\"", "")                                \
  X(provider_denied, "weather_cache_open_meteo_calls_total", "result=\"denied\"", "")                                  \
  X(provider_retries, "weather_cache_open_meteo_retries_total", "", "Second attempts of provider calls")               \
  X(provider_retries_denied, "weather_cache_open_meteo_retries_denied_total", "",                                      \
    "Second attempts denied by their budget")                                                                          \
  X(provider_shed_queue, "weather_cache_open_meteo_shed_total", "reason=\"queue\"", "Loads refused without a call")    \
  X(provider_shed_deadline, "weather_cache_open_meteo_shed_total", "reason=\"deadline\"", "")                          \
  X(provider_shed_breaker, "weather_cache_open_meteo_shed_total", "reason=\"breaker\"", "")                            \
  X(provider_shed_limited, "weather_cache_open_meteo_shed_total", "reason=\"limited\"", "")                            \
  X(provider_shed_budget, "weather_cache_open_meteo_shed_total", "reason=\"budget\"", "")                              \
  X(provider_stood_down, "weather_cache_open_meteo_stood_down_total", "", "Loads no longer needed at their turn")      \
  X(provider_slow, "weather_cache_open_meteo_slow_total", "", "Answers so slow that they count as failures")           \
  X(provider_breaker_opened, "weather_cache_open_meteo_breaker_opened_total", "",                                      \
    "Times the provider's breaker opened")                                                                             \
  X(provider_closed_by_limit, "weather_cache_open_meteo_closed_by_limit_total", "",                                    \
    "Times the provider asked for a pause")                                                                            \
  X(provider_counted_alone, "weather_cache_open_meteo_counted_alone_total", "",                                        \
    "Provider calls counted without the fleet")                                                                        \
  X(mock_calls, "weather_cache_mock_calls_total", "", "Answers made by the mock")                                      \
  X(lab_redis_outages, "weather_cache_lab_redis_outages_total", "", "Times the laboratory took Redis from the mock")   \
  X(log_dropped, "weather_cache_log_dropped_total", "", "Log lines dropped because the log could not keep up")

enum class Counter : std::uint16_t {
#define X(id, family, labels, help) id,
  WX_COUNTERS(X)
#undef X
};

struct CounterInfo {
  std::string_view id;
  std::string_view family;
  std::string_view labels;
  std::string_view help;
};

inline constexpr auto kCounters = std::to_array<CounterInfo>({
#define X(id, family, labels, help) {#id, family, labels, help},
    WX_COUNTERS(X)
#undef X
});

}  // namespace wx::observability
