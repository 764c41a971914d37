#include "weather/lifetime.hpp"

#include <algorithm>

namespace wx::weather {
namespace {

constexpr milliseconds kMockFresh = std::chrono::seconds(10);
constexpr milliseconds kLeastFresh = std::chrono::seconds(10);
constexpr milliseconds kMostSpread = std::chrono::seconds(30);

}  // namespace

Lifetime mock_lifetime(const LifetimeOptions& options) {
  return {.spans = {.fresh_for = options.fresh_for.value_or(kMockFresh)}, .early_refresh = true};
}

Lifetime real_lifetime(const LifetimeOptions& options, const open_meteo::CurrentWeather& weather, WallTime sent,
                       std::uint64_t key_hash) {
  if (options.fresh_for) {
    return {.spans = {*options.fresh_for, options.stale_for, options.keep_for}, .early_refresh = true};
  }
  const milliseconds interval = weather.valid_for;
  const milliseconds until_next = WallTime(weather.valid_from + weather.valid_for) - sent;
  const auto fresh = std::clamp(until_next, kLeastFresh, std::max(kLeastFresh, interval));
  const milliseconds spread(static_cast<std::int64_t>(key_hash % static_cast<std::uint64_t>(kMostSpread.count() + 1)));
  return {.spans = {fresh + spread, options.stale_for, options.keep_for}, .early_refresh = false};
}

bool fits(const open_meteo::CurrentWeather& weather, WallTime now) {
  const WallTime from = weather.valid_from;
  return now >= from - std::chrono::minutes(1) && now <= from + 2 * weather.valid_for;
}

}  // namespace wx::weather
