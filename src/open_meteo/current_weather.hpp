// Current weather: what to ask the provider for, and whether what it sent is an answer.
//
// The status 200 alone says little: bodies are streamed behind the status line, so a failure may follow it as plain
// text, alone or behind a whole document, or as bare `nan`. The document is therefore validated as a whole (RFC 8259:
// nothing before or after it) before a single number is taken out.
//
// Thread-safety: values and pure functions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "open_meteo/call.hpp"

namespace wx::open_meteo {

// The weather at a place now. Numbers are JSON number tokens, digit for digit as their source wrote them.
struct CurrentWeather {
  std::string latitude;   // of the source's grid cell
  std::string longitude;  // of the source's grid cell
  std::string elevation;  // metres; empty if the source gave none
  // The following four are all empty or all set: the mock has no time, real answers always have.
  std::string time;              // ISO 8601, GMT, as the source wrote it ("2024-11-23T18:15")
  std::string interval;          // seconds between values, a number token ("900")
  std::string temperature_unit;  // plain text, not JSON-escaped ("°C")
  std::string wind_speed_unit;   // plain text, not JSON-escaped ("km/h")
  std::string temperature;
  std::string wind_speed;

  // `time` and `interval` as values; zero where those are empty.
  std::chrono::sys_seconds valid_from{};
  std::chrono::seconds valid_for{0};
};

// The target of a call for temperature and wind at a place. Both coordinates are canonical decimal texts in degrees;
// nothing else goes in.
[[nodiscard]] std::string current_weather_target(std::string_view latitude, std::string_view longitude);

// Reads one reply. `now` tells how far away the end of the window is that a 429 names.
//
// Faults, all with provider_status set and a detail fit for a client:
//   provider_bad_reply  200 (or any 2xx) that is not a whole answer with finite numbers; 3xx
//   provider_refused    400, with the provider's reason
//   provider_denied     401, 403, and a 400 that is about the API key
//   provider_limited    429, with retry_after: the end of the window that its reason names
//   provider_error      5xx, and any other 4xx
[[nodiscard]] Result<CurrentWeather> read_current_weather(const Reply& reply, WallTime now);

}  // namespace wx::open_meteo
