#include "open_meteo/freshness.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace wx::open_meteo {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kQuarter = minutes(15);
constexpr seconds kHour = hours(1);
constexpr seconds kDay = days(1);

constexpr milliseconds kLeastFresh = seconds(10);
constexpr milliseconds kMostSpread = seconds(30);

// The defaults of the settings, and what takes their place for data that changes less. A shorter setting holds for that
// data too.
constexpr milliseconds kArchiveTtl = days(7);
constexpr milliseconds kSettledTtl = days(30);
constexpr milliseconds kKeep = hours(24);
constexpr milliseconds kLongKeep = days(30);

// Reanalyses are some days late, and are revised after about three months.
constexpr days kRecent{8};
constexpr days kUnderRevision{100};

milliseconds extended(milliseconds setting, milliseconds its_default, milliseconds longer) {
  return setting < its_default ? setting : std::max(setting, longer);
}

milliseconds spread(milliseconds most, std::uint64_t key_hash) {
  return milliseconds(static_cast<std::int64_t>(key_hash % static_cast<std::uint64_t>(most.count() + 1)));
}

// The first multiple of `step` after `time`, counted from the epoch.
WallTime next_multiple(WallTime time, seconds step) {
  const milliseconds since = time.time_since_epoch();
  const milliseconds into = (since % step + step) % step;
  return time - into + step;
}

// The provider divides the offset by whole hours, towards zero.
WallTime next_day(WallTime time, seconds utc_offset) {
  const seconds whole_hours = utc_offset / kHour * kHour % kDay;
  return next_multiple(time + whole_hours, kDay) - whole_hours;
}

bool is_weather(const Asked& asked) {
  return content_of(asked.path) == Content::weather;
}

bool is_archive(Path path) {
  return path == Path::archive || path == Path::era5;
}

// When the window that the question means moves; the largest time if it does not.
WallTime window_end(const Asked& asked, const BodyFacts& facts, WallTime sent) {
  if (!is_weather(asked)) return WallTime::max();
  if (asked.opaque) return next_multiple(sent, kQuarter);
  if (asked.format == Format::xlsx) {
    const bool by_quarter = asked.current || asked.minutely_15 || asked.quarter_window;
    return next_multiple(sent, by_quarter ? kQuarter : kHour);
  }
  if (asked.quarter_window) return next_multiple(sent, kQuarter);  // a day never begins within a quarter
  if (asked.hour_window) return next_multiple(sent, kHour);
  if (asked.fixed_window) return WallTime::max();
  if (facts.utc_offsets.empty()) return next_multiple(sent, kHour);
  WallTime first = WallTime::max();
  for (const seconds offset : facts.utc_offsets) first = std::min(first, next_day(sent, offset));
  return first;
}

// A body can contain any number, but a WallTime cannot.
WallTime in_range(std::chrono::sys_seconds time) {
  constexpr days kFar(1'000'000);
  return std::clamp(time, std::chrono::sys_seconds(-kFar), std::chrono::sys_seconds(kFar));
}

seconds interval_of(const Asked& asked, const BodyFacts& facts) {
  const seconds by_path(current_interval(asked.label, asked.path));
  const seconds usual = by_path > seconds(0) ? by_path : kQuarter;
  return std::clamp(facts.current_interval.value_or(usual), seconds(1), kDay);
}

// How long the values of `current` last from `sent` on; at most one interval. Empty if the answer has none. A table of
// a format that does not show them is taken for one that was computed when its request was sent.
std::optional<milliseconds> current_left(const Asked& asked, const BodyFacts& facts, WallTime sent) {
  const seconds interval = interval_of(asked, facts);
  if (facts.current_time) {
    return std::clamp<milliseconds>(in_range(*facts.current_time) + interval - sent, milliseconds(0), interval);
  }
  const bool hidden = asked.format == Format::csv || asked.format == Format::flatbuffers;
  if (!asked.current || !hidden || current_interval(asked.label, asked.path) == 0) return std::nullopt;
  return next_multiple(sent, interval) - sent;
}

// Data about days that are over, which the provider revises for a while and then no more. The other APIs show the past
// as their models saw it last.
bool settles(const Asked& asked) {
  return asked.label == Label::archive_api || asked.label == Label::satellite_api ||
         asked.label == Label::historical_forecast_api;
}

milliseconds fixed_window_ttl(const FreshnessOptions& options, const Asked& asked, const BodyFacts& facts,
                              WallTime sent) {
  if (asked.label == Label::single_runs_api) {
    return asked.run && *asked.run < sent - kDay ? options.archive_ttl : options.forecast_ttl;
  }
  const bool may_have_gap = facts.ends_with_gap || asked.format == Format::xlsx;
  if (!settles(asked) || !asked.last_day || may_have_gap) return options.forecast_ttl;
  const auto today = floor<days>(sent);
  if (*asked.last_day >= today - kRecent) return options.forecast_ttl;
  if (*asked.last_day >= today - kUnderRevision) return options.archive_ttl;
  return extended(options.archive_ttl, kArchiveTtl, kSettledTtl);
}

milliseconds class_ttl(const FreshnessOptions& options, const Asked& asked, const BodyFacts& facts, WallTime sent) {
  switch (content_of(asked.path)) {
    case Content::elevation:
      return days(30);
    case Content::search:
      return hours(24);
    case Content::place:
      return days(7);
    case Content::metadata:
      return seconds(60);
    case Content::weather:
      break;
  }
  if (asked.path == Path::climate) return days(30);
  if (asked.path == Path::flood || asked.label == Label::seasonal_api) return hours(6);
  if (!asked.fixed_window) return options.forecast_ttl;
  return fixed_window_ttl(options, asked, facts, sent);
}

milliseconds keep_for(const FreshnessOptions& options, const Asked& asked) {
  const Content content = content_of(asked.path);
  const bool lasting = is_archive(asked.path) || asked.path == Path::climate || content == Content::elevation ||
                       content == Content::search || content == Content::place;
  return lasting ? extended(options.keep_for, kKeep, kLongKeep) : options.keep_for;
}

bool is_about_dates(std::string_view reason) {
  // "Allowed range 0 to 16" is about numbers, which do not move.
  constexpr std::array<std::string_view, 4> kWords{"date", "start_", "end_", "allowed range from"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return reason.contains(word); });
}

}  // namespace

Lifetime answer_lifetime(const FreshnessOptions& options, const Asked& asked, const BodyFacts& facts, WallTime sent,
                         std::uint64_t key_hash) {
  const milliseconds ttl = class_ttl(options, asked, facts, sent);
  const milliseconds until_class = ttl - spread(ttl / 10, key_hash);
  milliseconds until_current = milliseconds::max();
  if (const auto left = current_left(asked, facts, sent)) {
    until_current = std::max(*left + spread(kMostSpread, key_hash), kLeastFresh);
  }
  const WallTime window = window_end(asked, facts, sent);
  const milliseconds until_window = window == WallTime::max() ? milliseconds::max() : window - sent;

  const milliseconds fresh = std::min({until_class, until_current, until_window});
  return {.spans = {.fresh_for = fresh,
                    .stale_for = std::min(options.stale_for, until_window - fresh),
                    .keep_for = keep_for(options, asked)},
          .early_refresh = until_class < until_current && until_class < until_window};
}

milliseconds longest_life(const FreshnessOptions& options) {
  const auto fresh = std::max({options.forecast_ttl, options.archive_ttl, milliseconds(kSettledTtl)});
  return fresh + options.stale_for + std::max(options.keep_for, milliseconds(kLongKeep)) + std::chrono::minutes(1);
}

milliseconds refusal_lifetime(std::string_view reason, WallTime sent, milliseconds longest) {
  if (!is_about_dates(reason)) return longest;
  return std::min<milliseconds>(longest, next_multiple(sent, kDay) - sent);
}

bool fits(const Asked& asked, const BodyFacts& facts, WallTime now) {
  if (!facts.current_time) return true;
  const WallTime from = in_range(*facts.current_time);
  return now >= from - minutes(1) && now <= from + 2 * interval_of(asked, facts);
}

}  // namespace wx::open_meteo
