#include "open_meteo/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "open_meteo/query_number.hpp"

namespace wx::open_meteo {
namespace {

using std::string_view;
using Items = QueryValues::Items;

// How the values of a parameter are read.
enum class Kind : std::uint8_t {
  floats,     // a list of Float32
  latitudes,  // in their range
  longitudes,
  heights,  // "nan" too
  list,     // of text, in order
  flag,
  integer,
  number,  // a Float32
  text,
};

struct Row {
  Parameter parameter;
  string_view name;
  Kind kind;
};
constexpr std::array kRows{
    Row{Parameter::latitude, "latitude", Kind::latitudes},
    Row{Parameter::longitude, "longitude", Kind::longitudes},
    Row{Parameter::bounding_box, "bounding_box", Kind::floats},
    Row{Parameter::elevation, "elevation", Kind::heights},
    Row{Parameter::location_id, "location_id", Kind::list},
    Row{Parameter::timezone, "timezone", Kind::list},
    Row{Parameter::current_weather, "current_weather", Kind::flag},
    Row{Parameter::current, "current", Kind::list},
    Row{Parameter::minutely_15, "minutely_15", Kind::list},
    Row{Parameter::hourly, "hourly", Kind::list},
    Row{Parameter::six_hourly, "six_hourly", Kind::list},
    Row{Parameter::daily, "daily", Kind::list},
    Row{Parameter::weekly, "weekly", Kind::list},
    Row{Parameter::monthly, "monthly", Kind::list},
    Row{Parameter::models, "models", Kind::list},
    Row{Parameter::domains, "domains", Kind::text},
    Row{Parameter::ensemble, "ensemble", Kind::flag},
    Row{Parameter::run, "run", Kind::text},
    Row{Parameter::start_date, "start_date", Kind::list},
    Row{Parameter::end_date, "end_date", Kind::list},
    Row{Parameter::start_hour, "start_hour", Kind::list},
    Row{Parameter::end_hour, "end_hour", Kind::list},
    Row{Parameter::start_minutely_15, "start_minutely_15", Kind::list},
    Row{Parameter::end_minutely_15, "end_minutely_15", Kind::list},
    Row{Parameter::past_days, "past_days", Kind::integer},
    Row{Parameter::forecast_days, "forecast_days", Kind::integer},
    Row{Parameter::past_hours, "past_hours", Kind::integer},
    Row{Parameter::forecast_hours, "forecast_hours", Kind::integer},
    Row{Parameter::initial_hours, "initial_hours", Kind::integer},
    Row{Parameter::past_minutely_15, "past_minutely_15", Kind::integer},
    Row{Parameter::forecast_minutely_15, "forecast_minutely_15", Kind::integer},
    Row{Parameter::initial_minutely_15, "initial_minutely_15", Kind::integer},
    Row{Parameter::temperature_unit, "temperature_unit", Kind::text},
    Row{Parameter::wind_speed_unit, "wind_speed_unit", Kind::text},
    Row{Parameter::windspeed_unit, "windspeed_unit", Kind::text},
    Row{Parameter::precipitation_unit, "precipitation_unit", Kind::text},
    Row{Parameter::length_unit, "length_unit", Kind::text},
    Row{Parameter::timeformat, "timeformat", Kind::text},
    Row{Parameter::temporal_resolution, "temporal_resolution", Kind::text},
    Row{Parameter::cell_selection, "cell_selection", Kind::text},
    Row{Parameter::disable_bias_correction, "disable_bias_correction", Kind::flag},
    Row{Parameter::tilt, "tilt", Kind::number},
    Row{Parameter::azimuth, "azimuth", Kind::number},
    Row{Parameter::location_information, "location_information", Kind::text},
    Row{Parameter::name, "name", Kind::text},
    Row{Parameter::id, "id", Kind::integer},
    Row{Parameter::count, "count", Kind::integer},
    Row{Parameter::language, "language", Kind::text},
    Row{Parameter::country_code, "countryCode", Kind::text},
    Row{Parameter::format, "format", Kind::text},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].parameter) != i) return false;
  }
  return true;
}
static_assert(in_order() && kRows.size() == kQueryParameters);

bool belongs_to(Parameter parameter, Content content) {
  switch (content) {
    case Content::weather:
      return parameter < Parameter::name || parameter == Parameter::format;
    case Content::elevation:
      return parameter == Parameter::latitude || parameter == Parameter::longitude;
    case Content::search:
    case Content::place:
      return parameter >= Parameter::name;
    case Content::metadata:
      return false;
  }
  return false;
}

const Row* find_row(string_view name, Content content) {
  const auto* const row = std::ranges::find(kRows, name, &Row::name);
  return row != kRows.end() && belongs_to(row->parameter, content) ? row : nullptr;
}

bool is_list(Kind kind) {
  return kind < Kind::flag;
}

std::optional<std::string> read_item(Kind kind, std::string_view item, Rounding rounding) {
  if (kind == Kind::list || (kind == Kind::heights && iequals(item, "nan"))) return std::string(item);
  auto number = read_float(item, rounding);
  if (!number) return std::nullopt;
  if (kind == Kind::latitudes && std::fabs(number->value) > 90) return std::nullopt;
  if (kind == Kind::longitudes && std::fabs(number->value) > 180) return std::nullopt;
  return std::move(number->text);
}

std::optional<Items> read_items(Kind kind, std::span<const string_view> values) {
  auto list = read_list(values);
  if (!list) return std::nullopt;
  const auto rounding = list->read_as_text ? Rounding::once : Rounding::twice;
  for (auto& item : list->items) {
    auto text = read_item(kind, item, rounding);
    if (!text) return std::nullopt;
    item = std::move(*text);
  }
  return std::move(list->items);
}

std::optional<std::string> read_flag(string_view text) {
  for (const string_view yes : {"true", "1", "on"}) {
    if (iequals(text, yes)) return "true";
  }
  for (const string_view no : {"false", "0"}) {
    if (iequals(text, no)) return "false";
  }
  return std::nullopt;
}

std::optional<std::string> read_scalar(Kind kind, string_view value) {
  auto text = decode_value(value);
  if (!text || kind == Kind::text) return text;
  if (kind == Kind::flag) return read_flag(*text);
  if (kind == Kind::integer) return read_integer(*text);
  auto number = read_float(*text, Rounding::twice);
  if (!number) return std::nullopt;
  return std::move(number->text);
}

// The values of one parameter as received.
struct Received {
  std::vector<string_view> plain;
  std::vector<string_view> appended;
  bool flag = false;
};

std::optional<Items> read(Kind kind, Received& received) {
  if (is_list(kind)) {
    if (received.flag) return std::nullopt;
    received.plain.insert(received.plain.end(), received.appended.begin(), received.appended.end());
    return read_items(kind, received.plain);
  }
  if (!received.appended.empty()) return std::nullopt;
  if (received.flag && kind != Kind::flag) return std::nullopt;
  // A value is stronger than a name alone, and the last one counts.
  if (received.plain.empty()) return Items{"true"};
  auto item = read_scalar(kind, received.plain.back());
  if (!item) return std::nullopt;
  return Items{std::move(*item)};
}

// Adds a pair that no parameter is named like. Returns false if it cannot be read.
bool add_unknown(QueryValues& values, const QueryPair& pair) {
  if (pair.kind == QueryPair::Kind::flag) return false;
  auto value = decode_value(pair.value);
  if (!value) return false;
  values.unknown.emplace(pair.kind == QueryPair::Kind::appended ? cat(pair.name, "[]") : pair.name, std::move(*value));
  return true;
}

void append_pair(std::string& out, string_view name) {
  if (!out.empty()) out += '&';
  append_query_text(out, name);
  out += '=';
}

}  // namespace

string_view name(Parameter parameter) {
  return kRows.at(static_cast<std::size_t>(parameter)).name;
}

std::optional<QueryValues> read_values(std::span<const QueryPair> pairs, Content content) {
  QueryValues values;
  std::array<Received, kQueryParameters> received;
  std::array<bool, kQueryParameters> there{};
  for (const auto& pair : pairs) {
    if (pair.kind == QueryPair::Kind::unread) return std::nullopt;
    const auto* const row = find_row(pair.name, content);
    if (row == nullptr) {
      if (!add_unknown(values, pair)) return std::nullopt;
      continue;
    }
    const auto index = static_cast<std::size_t>(row->parameter);
    there.at(index) = true;
    auto& of = received.at(index);
    if (pair.kind == QueryPair::Kind::plain) of.plain.push_back(pair.value);
    if (pair.kind == QueryPair::Kind::appended) of.appended.push_back(pair.value);
    if (pair.kind == QueryPair::Kind::flag) of.flag = true;
  }
  for (const auto& row : kRows) {
    const auto index = static_cast<std::size_t>(row.parameter);
    if (!there.at(index)) continue;
    auto items = read(row.kind, received.at(index));
    if (!items) return std::nullopt;
    values.set(row.parameter, std::move(*items));
  }
  return values;
}

std::string to_query(const QueryValues& values) {
  std::string out;
  for (const auto& row : kRows) {
    const auto* const items = values.find(row.parameter);
    if (items == nullptr) continue;
    append_pair(out, row.name);
    bool first = true;
    for (const auto& item : *items) {
      if (!first) out += ',';
      first = false;
      append_query_text(out, item);
    }
  }
  for (const auto& [name, value] : values.unknown) {
    append_pair(out, name);
    append_query_text(out, value);
  }
  return out;
}

}  // namespace wx::open_meteo
