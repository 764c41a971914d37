// Parses the query of /weather into typed values, and reports all faults at once.
//
// Percent-encoding and '+' follow HTML forms (WHATWG URL, application/x-www-form-urlencoded), except that a '+' in a
// coordinate is a plus sign. `latitude` and `longitude` are other names of `lat` and `lon`. Unknown names are ignored.
// A parameter that occurs twice is a fault, because the intended value is ambiguous.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pages/page.hpp"
#include "weather/question.hpp"

namespace wx::endpoints {

using pages::ParameterFault;

enum class Format : std::uint8_t { by_accept, json, html };

struct QueryOptions {
  int coordinate_decimals = -1;  // COORDINATE_DECIMALS; -1 = exact
  bool lab = true;               // the mock exists
  bool redis = false;            // a Redis is configured
};

// The coordinates as received, not decoded; empty if absent, the last occurrence if repeated.
struct SentCoordinates {
  std::string_view latitude = {};
  std::string_view longitude = {};
};

struct WeatherQuery {
  weather::Question question;
  Format format = Format::by_accept;
  std::vector<ParameterFault> faults;  // empty: the query is valid
  SentCoordinates sent;                // views into the query text
};

[[nodiscard]] WeatherQuery parse_weather_query(std::string_view query, const QueryOptions& options);

// Removes the next parameter from `query`. Returns its value, decoded, if it has this name, however the name is
// spelled; a value with a malformed escape stays as it is.
[[nodiscard]] std::optional<std::string> cut_parameter(std::string_view& query, std::string_view name);

}  // namespace wx::endpoints
