// Random queries. Parsing never crashes, and an accepted query makes a harmless key whatever it smuggles in. An
// accepted question that is written out and parsed again is the same question.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "endpoints/query.hpp"
#include "require.hpp"

namespace {

using wx::endpoints::parse_weather_query;
using wx::endpoints::QueryOptions;
using wx::endpoints::WeatherQuery;
using wx::fuzz::require;

bool harmless(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == ':';
}

void check_accepted(const WeatherQuery& query, const QueryOptions& options) {
  const wx::weather::Key key(query.question);
  for (const char c : key.text()) require(harmless(c));
  require(key.text().starts_with(query.question.mock ? "weather:mock:" : "weather:"));
  require(query.question.mock || key.text().find("mock") == std::string_view::npos);
  require(!query.question.mock || options.lab);
  require(query.question.mode == wx::cache::Mode::normal || query.question.mock);
  require(query.question.mode != wx::cache::Mode::redis_only || options.redis);

  const auto& location = query.question.location;
  require(location.latitude.degrees >= -90 && location.latitude.degrees <= 90);
  require(location.longitude.degrees >= -180 && location.longitude.degrees <= 180);
  const auto canonical = wx::cat("lat=", location.latitude.text, "&lon=", location.longitude.text,
                                 query.question.mock ? "&mock=true" : "");
  const auto again = parse_weather_query(canonical, options);
  require(again.faults.empty());
  require(wx::weather::Key(again.question).text() == key.text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const QueryOptions options{
      .coordinate_decimals = static_cast<int>(data[0] % 17) - 1,
      .lab = (data[0] & 64) == 0,
      .redis = (data[0] & 128) == 0,
  };
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto query = parse_weather_query(input, options);
  for (const auto& fault : query.faults) require(!fault.parameter.empty() && !fault.detail.empty());
  if (query.faults.empty()) check_accepted(query, options);

  // Uses the same bytes as coordinates, so that the fuzzer reaches the number grammar at once.
  const auto place = parse_weather_query(wx::cat("lat=", input, "&lon=", input), options);
  if (place.faults.empty()) check_accepted(place, options);
  return 0;
}
