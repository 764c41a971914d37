#include "open_meteo/read_asked.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <string_view>
#include <system_error>

namespace wx::open_meteo {
namespace {

using std::string_view;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using enum Parameter;

bool has_any(const QueryValues& values, std::initializer_list<Parameter> parameters) {
  return std::ranges::any_of(parameters, [&](Parameter p) { return values.has(p); });
}

// Removes exactly `digits` digits from the beginning of `text`, and returns their number.
std::optional<int> take_number(string_view& text, std::size_t digits) {
  const auto part = text.substr(0, digits);
  int value = 0;
  const auto [at, error] = std::from_chars(part.data(), part.data() + part.size(), value);
  if (part.size() < digits || part.starts_with('-')) return std::nullopt;
  if (error != std::errc{} || at != part.data() + part.size()) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> take_day(string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

// YYYY-MM-DD, with or without Thh, Thh:mm or Thh:mm:ss.
std::optional<sys_seconds> read_time(string_view text) {
  const auto day = take_day(text);
  if (!day) return std::nullopt;
  sys_seconds time = *day;
  if (text.empty()) return time;
  if (!take(text, 'T')) return std::nullopt;
  constexpr std::array<std::chrono::seconds, 3> kUnits{std::chrono::hours(1), std::chrono::minutes(1),
                                                       std::chrono::seconds(1)};
  constexpr std::array kMost{23, 59, 59};
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto number = take_number(text, 2);
    if (!number || *number > kMost.at(i)) return std::nullopt;
    time += *number * kUnits.at(i);
    if (text.empty()) return time;
    if (!take(text, ':')) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<sys_days> last_day(const QueryValues& values) {
  std::optional<sys_days> last;
  for (const auto parameter : {end_date, end_hour, end_minutely_15}) {
    const auto* const ends = values.find(parameter);
    if (ends == nullptr) continue;
    for (const auto& end : *ends) {
      const auto time = read_time(end);
      if (!time) return std::nullopt;
      last = std::max(last, std::optional(std::chrono::floor<std::chrono::days>(*time)));
    }
  }
  return last;
}

std::size_t count_locations(const QueryValues& values) {
  if (values.count(bounding_box) > 0) return 0;
  const auto coordinates = std::max(values.count(latitude), values.count(longitude));
  if (coordinates > 1) return coordinates;
  std::size_t ranges = 1;
  for (const auto parameter : {start_date, end_date, start_hour, end_hour, start_minutely_15, end_minutely_15}) {
    ranges = std::max(ranges, values.count(parameter));
  }
  return ranges;
}

}  // namespace

Format read_format(string_view name) {
  if (name == "csv") return Format::csv;
  if (name == "xlsx") return Format::xlsx;
  return name == "flatbuffers" ? Format::flatbuffers : Format::json;
}

Asked read_asked(const QueryValues& values, const Resource& resource) {
  Asked asked{.label = resource.label, .path = resource.path};
  const auto content = content_of(resource.path);
  if (content == Content::elevation) asked.locations = std::max(values.count(latitude), values.count(longitude));
  if (content != Content::weather) return asked;
  if (values.count(format) == 1) asked.format = read_format(values.find(format)->front());
  asked.locations = count_locations(values);
  asked.models = std::max<std::size_t>(values.count(models), 1);
  asked.current = has_any(values, {current, current_weather});
  asked.minutely_15 = values.has(minutely_15);
  asked.hourly = values.has(hourly);
  asked.daily = values.has(daily);
  asked.weekly = values.has(weekly);
  asked.monthly = values.has(monthly);
  asked.quarter_window = has_any(values, {forecast_minutely_15, past_minutely_15}) && !values.has(initial_minutely_15);
  asked.hour_window = has_any(values, {forecast_hours, past_hours}) && !values.has(initial_hours);
  asked.fixed_window =
      has_any(values, {start_date, end_date, start_hour, end_hour, start_minutely_15, end_minutely_15, run});
  if (asked.fixed_window) asked.last_day = last_day(values);
  if (const auto* const start = values.find(run)) asked.run = read_time(start->front());
  return asked;
}

}  // namespace wx::open_meteo
