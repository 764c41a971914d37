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

struct WeatherQuery {
  weather::Question question;
  Format format = Format::by_accept;
  std::vector<ParameterFault> faults;  // empty: the question is good
};

[[nodiscard]] WeatherQuery parse_weather_query(std::string_view query, const QueryOptions& options);

// The coordinates as they were sent, decoded, for the form to show again; empty if absent.
struct SentCoordinates {
  std::string latitude;
  std::string longitude;
};
[[nodiscard]] SentCoordinates sent_coordinates(std::string_view query);

}  // namespace wx::endpoints
