// Current weather: the target of a provider call, and the reader of its reply.
//
// The status 200 does not prove success. The provider streams bodies after the status line, so a failure may follow as
// plain text, alone or after a complete document, or as a bare `nan`. Therefore the body is validated as one JSON
// document (RFC 8259, nothing before or after it) before any number is read.
//
// A whole document can still be wrong for its place: it has a bare `nan`, or lacks a member. That says nothing of the
// provider's health, and Error::of_query is set. A null is no fault: the provider has no value at this place, and says
// so.
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

// The current weather at a place. Numbers are JSON number tokens, exactly as the source wrote them; all but `interval`
// may be "null".
struct CurrentWeather {
  std::string latitude;   // of the source's grid cell
  std::string longitude;  // of the source's grid cell
  std::string elevation;  // metres; empty if the source sent none
  // The next four are all empty (mock) or all set (real answers).
  std::string time;              // ISO 8601, GMT, as the source wrote it ("2024-11-23T18:15")
  std::string interval;          // seconds between values, an integer ("900")
  std::string temperature_unit;  // plain text, not JSON-escaped ("°C")
  std::string wind_speed_unit;   // plain text, not JSON-escaped ("km/h")
  std::string temperature;
  std::string wind_speed;

  // `time` and `interval` as values; zero if those are empty.
  std::chrono::sys_seconds valid_from{};
  std::chrono::seconds valid_for{0};
};

// The target of a call for temperature and wind at a place. Both coordinates must be canonical decimal texts in degrees
// (see weather::Coordinate); they are inserted without escaping.
[[nodiscard]] std::string current_weather_target(std::string_view latitude, std::string_view longitude);

// Reads one reply, whose body must have come whole. `now` is needed for retry_after: the time from now to the end of
// the window that a 429 names.
//
// Faults, all with provider_status set and a detail fit for a client:
//   provider_bad_reply  200 without a complete, valid body (of_query, see above); any other 2xx; 3xx
//   provider_refused    400, with the provider's reason
//   provider_denied     401, 403, and a 400 whose reason is about the API key
//   provider_limited    429, with retry_after: the end of the window that its reason names
//   provider_error      5xx, a 400 without a reason, and any other 4xx (of_query if the provider gives a reason)
[[nodiscard]] Result<CurrentWeather> read_current_weather(const Reply& reply, WallTime now);

}  // namespace wx::open_meteo
