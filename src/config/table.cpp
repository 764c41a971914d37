#include "config/table.hpp"

#include <array>
#include <limits>

#include "base/http_url.hpp"
#include "base/ip_address.hpp"
#include "base/text.hpp"
#include "config/members.hpp"
#include "config/values.hpp"
#include "open_meteo/provider_address.hpp"

namespace wx::config {
namespace {

using observability::LogFormat;
using observability::LogLevel;

constexpr Words<LogLevel, 5> kLevels{{{"debug", LogLevel::debug},
                                      {"info", LogLevel::info},
                                      {"warn", LogLevel::warn},
                                      {"warning", LogLevel::warn},
                                      {"error", LogLevel::error}}};
constexpr Words<LogFormat, 3> kFormats{{{"text", LogFormat::text}, {"json", LogFormat::json}, {"gcp", LogFormat::gcp}}};

constexpr Words<bool, 2> kCacheWrites{{{"after", false}, {"before", true}}};
constexpr Words<bool, 2> kCacheRefreshes{{{"behind", false}, {"inline", true}}};
constexpr Words<bool, 2> kUnknownParams{{{"drop", false}, {"keep", true}}};

constexpr milliseconds kMillisecond{1};
constexpr milliseconds kMinute{60'000};
constexpr milliseconds kHour = 60 * kMinute;
constexpr milliseconds kMonth = 30 * 24 * kHour;

using enum Secrecy;
using S = Settings;
using Text = std::string_view;
using Why = std::string;

constexpr auto kTable = std::to_array<Setting>({
    {"PORT", "8080", "TCP port to listen on; 0 means any free port", "a port number from 0 to 65535", open,
     [](S& s, Text v, Why&) { return set_number(s.port, v, 0, 65535); }, [](const S& s) { return cat(s.port); }},
    {"ADDRESS", "0.0.0.0", "Address to listen on; `::` is IPv6 and IPv4 together",
     "an IPv4 or IPv6 address such as 127.0.0.1 or ::", open,
     [](S& s, Text v, Why&) {
       s.address = v;
       return parse_ip(v).has_value();
     },
     [](const S& s) { return s.address; }},
    {"PUBLIC_URL", "",
     "Where visitors find the page, such as `https://weather.example`; links to it then show a preview in "
     "messengers and social networks",
     "an http:// or https:// URL without user, query or fragment", open,
     [](S& s, Text v, Why& why) {
       s.public_url.clear();
       return v.empty() || set_parsed(s.public_url, parse_base_url(v), why);
     },
     [](const S& s) { return s.public_url; }},
    {"THREADS", "auto", "Threads that serve requests; `auto`: one per core that this process may use",
     "auto or a number from 1 to 1024", open,
     [](S& s, Text v, Why&) { return is_auto(v) || set_number(s.threads, v, 1, 1024); },
     [](const S& s) { return cat(s.threads); }},

    {"REDIS_URL", "",
     "Redis server that shares the cache between processes: `redis://[user:password@]host[:port][/db]`, `rediss://...` "
     "(TLS), `unix:///path`; empty: memory only",
     "a URL such as redis://localhost:6379", secret,
     [](S& s, Text v, Why& why) {
       s.redis_url.reset();
       return v.empty() || set_parsed(s.redis_url, redis::parse_url(v), why);
     },
     [](const S& s) { return s.redis_url ? redis::describe(*s.redis_url) : std::string(); }},
    {"REDIS_TLS", "false", "`true`: use TLS with Redis even if the URL begins with `redis://`", "true or false", open,
     [](S& s, Text v, Why&) { return set_switch(s.redis_tls, v); },
     [](const S& s) -> std::string { return s.redis_tls ? "true" : "false"; }},
    {"REDIS_CA_FILE", "",
     "PEM file of the certificate authorities for Redis's certificate; empty: the system's authorities", "a path", open,
     [](S& s, Text v, Why&) {
       s.redis_ca_file = v;
       return v.find('\0') == Text::npos;
     },
     [](const S& s) { return s.redis_ca_file; }},
    {"REDIS_TIMEOUT", "auto",
     "How long a request waits for Redis before it continues without it; `auto`: three round trips, 50ms to 300ms",
     "auto or a duration from 1ms to 1m", open,
     [](S& s, Text v, Why& why) { return set_duration_or_auto(s.redis_timeout, v, kMillisecond, kMinute, why); },
     [](const S& s) { return show_duration_or_auto(s.redis_timeout); }},

    {"CACHE_PREFIX", "", "Prefix of every key in Redis, so that several services can share one server",
     "at most 100 printable ASCII characters without spaces or braces", open,
     [](S& s, Text v, Why&) {
       s.cache_prefix = v;
       return v.size() <= 100 && is_plain(v) && v.find_first_of("{}") == Text::npos;
     },
     [](const S& s) { return s.cache_prefix; }},
    {"CACHE_TTL", "auto", "How long an answer stays fresh; `auto`: until the provider's next value, 10s for the mock",
     "auto or a duration from 1s to 720h", open,
     [](S& s, Text v, Why& why) { return set_duration_or_auto(s.cache_ttl, v, milliseconds(1'000), kMonth, why); },
     [](const S& s) { return show_duration_or_auto(s.cache_ttl); }},
    {"CACHE_STALE", "1m",
     "How long after that a stale answer is still served at once while a refresh runs in the background",
     "a duration from 0 to 720h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.cache_stale, v, milliseconds(0), kMonth, why); },
     [](const S& s) { return format_duration(s.cache_stale); }},
    {"CACHE_KEEP", "24h", "How long after that an answer is kept, to be served when the provider fails",
     "a duration from 0 to 720h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.cache_keep, v, milliseconds(0), kMonth, why); },
     [](const S& s) { return format_duration(s.cache_keep); }},
    {"CACHE_SOFT_WAIT", "1500ms", "How long a request waits for a new answer before it gets the kept one",
     "a duration from 0 to 1m", open,
     [](S& s, Text v, Why& why) { return set_duration(s.cache_soft_wait, v, milliseconds(0), kMinute, why); },
     [](const S& s) { return format_duration(s.cache_soft_wait); }},
    {"CACHE_EARLY", "0.8", "Fraction of the fresh time after which a hit triggers an early refresh; 1: never",
     "a number from 0 to 1", open,
     [](S& s, Text v, Why&) {
       const auto part = parse_decimal(v, 0, 1);
       s.cache_early = part.value_or(s.cache_early);
       return part.has_value();
     },
     [](const S& s) { return show_decimal(s.cache_early); }},
    {"ERROR_TTL", "1s",
     "How long to wait before repeating a failed load; doubles with each consecutive failure, up to 30s",
     "a duration from 1ms to 30s", open,
     [](S& s, Text v, Why& why) { return set_duration(s.error_ttl, v, kMillisecond, kMinute / 2, why); },
     [](const S& s) { return format_duration(s.error_ttl); }},
    {"REFUSAL_TTL", "5m", "How long to remember that the provider rejected a query, without sending it again",
     "a duration from 1ms to 24h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.refusal_ttl, v, kMillisecond, 24 * kHour, why); },
     [](const S& s) { return format_duration(s.refusal_ttl); }},
    {"CACHE_WRITE", "auto",
     "`after`: an answer does not wait for its write to Redis; `before`: it waits up to 20ms; `auto`: before on Cloud "
     "Run, else after",
     "auto, after or before", open,
     [](S& s, Text v, Why&) { return is_auto(v) || set_one_of(s.cache_write_before, v, kCacheWrites); },
     [](const S& s) { return show_one_of(s.cache_write_before, kCacheWrites); }},
    {"CACHE_REFRESH", "auto",
     "`behind`: a stale answer is served while its refresh runs; `inline`: the request waits for the refresh, up to "
     "CACHE_SOFT_WAIT; `auto`: inline on Cloud Run, else behind",
     "auto, behind or inline", open,
     [](S& s, Text v, Why&) { return is_auto(v) || set_one_of(s.cache_refresh_inline, v, kCacheRefreshes); },
     [](const S& s) { return show_one_of(s.cache_refresh_inline, kCacheRefreshes); }},
    {"MEMORY_LIMIT", "64MiB", "Memory limit for cached answers, at least 16KiB; 0: no cache in memory",
     "a size such as 64MiB, 1GiB or 0", open,
     [](S& s, Text v, Why& why) {
       if (!set_bytes(s.memory_limit, v, 0, std::numeric_limits<std::uint64_t>::max(), why)) return false;
       if (s.memory_limit == 0 || s.memory_limit >= kLeastMemory) return true;
       why = cat("too small for any answer; the smallest limit is ", format_bytes(kLeastMemory),
                 ", and 0 switches the cache in memory off");
       return false;
     },
     [](const S& s) { return format_bytes(s.memory_limit); }},
    {"ENTRY_LIMIT", "auto",
     "The largest answer that is kept in memory, at most MEMORY_LIMIT; `auto`: a sixteenth of MEMORY_LIMIT, up to 4MiB",
     "auto or a size such as 256KiB or 8MiB", open,
     [](S& s, Text v, Why& why) {
       s.entry_limit = 0;
       return is_auto(v) || set_bytes(s.entry_limit, v, 1ULL << 10, 1ULL << 30, why);
     },
     [](const S& s) { return s.entry_limit == 0 ? "auto" : format_bytes(s.entry_limit); }},

    {"OPEN_METEO_URL", "https://{api}.open-meteo.com",
     "Base URL of the weather provider; `{api}` stands for the API that is called, such as `archive-api`; without it "
     "one server has all of them but geocoding",
     "an http:// or https:// URL without user, query or fragment", open,
     [](S& s, Text v, Why& why) { return set_parsed(s.open_meteo_url, open_meteo::parse_provider_url(v), why); },
     [](const S& s) { return s.open_meteo_url; }},
    {"OPEN_METEO_GEOCODING_URL", "",
     "Base URL of the geocoding API; empty: OPEN_METEO_URL, if that has `{api}`, else there is no geocoding",
     "an http:// or https:// URL without user, query or fragment", open,
     [](S& s, Text v, Why& why) {
       s.open_meteo_geocoding_url.clear();
       return v.empty() || set_parsed(s.open_meteo_geocoding_url, open_meteo::parse_provider_url(v), why);
     },
     [](const S& s) { return s.open_meteo_geocoding_url; }},
    {"OPEN_METEO_RESOLVE", "",
     "Addresses to use instead of the DNS's, for machines whose DNS leads Open-Meteo's names to this service: "
     "`*.open-meteo.com:192.0.2.1`",
     "host:address, several separated by commas", open,
     [](S& s, Text v, Why& why) {
       s.open_meteo_resolve.clear();
       return v.empty() || set_parsed(s.open_meteo_resolve, http_client::parse_host_addresses(v), why);
     },
     [](const S& s) { return http_client::format_host_addresses(s.open_meteo_resolve); }},
    {"OPEN_METEO_API_KEY", "", "API key of a paid Open-Meteo plan; with the default URL it selects the customers' host",
     "printable ASCII characters without spaces", secret,
     [](S& s, Text v, Why& why) {
       s.open_meteo_api_key.clear();
       return v.empty() || set_parsed(s.open_meteo_api_key, open_meteo::parse_api_key(v), why);
     },
     [](const S& s) -> std::string { return s.open_meteo_api_key.empty() ? "" : "(set)"; }},
    {"UPSTREAM_TIMEOUT", "5s", "Timeout of one call to the provider", "a duration from 1ms to 1m", open,
     [](S& s, Text v, Why& why) { return set_duration(s.upstream_timeout, v, kMillisecond, kMinute, why); },
     [](const S& s) { return format_duration(s.upstream_timeout); }},
    {"UPSTREAM_CONCURRENCY", "2", "Concurrent calls to the provider; further calls queue", "a number from 1 to 256",
     open, [](S& s, Text v, Why&) { return set_number(s.upstream_concurrency, v, 1, 256); },
     [](const S& s) { return cat(s.upstream_concurrency); }},

    {"UPSTREAM_LIMIT", "600/m,5000/h,10000/d",
     "Calls that the provider allows per minute, hour and day; the default is the free service's limit; `off` for a "
     "paid key",
     "limits such as 600/m,5000/h,10000/d, or off", open,
     [](S& s, Text v, Why& why) { return set_parsed(s.upstream_limit, open_meteo::parse_limits(v), why); },
     [](const S& s) { return open_meteo::format_limits(s.upstream_limit); }},
    {"FLEET_SIZE", "1",
     "Number of processes that share UPSTREAM_LIMIT; each keeps to its share while Redis cannot count for all",
     "a number from 1 to 10000", open, [](S& s, Text v, Why&) { return set_number(s.fleet_size, v, 1, 10'000); },
     [](const S& s) { return cat(s.fleet_size); }},
    {"CLIENT_LOADS", "auto",
     "Cache misses that one client may cause, such as `60/m`; `auto`: 60/m on Cloud Run or behind TRUSTED_PROXIES, "
     "else off",
     "auto, off or a number per minute, hour or day such as 60/m", open,
     [](S& s, Text v, Why& why) {
       s.client_loads.reset();
       return is_auto(v) || set_parsed(s.client_loads, endpoints::parse_client_loads(v), why);
     },
     [](const S& s) { return s.client_loads ? endpoints::format_client_loads(*s.client_loads) : std::string("auto"); }},
    {"TRUSTED_PROXIES", "",
     "Addresses and networks whose X-Forwarded-For, Forwarded and X-Forwarded-Host are trusted, separated by commas: "
     "`10.0.0.0/8,127.0.0.1`; `peer`: any address that connects, the default on Cloud Run",
     "IP addresses or networks separated by commas, or peer", open,
     [](S& s, Text v, Why& why) { return set_parsed(s.trusted_proxies, endpoints::parse_trusted_proxies(v), why); },
     [](const S& s) { return endpoints::format_trusted_proxies(s.trusted_proxies); }},

    {"DROP_IN", "auto",
     "`on`: answer Open-Meteo's own paths, so that its clients can ask this service instead; `auto`: off on Cloud Run, "
     "else on",
     "auto, on or off", open, [](S& s, Text v, Why&) { return is_auto(v) || set_switch(s.drop_in, v); },
     [](const S& s) -> std::string { return s.drop_in ? "on" : "off"; }},
    {"UNKNOWN_PARAMS", "keep",
     "Parameters on these paths that this version does not know: `keep` sends them on, `drop` ignores them",
     "keep or drop", open, [](S& s, Text v, Why&) { return set_one_of(s.keep_unknown_params, v, kUnknownParams); },
     [](const S& s) { return show_one_of(s.keep_unknown_params, kUnknownParams); }},
    {"FORECAST_TTL", "1h", "How long a forecast on these paths stays fresh at most; less if it changes before",
     "a duration from 1s to 24h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.forecast_ttl, v, milliseconds(1'000), 24 * kHour, why); },
     [](const S& s) { return format_duration(s.forecast_ttl); }},
    {"ARCHIVE_TTL", "168h", "How long an answer about days that are long past stays fresh on these paths",
     "a duration from 1s to 720h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.archive_ttl, v, milliseconds(1'000), kMonth, why); },
     [](const S& s) { return format_duration(s.archive_ttl); }},
    {"RETRY_AFTER_MAX", "1m", "Longest `Retry-After` on these paths; some clients sleep for as long as it says",
     "a duration from 1s to 24h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.retry_after_max, v, milliseconds(1'000), 24 * kHour, why); },
     [](const S& s) { return format_duration(s.retry_after_max); }},
    {"RESPONSE_LIMIT", "64MiB", "Largest answer of the provider that is accepted, after decompression",
     "a size from 64KiB to 1GiB", open,
     [](S& s, Text v, Why& why) { return set_bytes(s.response_limit, v, 64ULL << 10, 1ULL << 30, why); },
     [](const S& s) { return format_bytes(s.response_limit); }},

    {"MOCK_DELAY", "500ms", "How long a call of the mock takes", "a duration from 0 to 1m", open,
     [](S& s, Text v, Why& why) { return set_duration(s.mock_delay, v, milliseconds(0), kMinute, why); },
     [](const S& s) { return format_duration(s.mock_delay); }},
    {"MOCK_LOADS", "600/m",
     "New mock places that one client may ask for, a fifth of them at once; `cache=off` is limited to 1000 requests at "
     "once; `off`: no limit, for load tests",
     "off or a number per minute, hour or day such as 600/m", open,
     [](S& s, Text v, Why& why) { return set_parsed(s.mock_loads, endpoints::parse_client_loads(v), why); },
     [](const S& s) { return endpoints::format_client_loads(s.mock_loads); }},
    {"LAB", "on", "`off` removes the mock and the lab, for a plain production service", "on or off", open,
     [](S& s, Text v, Why&) { return set_switch(s.lab, v); },
     [](const S& s) -> std::string { return s.lab ? "on" : "off"; }},
    {"LAB_REDIS_OUTAGE", "auto",
     "`on`: the lab may take Redis away from the mock for ten seconds, once a minute; "
     "`auto`: off on Cloud Run, else on",
     "auto, on or off", open, [](S& s, Text v, Why&) { return is_auto(v) || set_switch(s.lab_redis_outage, v); },
     [](const S& s) -> std::string { return s.lab_redis_outage ? "on" : "off"; }},
    {"COORDINATE_DECIMALS", "exact", "Decimals to round coordinates to, so that nearby places share an answer",
     "exact or a number from 0 to 7", open,
     [](S& s, Text v, Why&) {
       if (!iequals(v, "exact")) return set_number(s.coordinate_decimals, v, 0, 7);
       s.coordinate_decimals = -1;
       return true;
     },
     [](const S& s) { return s.coordinate_decimals < 0 ? std::string("exact") : cat(s.coordinate_decimals); }},

    {"ADMIN_TOKEN", "", "Bearer token that allows purging the cache (DELETE); empty: purging is off",
     "8 to 200 printable ASCII characters without spaces", secret,
     [](S& s, Text v, Why&) {
       s.admin_token = v;
       return v.empty() || (v.size() >= 8 && v.size() <= 200 && is_plain(v));
     },
     [](const S& s) -> std::string { return s.admin_token.empty() ? "" : "(set)"; }},

    {"MAX_CONNECTIONS", "20000", "Maximum number of client connections; the limit of open files may lower it",
     "a number from 1 to 10000000", open,
     [](S& s, Text v, Why&) { return set_number(s.max_connections, v, 1, 10'000'000); },
     [](const S& s) { return cat(s.max_connections); }},
    {"CONNECTION_MEMORY", "64MiB",
     "Limit of what all connections hold for slow clients together, buffers of the system included",
     "a size from 1MiB to 1TiB", open,
     [](S& s, Text v, Why& why) { return set_bytes(s.connection_memory, v, 1ULL << 20, 1ULL << 40, why); },
     [](const S& s) { return format_bytes(s.connection_memory); }},
    {"REQUEST_TIMEOUT", "10s", "Timeout for an answer, and for receiving a request", "a duration from 1ms to 1h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.request_timeout, v, kMillisecond, kHour, why); },
     [](const S& s) { return format_duration(s.request_timeout); }},
    {"IDLE_TIMEOUT", "75s", "How long a connection may stay idle between requests", "a duration from 1s to 24h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.idle_timeout, v, milliseconds(1'000), 24 * kHour, why); },
     [](const S& s) { return format_duration(s.idle_timeout); }},
    {"DRAIN_DELAY", "0", "After SIGTERM: how long to keep serving while `/health/ready` reports 503",
     "a duration from 0 to 1h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.drain_delay, v, milliseconds(0), kHour, why); },
     [](const S& s) { return format_duration(s.drain_delay); }},
    {"DRAIN_TIMEOUT", "8s", "After DRAIN_DELAY: how long running requests may take to finish",
     "a duration from 0 to 1h", open,
     [](S& s, Text v, Why& why) { return set_duration(s.drain_timeout, v, milliseconds(0), kHour, why); },
     [](const S& s) { return format_duration(s.drain_timeout); }},

    {"LOG_LEVEL", "info", "Lowest level that is logged", "debug, info, warn or error", open,
     [](S& s, Text v, Why&) { return set_one_of(s.log_level, v, kLevels); },
     [](const S& s) { return show_one_of(s.log_level, kLevels); }},
    {"LOG_FORMAT", "auto", "`text`, `json` or `gcp`; `auto`: gcp on Cloud Run, text on a terminal, else json",
     "auto, text, json or gcp", open,
     [](S& s, Text v, Why&) { return is_auto(v) || set_one_of(s.log_format, v, kFormats); },
     [](const S& s) { return show_one_of(s.log_format, kFormats); }},
    {"GOOGLE_CLOUD_PROJECT", "",
     "With LOG_FORMAT=gcp: the project of the traces that log lines refer to; empty: the trace id alone",
     "at most 100 printable ASCII characters without spaces or slashes", open,
     [](S& s, Text v, Why&) {
       s.google_cloud_project = v;
       return v.size() <= 100 && is_plain(v) && v.find('/') == Text::npos;
     },
     [](const S& s) { return s.google_cloud_project; }},
});

}  // namespace

std::span<const Setting> settings_table() {
  return kTable;
}

std::string flag_of(std::string_view setting_name) {
  std::string flag = "--";
  for (const char c : setting_name) {
    if (c == '_') {
      flag += '-';
    } else {
      flag += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return flag;
}

}  // namespace wx::config
