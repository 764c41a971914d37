// The JSON of an answer, rendered once per load and kept as bytes; and the few things the page reads back out of it.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "weather/source.hpp"

namespace wx::weather {

// A complete JSON object without `source`, the last member, which depends on who answers. Numbers stand as the source
// wrote them.
[[nodiscard]] std::string render(const Observation& observation);

// What the page shows of a body that render() made; texts are views of it, so that an escape in one is not undone (and
// a quote ends it: no unit or time has any). Members that it lacks are empty.
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
