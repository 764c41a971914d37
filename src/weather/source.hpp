// The port behind which weather comes from: the mock and Open-Meteo implement it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cache/loader.hpp"
#include "weather/location.hpp"

namespace wx::weather {

// What a source says about a place now. Numbers are JSON number tokens, digit for digit as the source wrote them.
struct Observation {
  std::string latitude;   // of the source's grid cell
  std::string longitude;  // of the source's grid cell
  std::string elevation;  // metres; empty if the source gave none
  // All of the following four are empty or all are set: the mock has no time, real answers always have.
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

using FetchCallback = std::move_only_function<void(Result<Observation>)>;

// Thread-safety: fetch() from any thread, unless an implementation says otherwise.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Asks for the weather at `location`. Once the source could start at once it calls request.turn and waits for the
  // answer (see cache::LoadRequest): told to go on, it asks and calls `done` exactly once, on any thread; told to stand
  // down, it forgets the matter. What cannot start by request.deadline, or is refused for another reason, it says
  // through `done` before its turn, possibly from within fetch(). The source keeps its own time limits.
  virtual void fetch(const Location& location, cache::LoadRequest request, FetchCallback done) = 0;
};

}  // namespace wx::weather
