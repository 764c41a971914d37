#include "endpoints/stats.hpp"

#include "base/text.hpp"

namespace wx::endpoints {

using observability::Counter;

namespace {

// The counters of each JSON object, in order of output.
struct Row {
  std::string_view object;
  std::string_view member;
  Counter counter;
};
constexpr auto kRows = std::to_array<Row>({
    {"requests", "hit_memory", Counter::requests_hit_memory},
    {"requests", "hit_redis", Counter::requests_hit_redis},
    {"requests", "stale", Counter::requests_stale},
    {"requests", "miss", Counter::requests_miss},
    {"requests", "collapsed", Counter::requests_collapsed},
    {"requests", "lease", Counter::requests_lease},
    {"requests", "bypass", Counter::requests_bypass},
    {"requests", "error", Counter::requests_error},
    {"requests", "invalid", Counter::requests_invalid},
    {"provider_calls", "ok", Counter::provider_ok},
    {"provider_calls", "unreachable", Counter::provider_unreachable},
    {"provider_calls", "timeout", Counter::provider_timeout},
    {"provider_calls", "error", Counter::provider_error},
    {"provider_calls", "bad_reply", Counter::provider_bad_reply},
    {"provider_calls", "refused", Counter::provider_refused},
    {"provider_calls", "limited", Counter::provider_limited},
    {"provider_calls", "denied", Counter::provider_denied},
    {"stale_served", "while_revalidate", Counter::stale_while_revalidate},
    {"stale_served", "if_error", Counter::stale_if_error},
    {"stale_served", "soft_timeout", Counter::stale_soft_timeout},
    {"mock", "calls", Counter::mock_calls},
    {"memory", "evictions", Counter::cache_memory_evicted},
    {"redis", "commands", Counter::redis_commands},
    {"redis", "timeouts", Counter::redis_timeouts},
    {"redis", "errors", Counter::redis_errors},
    {"redis", "reads_hit", Counter::cache_redis_hit},
    {"redis", "reads_miss", Counter::cache_redis_miss},
    {"redis", "reads_failed", Counter::cache_redis_error},
    {"redis", "writes_ok", Counter::cache_write_ok},
    {"redis", "writes_failed", Counter::cache_write_failed},
    {"cache", "flights", Counter::cache_flights},
    {"cache", "early_refreshes", Counter::cache_early_refresh},
    {"cache", "leases_won", Counter::cache_lease_won},
    {"cache", "leases_lost", Counter::cache_lease_lost},
    {"cache", "fills_heard", Counter::cache_fills_heard},
    {"cache", "purges", Counter::cache_purges},
    {"http", "malformed", Counter::http_malformed},
});

// Writes the document's objects. An object has its explicit members first, then its counters from kRows.
class Writer {
 public:
  Writer(std::string& out, const observability::Metrics& metrics) : out_(out), metrics_(metrics) {}

  void begin(std::string_view object) {
    object_ = object;
    append(out_, cat(",\"", object, "\":{"));
  }
  void end() {
    for (const auto& row : kRows) {
      if (row.object == object_) number(row.member, metrics_.value(row.counter));
    }
    out_ += '}';
  }
  void counters(std::string_view object) {
    begin(object);
    end();
  }

  template <class Number>
  void number(std::string_view member, Number value) {
    if (out_.back() != '{') out_ += ',';
    append(out_, cat("\"", member, "\":", value));
  }
  void text(std::string_view member, std::string_view value) {
    if (out_.back() != '{') out_ += ',';
    append(out_, cat("\"", member, "\":"));
    append_json_string(out_, value);
  }

 private:
  std::string& out_;
  const observability::Metrics& metrics_;
  std::string_view object_;
};

// Lookups in the cache, and those answered with a stored copy. Requests that bypass the cache and requests with invalid
// parameters do not count.
struct Lookups {
  std::uint64_t hits;
  std::uint64_t all;
};
Lookups lookups_of(const observability::Metrics& metrics) {
  const auto hits = metrics.value(Counter::requests_hit_memory) + metrics.value(Counter::requests_hit_redis) +
                    metrics.value(Counter::requests_stale);
  const auto others = metrics.value(Counter::requests_miss) + metrics.value(Counter::requests_collapsed) +
                      metrics.value(Counter::requests_lease) + metrics.value(Counter::requests_error);
  return {hits, hits + others};
}

// 0 if there are no lookups.
double hit_ratio(const Lookups& lookups) {
  return lookups.all == 0 ? 0 : static_cast<double>(lookups.hits) / static_cast<double>(lookups.all);
}

}  // namespace

std::string render_stats(const Context& context) {
  const auto& metrics = context.metrics;
  const auto process = context.read_status();
  const auto lookups = lookups_of(metrics);
  std::string out = cat("{\"version\":\"", context.options.version,
                        "\",\"uptime_seconds\":", process.uptime / std::chrono::seconds(1), ",\"hits\":", lookups.hits,
                        ",\"lookups\":", lookups.all, ",\"hit_ratio\":");
  append_fixed(out, hit_ratio(lookups), 4);
  Writer write(out, metrics);
  write.counters("requests");
  write.counters("provider_calls");
  write.counters("stale_served");
  write.begin("provider");
  write.text("breaker", process.provider.breaker);
  for (const auto& window : process.provider.windows) {
    write.number(cat("used_", window.name), window.used);
    write.number(cat("limit_", window.name), window.limit);
  }
  write.end();
  write.counters("mock");
  write.begin("memory");
  write.text("state", process.memory.limit > 0 ? "on" : "off");
  write.number("bytes", process.memory.bytes);
  write.number("limit_bytes", process.memory.limit);
  write.number("entries", process.memory.entries);
  write.end();
  write.begin("redis");
  write.text("state", process.redis.state);
  write.text("breaker", process.redis.breaker_open ? "open" : "closed");
  write.text("backplane", process.redis.listening ? "listening" : "deaf");
  write.number("outage_ms_left", process.redis.outage_left.count());
  write.end();
  write.counters("cache");
  write.begin("http");
  write.number("connections", process.connections);
  write.end();
  append(out, "}\n");
  return out;
}

std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool quoted = false;
  const auto next_line = [&out, &depth] {
    out += '\n';
    for (std::size_t i = 0; i < depth; ++i) append(out, "  ");
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      quoted = c != '"';
      continue;
    }
    if (c == '}') {
      --depth;
      next_line();
    }
    out += c;
    quoted = c == '"';
    if (c == '{') ++depth;
    if (c == '{' || c == ',') next_line();
    if (c == ':') out += ' ';
  }
  return out;
}

}  // namespace wx::endpoints
