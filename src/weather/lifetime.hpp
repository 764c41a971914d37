// Determines how long an answer is fresh, may be served stale, and is kept.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "cache/entry.hpp"
#include "open_meteo/current_weather.hpp"

namespace wx::weather {

struct LifetimeOptions {
  // CACHE_TTL. Empty means auto: a real answer is fresh until the provider's next value, a mock answer for 10 s.
  std::optional<milliseconds> fresh_for;
  milliseconds stale_for = std::chrono::seconds(60);  // CACHE_STALE
  milliseconds keep_for = std::chrono::hours(24);     // CACHE_KEEP
};

struct Lifetime {
  cache::Spans spans;
  bool early_refresh = true;
};

// Mock answers are never stale: they are dropped when they are no longer fresh.
[[nodiscard]] Lifetime mock_lifetime(const LifetimeOptions& options);

// `sent` is the time at which the request for the answer was sent, where its spans begin (cache/entry.hpp). It is by
// the provider's clock, as the time of the value is: ours may be wrong. With auto, an answer is fresh until valid_from
// + valid_for, at least 10 s and at most valid_for. Up to 30 s are added, depending on the key, so that not all places
// expire together on the quarter hour. Early refresh is off then, because it would fetch the same value again.
[[nodiscard]] Lifetime real_lifetime(const LifetimeOptions& options, const open_meteo::CurrentWeather& weather,
                                     WallTime sent, std::uint64_t key_hash);

// Whether `now` can be the time at which the provider sent this value: between its start, less a minute, and one
// interval after its end. A date outside of that was written by a clock that is not the provider's.
[[nodiscard]] bool fits(const open_meteo::CurrentWeather& weather, WallTime now);

}  // namespace wx::weather
