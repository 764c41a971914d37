// Renders the JSON of an answer, once per load, and reads back the values that the HTML page shows.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cache/loader.hpp"
#include "open_meteo/current_weather.hpp"
#include "weather/lifetime.hpp"

namespace wx::weather {

// Renders a complete JSON object, except the last member `source`, which depends on the tier that answers. Numbers
// appear exactly as the source wrote them.
[[nodiscard]] std::string render(const open_meteo::CurrentWeather& weather);

// Makes the value for the cache: the rendered body, its content type and entity tag, and `lifetime`.
[[nodiscard]] cache::Loaded make_answer(const open_meteo::CurrentWeather& weather, const Lifetime& lifetime);

// The values of a body made by render() that the page shows. They are views into the body, so escapes are not decoded
// and a text ends at the first quote; units and times contain neither. A member that is absent from the body is empty.
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
