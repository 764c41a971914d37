// What a question asks for, as far as the check of its answer and the time that the answer may be kept depend on it.
//
// Thread-safety: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "open_meteo/api.hpp"

namespace wx::open_meteo {

enum class Format : std::uint8_t { json, csv, xlsx, flatbuffers };

struct Asked {
  Label label = Label::api;
  Path path = Path::forecast;
  Format format = Format::json;
  // The question could not be read: the provider alone knows what it means. Nothing below is known then.
  bool opaque = false;

  // The number of locations in the answer: the coordinates, or the ranges of dates of a single coordinate. 0: unknown
  // (bounding_box). For elevation, the number of coordinates.
  std::size_t locations = 1;
  std::size_t models = 1;  // named models, at least 1

  bool current = false;  // current or current_weather
  bool minutely_15 = false;
  bool hourly = false;
  bool daily = false;
  bool weekly = false;
  bool monthly = false;

  // The window begins or ends at the current quarter of an hour (forecast_minutely_15 or past_minutely_15 without
  // initial_minutely_15), or at the current hour (forecast_hours or past_hours without initial_hours).
  bool quarter_window = false;
  bool hour_window = false;
  // The window is given by dates or hours (start_*, end_*), or the answer is that of one run. Else it moves every day.
  bool fixed_window = false;
  // The last day of such a window, if it could be read. Of several ranges the latest.
  std::optional<std::chrono::sys_days> last_day = std::nullopt;
  // The start of the run that is asked for, if it could be read.
  std::optional<std::chrono::sys_seconds> run = std::nullopt;

  friend bool operator==(const Asked&, const Asked&) = default;
};

}  // namespace wx::open_meteo
