// How long an answer may serve.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "cache/entry.hpp"
#include "open_meteo/current_weather.hpp"

namespace wx::weather {

struct LifetimeOptions {
  // CACHE_TTL. Empty = auto: a real answer is fresh until the provider's next value, the mock's for 10 s.
  std::optional<milliseconds> fresh_for;
  milliseconds stale_for = std::chrono::seconds(60);  // CACHE_STALE
  milliseconds keep_for = std::chrono::hours(24);     // CACHE_KEEP
};

struct Lifetime {
  cache::Spans spans;
  bool early_refresh = true;
};

// The mock's answers are fresh, then gone: never stale and never kept.
[[nodiscard]] Lifetime mock_lifetime(const LifetimeOptions& options);

// With `auto`: until valid_from + valid_for, at least 10 s and at most valid_for, plus up to 30 s that depend on the
// key, so that not every place expires on the quarter hour. There is no early refresh then: it would only fetch the
// same value again.
[[nodiscard]] Lifetime real_lifetime(const LifetimeOptions& options, const open_meteo::CurrentWeather& weather,
                                     WallTime now, std::uint64_t key_hash);

}  // namespace wx::weather
