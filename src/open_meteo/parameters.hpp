// The parameters of the provider's APIs, and the values that a query gives them.
//
// Thread-safety: values and pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "open_meteo/api.hpp"
#include "open_meteo/vapor_query.hpp"

namespace wx::open_meteo {

// Each is named as in a query. Canonical queries have them in this order.
enum class Parameter : std::uint8_t {
  latitude,
  longitude,
  bounding_box,
  elevation,
  location_id,
  timezone,
  current_weather,
  current,
  minutely_15,
  hourly,
  six_hourly,
  daily,
  weekly,
  monthly,
  models,
  domains,
  ensemble,
  run,
  start_date,
  end_date,
  start_hour,
  end_hour,
  start_minutely_15,
  end_minutely_15,
  past_days,
  forecast_days,
  past_hours,
  forecast_hours,
  initial_hours,
  past_minutely_15,
  forecast_minutely_15,
  initial_minutely_15,
  temperature_unit,
  wind_speed_unit,
  windspeed_unit,
  precipitation_unit,
  length_unit,
  timeformat,
  temporal_resolution,
  cell_selection,
  disable_bias_correction,
  tilt,
  azimuth,
  location_information,
  // Of geocoding.
  name,
  id,
  count,
  language,
  country_code,  // countryCode
  format,        // of all
};
inline constexpr std::size_t kQueryParameters = static_cast<std::size_t>(Parameter::format) + 1;

[[nodiscard]] std::string_view name(Parameter parameter);

// Lists and scalars (which have one item), each item in its canonical text: a number in the shortest that means the
// same, a flag as true or false, a text as it is.
class QueryValues {
 public:
  using Items = std::vector<std::string>;

  // Null if the query does not have it. Of a list, no items is a value too.
  [[nodiscard]] const Items* find(Parameter parameter) const {
    const auto& items = at(parameter);
    return items ? &*items : nullptr;
  }
  [[nodiscard]] bool has(Parameter parameter) const { return at(parameter).has_value(); }
  // Whether it has one item, and this.
  [[nodiscard]] bool is(Parameter parameter, std::string_view item) const {
    const auto& items = at(parameter);
    return items && items->size() == 1 && items->front() == item;
  }
  [[nodiscard]] std::size_t count(Parameter parameter) const { return has(parameter) ? at(parameter)->size() : 0; }
  void set(Parameter parameter, Items items) { at(parameter) = std::move(items); }
  void erase(Parameter parameter) { at(parameter).reset(); }

  // Parameters that the provider ignores: name and value, decoded. Those of one name are in the order of the query.
  std::multimap<std::string, std::string> unknown;

 private:
  [[nodiscard]] const std::optional<Items>& at(Parameter parameter) const {
    return items_.at(static_cast<std::size_t>(parameter));
  }
  [[nodiscard]] std::optional<Items>& at(Parameter parameter) { return items_.at(static_cast<std::size_t>(parameter)); }

  std::array<std::optional<Items>, kQueryParameters> items_;
};

// The values that `pairs` give to the parameters of an API with this content. Nothing if one cannot be read.
[[nodiscard]] std::optional<QueryValues> read_values(std::span<const QueryPair> pairs, Content content);

// The canonical query with these values.
[[nodiscard]] std::string to_query(const QueryValues& values);

}  // namespace wx::open_meteo
