// The query of /weather as typed values, or everything that is wrong with it at once.
//
// Percent-encoding and '+' as HTML forms write them (WHATWG URL, application/x-www-form-urlencoded). Unknown names are
// ignored; a known name given twice is a fault, since nobody could say which of the two was meant.
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

// The coordinates as they were sent, not decoded; empty if absent, the last one if repeated.
struct SentCoordinates {
  std::string_view latitude = {};
  std::string_view longitude = {};
};

struct WeatherQuery {
  weather::Question question;
  Format format = Format::by_accept;
  std::vector<ParameterFault> faults;  // empty: the question is good
  SentCoordinates sent;                // views into the query
};

[[nodiscard]] WeatherQuery parse_weather_query(std::string_view query, const QueryOptions& options);

}  // namespace wx::endpoints
