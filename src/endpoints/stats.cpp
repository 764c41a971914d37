#include "endpoints/stats.hpp"

#include "base/text.hpp"

namespace wx::endpoints {

using observability::Counter;

namespace {

// An object of numbers, one counter each.
class Object {
 public:
  Object(std::string& out, const observability::Metrics& metrics, std::string_view name)
      : out_(out), metrics_(metrics) {
    append(out_, cat(",\"", name, "\":{"));
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() { out_ += '}'; }

  void add(std::string_view member, Counter counter) { number(member, metrics_.value(counter)); }

  template <class Number>
  void number(std::string_view member, Number value) {
    if (out_.back() != '{') out_ += ',';
    append(out_, cat("\"", member, "\":", value));
  }
  void text(std::string_view member, std::string_view value) {
    if (out_.back() != '{') out_ += ',';
    append(out_, cat("\"", member, "\":\""));
    append_json_escaped(out_, value);
    out_ += '"';
  }

 private:
  std::string& out_;
  const observability::Metrics& metrics_;
};

// Answers from a tier, of all answers that the cache was asked for. 0 while there are none.
double hit_ratio(const observability::Metrics& metrics) {
  const auto hits = metrics.value(Counter::requests_hit_memory) + metrics.value(Counter::requests_hit_redis) +
                    metrics.value(Counter::requests_stale);
  const auto all = hits + metrics.value(Counter::requests_miss) + metrics.value(Counter::requests_collapsed) +
                   metrics.value(Counter::requests_lease) + metrics.value(Counter::requests_error);
  return all == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(all);
}

}  // namespace

std::string render_stats(const Context& context) {
  const auto& metrics = context.metrics;
  const auto& process = context.process;
  std::string out = cat("{\"version\":\"", context.options.version,
                        "\",\"uptime_seconds\":", process.uptime() / std::chrono::seconds(1), ",\"hit_ratio\":");
  append_fixed(out, hit_ratio(metrics), 4);
  {
    Object requests(out, metrics, "requests");
    requests.add("hit_memory", Counter::requests_hit_memory);
    requests.add("hit_redis", Counter::requests_hit_redis);
    requests.add("stale", Counter::requests_stale);
    requests.add("miss", Counter::requests_miss);
    requests.add("collapsed", Counter::requests_collapsed);
    requests.add("lease", Counter::requests_lease);
    requests.add("bypass", Counter::requests_bypass);
    requests.add("error", Counter::requests_error);
  }
  {
    Object provider(out, metrics, "provider_calls");
    provider.add("ok", Counter::provider_ok);
    provider.add("unreachable", Counter::provider_unreachable);
    provider.add("timeout", Counter::provider_timeout);
    provider.add("error", Counter::provider_error);
    provider.add("bad_reply", Counter::provider_bad_reply);
    provider.add("refused", Counter::provider_refused);
    provider.add("limited", Counter::provider_limited);
    provider.add("denied", Counter::provider_denied);
  }
  {
    Object stale(out, metrics, "stale_served");
    stale.add("while_revalidate", Counter::stale_while_revalidate);
    stale.add("if_error", Counter::stale_if_error);
    stale.add("soft_timeout", Counter::stale_soft_timeout);
  }
  {
    const auto provider_view = process.provider();
    Object provider(out, metrics, "provider");
    provider.text("breaker", provider_view.breaker);
    for (const auto& window : provider_view.windows) {
      provider.number(cat("used_", window.name), window.used);
      provider.number(cat("limit_", window.name), window.limit);
    }
  }
  {
    Object mock(out, metrics, "mock");
    mock.add("calls", Counter::mock_calls);
  }
  {
    Object memory(out, metrics, "memory");
    memory.text("state", process.memory_limit() > 0 ? "on" : "off");
    memory.number("bytes", process.memory_bytes());
    memory.number("limit_bytes", process.memory_limit());
    memory.number("entries", process.memory_entries());
    memory.add("evictions", Counter::cache_memory_evicted);
  }
  {
    Object redis(out, metrics, "redis");
    redis.text("state", process.redis_state());
    redis.text("breaker", process.redis_breaker_open() ? "open" : "closed");
    redis.text("backplane", process.listening() ? "listening" : "deaf");
    redis.add("commands", Counter::redis_commands);
    redis.add("timeouts", Counter::redis_timeouts);
    redis.add("errors", Counter::redis_errors);
    redis.add("reads_hit", Counter::cache_redis_hit);
    redis.add("reads_miss", Counter::cache_redis_miss);
    redis.add("reads_failed", Counter::cache_redis_error);
    redis.add("writes_ok", Counter::cache_write_ok);
    redis.add("writes_failed", Counter::cache_write_failed);
  }
  {
    Object cache(out, metrics, "cache");
    cache.add("flights", Counter::cache_flights);
    cache.add("early_refreshes", Counter::cache_early_refresh);
    cache.add("leases_won", Counter::cache_lease_won);
    cache.add("leases_lost", Counter::cache_lease_lost);
    cache.add("fills_heard", Counter::cache_fills_heard);
    cache.add("purges", Counter::cache_purges);
  }
  {
    Object http(out, metrics, "http");
    http.number("connections", process.connections());
    http.add("malformed", Counter::http_malformed);
  }
  append(out, "}\n");
  return out;
}

}  // namespace wx::endpoints
