// The JSON of an answer, rendered once per load and kept as bytes; and the few things the page reads back out of it.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cache/loader.hpp"
#include "open_meteo/current_weather.hpp"
#include "weather/lifetime.hpp"

namespace wx::weather {

// A complete JSON object without `source`, the last member, which depends on who answers. Numbers stand as the source
// wrote them.
[[nodiscard]] std::string render(const open_meteo::CurrentWeather& weather);

// The answer as the cache takes it: the rendered body, its type and its ETag, for `lifetime`.
[[nodiscard]] cache::Loaded make_answer(const open_meteo::CurrentWeather& weather, const Lifetime& lifetime);

// What the page shows of a body that render() made. The texts are views of it, so escapes in them stay as they are, and
// a quote ends a text: no unit or time has any. A member that the body lacks is empty.
struct Reading {
  std::string_view latitude;
  std::string_view longitude;
  std::string_view temperature;
  std::string_view wind_speed;
  std::string_view time;
  std::string_view temperature_unit;
  std::string_view wind_speed_unit;
};
[[nodiscard]] Reading read_back(std::string_view body);

}  // namespace wx::weather
