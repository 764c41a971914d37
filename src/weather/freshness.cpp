#include "weather/freshness.hpp"

#include <algorithm>

namespace wx::weather {
namespace {

constexpr milliseconds kMockFresh = std::chrono::seconds(10);
constexpr milliseconds kLeastFresh = std::chrono::seconds(10);
constexpr milliseconds kMostSpread = std::chrono::seconds(30);

}  // namespace

Freshness mock_freshness(const FreshnessOptions& options) {
  return {{options.fresh_for.value_or(kMockFresh), milliseconds(0), milliseconds(0)}, true};
}

Freshness real_freshness(const FreshnessOptions& options, const Observation& observation, WallTime now,
                         std::uint64_t key_hash) {
  if (options.fresh_for) return {{*options.fresh_for, options.stale_for, options.keep_for}, true};
  const milliseconds interval = observation.valid_for;
  const milliseconds until_next = WallTime(observation.valid_from + observation.valid_for) - now;
  const auto fresh = std::clamp(until_next, kLeastFresh, std::max(kLeastFresh, interval));
  const milliseconds spread(static_cast<std::int64_t>(key_hash % static_cast<std::uint64_t>(kMostSpread.count() + 1)));
  return {{fresh + spread, options.stale_for, options.keep_for}, false};
}

}  // namespace wx::weather
