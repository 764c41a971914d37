// The table below is complete: two spellings that it does not make equal stay two questions. Its proofs are properties
// of the provider's server (August 2026). A parameter is taken out only together with a value that the provider
// accepts, because it refuses a question for any other value, wherever it stands.
//
// Kept on purpose, although they look like defaults: forecast_days=7 (minutely_15 has three days without it),
// past_hours=0 (alone it means every hour from now on), timezone=GMT and UTC (the answer repeats the name), the old
// names of variables (the answer repeats them), the order and the repetitions of variables, and all that geocoding is
// asked.
#include "open_meteo/elisions.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace wx::open_meteo {
namespace {

using std::string_view;
using enum Parameter;

bool is_any(const QueryValues& values, Parameter parameter, std::initializer_list<string_view> items) {
  return std::ranges::any_of(items, [&](string_view item) { return values.is(parameter, item); });
}

bool is_absent_or(const QueryValues& values, Parameter parameter, std::initializer_list<string_view> items) {
  return !values.has(parameter) || is_any(values, parameter, items);
}

void drop(QueryValues& values, Parameter parameter, std::initializer_list<string_view> defaults) {
  if (is_any(values, parameter, defaults)) values.erase(parameter);
}

bool is_speed_unit(const QueryValues& values, Parameter parameter) {
  return is_any(values, parameter, {"kmh", "mph", "kn", "ms"});
}

using Elision = void (*)(QueryValues&, const Resource&);
constexpr std::array<Elision, 18> kElisions{
    // Values are converted only for fahrenheit.
    [](QueryValues& v, const Resource&) { drop(v, temperature_unit, {"celsius"}); },
    // The old name is looked up first, then the new one, then km/h is taken.
    [](QueryValues& v, const Resource&) {
      if (!is_speed_unit(v, windspeed_unit)) return;
      if (v.has(wind_speed_unit) && !is_speed_unit(v, wind_speed_unit)) return;
      v.set(wind_speed_unit, *v.find(windspeed_unit));
      v.erase(windspeed_unit);
    },
    [](QueryValues& v, const Resource&) { drop(v, wind_speed_unit, {"kmh"}); },
    // Precipitation has its own unit, else inches if lengths are imperial, else mm. Nothing else has a unit of length.
    [](QueryValues& v, const Resource&) {
      if (!is_absent_or(v, precipitation_unit, {"mm", "inch"})) return;
      if (!is_absent_or(v, length_unit, {"metric", "imperial"})) return;
      const bool inch = v.has(precipitation_unit) ? v.is(precipitation_unit, "inch") : v.is(length_unit, "imperial");
      v.erase(length_unit);
      v.erase(precipitation_unit);
      if (inch) v.set(precipitation_unit, {"inch"});
    },
    // Both are what is taken if the parameter is absent.
    [](QueryValues& v, const Resource&) { drop(v, timeformat, {"iso8601"}); },
    [](QueryValues& v, const Resource& of) {
      if (content_of(of.path) == Content::weather) drop(v, format, {"json"});
    },
    // Only the writers of tables look at it. The section is their default.
    [](QueryValues& v, const Resource&) {
      drop(v, location_information, {"section"});
      if (is_absent_or(v, format, {"flatbuffers"})) drop(v, location_information, {"omit"});
    },
    // Flags are false if they are absent.
    [](QueryValues& v, const Resource&) { drop(v, current_weather, {"false"}); },
    [](QueryValues& v, const Resource&) { drop(v, ensemble, {"false"}); },
    [](QueryValues& v, const Resource&) { drop(v, disable_bias_correction, {"false"}); },
    // The old flag replaces the list, and either makes the server use its readers of 15-minute data.
    [](QueryValues& v, const Resource&) {
      if (v.is(current_weather, "true")) v.erase(current);
    },
    // 0 is the default wherever a window is made, and does not conflict with dates.
    [](QueryValues& v, const Resource&) { drop(v, past_days, {"0"}); },
    // 0 is the readers' default.
    [](QueryValues& v, const Resource&) { drop(v, tilt, {"0"}); },
    [](QueryValues& v, const Resource&) { drop(v, azimuth, {"0"}); },
    // The default depends on the API.
    [](QueryValues& v, const Resource& of) { drop(v, cell_selection, {of.path == Path::marine ? "sea" : "land"}); },
    // Both are the default. Readers of 15-minute data depend on steps of half an hour and less.
    [](QueryValues& v, const Resource& of) {
      if (of.label != Label::seasonal_api) drop(v, temporal_resolution, {"hourly", "hourly_1"});
    },
    // Replaced by the API's default model, which absence means too. The models of air quality have no such name.
    [](QueryValues& v, const Resource& of) {
      if (of.path != Path::air_quality) drop(v, models, {"best_match"});
    },
    // Breakers of caches and marks of campaigns: the provider reads no parameter of such a name.
    [](QueryValues& v, const Resource&) {
      std::erase_if(v.unknown, [](const auto& pair) {
        const string_view of = pair.first;
        return of == "_" || of == "cache_buster" || of == "cachebuster" || of.starts_with("utm_");
      });
    },
};

}  // namespace

void take_out_what_changes_nothing(QueryValues& values, const Resource& resource) {
  for (const auto elide : kElisions) elide(values, resource);
}

}  // namespace wx::open_meteo
