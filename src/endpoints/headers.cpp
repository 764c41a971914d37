#include "endpoints/headers.hpp"

#include <array>

#include "base/text.hpp"

namespace wx::endpoints {

using cache::Outcome;
using cache::Served;
using cache::Tier;

namespace {

constexpr nanoseconds kSecond = std::chrono::seconds(1);

bool is_hit(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
    case Outcome::stale_while_revalidate:
    case Outcome::stale_if_error:
    case Outcome::soft_timeout:
      return true;
    case Outcome::miss:
    case Outcome::collapsed:
    case Outcome::revalidated:
    case Outcome::lease:
    case Outcome::forced:
    case Outcome::bypass:
      return false;
  }
  return false;
}

// The `detail` parameter of Cache-Status: at most one word. "redis-unavailable" appears only where no other detail
// applies.
std::string_view detail(const Served& served) {
  switch (served.outcome) {
    case Outcome::hit:
      return served.tier == Tier::redis ? "redis" : "memory";
    case Outcome::stale_while_revalidate:
      return "stale-while-revalidate";
    case Outcome::stale_if_error:
      return "stale-if-error";
    case Outcome::soft_timeout:
      return "soft-timeout";
    case Outcome::lease:
      return "lease";
    case Outcome::miss:
    case Outcome::collapsed:
    case Outcome::revalidated:
    case Outcome::forced:
    case Outcome::bypass:
      return served.redis_unavailable ? "redis-unavailable" : "";
  }
  return "";
}

void put_ms(PieceWriter& to, nanoseconds span) {
  // Resolution: 1 us below 0.1 ms, 0.01 ms above. Integer arithmetic, because this runs for every answer.
  const bool fine = span < nanoseconds(100'000);
  const auto units = fine ? (span.count() + 500) / 1'000 : (span.count() + 5'000) / 10'000;
  const auto per_ms = fine ? 1'000 : 100;
  const auto rest = static_cast<unsigned>(units % per_ms);
  const auto digit = [](unsigned value) { return static_cast<char>('0' + value % 10); };
  to.put(units / per_ms);
  if (fine) {
    to.put(std::string_view(std::array{'.', digit(rest / 100), digit(rest / 10), digit(rest)}));
  } else {
    to.put(std::string_view(std::array{'.', digit(rest / 10), digit(rest)}));
  }
}

}  // namespace

bool any_origin(std::string_view path) {
  return path == "/weather" || path == "/openapi.json" || path.starts_with("/v1/");
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  append(out, name);
  append(out, ": ");
  append(out, value);
  append(out, "\r\n");
}

void append_page_security(std::string& out) {
  append(out,
         "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
         "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for "
         "'script'; "
         "trusted-types 'none'\r\n"
         "Referrer-Policy: no-referrer\r\n"
         "Cross-Origin-Opener-Policy: same-origin\r\n"
         "Cross-Origin-Embedder-Policy: require-corp\r\n");
}

std::string_view x_cache(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
      return "HIT";
    case Outcome::stale_while_revalidate:
    case Outcome::stale_if_error:
    case Outcome::soft_timeout:
      return "STALE";
    case Outcome::miss:
    case Outcome::collapsed:
    case Outcome::revalidated:
    case Outcome::lease:
    case Outcome::forced:
      return "MISS";
    case Outcome::bypass:
      return "BYPASS";
  }
  return "MISS";
}

long long age_seconds(const Served& served) {
  return served.age / kSecond;
}

long long ttl_seconds(const Served& served) {
  // Computed from max-age and Age, not from the exact remaining time: rounding that could differ from the two by a
  // second.
  return served.entry->spans.fresh_for / kSecond - age_seconds(served);
}

void put_cache_status(PieceWriter& to, const Served& served) {
  to.put("X-Cache: ");
  to.put(x_cache(served.outcome));
  to.put("\r\nCache-Status: weather-cache");
  switch (served.outcome) {
    case Outcome::hit:
    case Outcome::stale_while_revalidate:
    case Outcome::stale_if_error:
    case Outcome::soft_timeout:
      to.put("; hit; ttl=");
      to.put(ttl_seconds(served));
      break;
    case Outcome::miss:
    case Outcome::revalidated:
    case Outcome::forced:
      to.put(served.outcome == Outcome::miss     ? "; fwd=uri-miss; fwd-status=200"
             : served.outcome == Outcome::forced ? "; fwd=request"
                                                 : "; fwd=stale; fwd-status=200");
      if (served.stored) {
        to.put("; stored; ttl=");
        to.put(ttl_seconds(served));
      }
      break;
    case Outcome::collapsed:
    case Outcome::lease:
      to.put("; fwd=uri-miss; collapsed");
      break;
    case Outcome::bypass:
      to.put("; fwd=bypass");
      break;
  }
  if (const auto why = detail(served); !why.empty()) {
    to.put("; detail=");
    to.put(why);
  }
  to.put("\r\n");
  if (served.outcome != Outcome::bypass) {
    to.put("Age: ");
    to.put(age_seconds(served));
    to.put("\r\n");
  }
}

void append_cache_status(std::string& out, const Served& served) {
  append_within(out, kMostCacheStatus, [&](PieceWriter& to) { put_cache_status(to, served); });
}

Split split_of(const Served& served, nanoseconds total) {
  Split split{total, served.timings};
  for (auto* const stop : {&split.stops.redis, &split.stops.load}) {
    *stop = std::min(*stop, split.cache);
    split.cache -= std::max(*stop, nanoseconds(0));
  }
  return split;
}

void put_server_timing(PieceWriter& to, const Served& served, nanoseconds total) {
  const auto split = split_of(served, total);
  to.put("Server-Timing: cache;desc=\"");
  to.put(is_hit(served.outcome) ? (served.outcome == Outcome::hit ? "hit" : "stale")
                                : (served.outcome == Outcome::bypass ? "bypass" : "miss"));
  to.put("\";dur=");
  put_ms(to, split.cache);
  if (split.stops.redis >= nanoseconds(0)) {
    to.put(", redis;dur=");
    put_ms(to, split.stops.redis);
  }
  if (split.stops.load >= nanoseconds(0)) {
    to.put(", upstream;dur=");
    put_ms(to, split.stops.load);
  }
  to.put(", total;dur=");
  put_ms(to, total);
  to.put("\r\n");
}

void append_server_timing(std::string& out, const Served& served, nanoseconds total) {
  append_within(out, kMostServerTiming, [&](PieceWriter& to) { put_server_timing(to, served, total); });
}

std::string_view source_name(Tier tier, bool mock) {
  switch (tier) {
    case Tier::memory:
      return "Memory Cache ⚡";
    case Tier::redis:
      return "Redis Cache ⚡";
    case Tier::loader:
      return mock ? "Mock API (Slow) 🐢" : "Open-Meteo API (Slow) 🐢";
  }
  return "";
}

}  // namespace wx::endpoints
