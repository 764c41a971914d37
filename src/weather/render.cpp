#include "weather/render.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::weather {
namespace {

void member(std::string& out, std::string_view name, std::string_view token) {
  if (out.back() != '{') out += ',';
  append(out, '"');
  append(out, name);
  append(out, "\":");
  append(out, token);
}

void text_member(std::string& out, std::string_view name, std::string_view text) {
  member(out, name, "\"");
  append_json_escaped(out, text);
  out += '"';
}

// Finds `"name":` in a body made by render(), starting at `from`, and returns its value: a number token, or the content
// of a string.
std::string_view value_of(std::string_view body, std::string_view name, std::size_t from) {
  const auto at = body.find(cat("\"", name, "\":"), from);
  if (at == std::string_view::npos) return {};
  auto rest = body.substr(at + name.size() + 3);
  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    return rest.substr(0, rest.find('"'));
  }
  return rest.substr(0, rest.find_first_of(",}"));
}

}  // namespace

std::string render(const open_meteo::CurrentWeather& weather) {
  std::string out = "{";
  out.reserve(320);
  member(out, "latitude", weather.latitude);
  member(out, "longitude", weather.longitude);
  if (!weather.elevation.empty()) member(out, "elevation", weather.elevation);
  const bool dated = !weather.time.empty();
  if (dated) {
    member(out, "current_units", "{");
    text_member(out, "time", "iso8601");
    text_member(out, "interval", "seconds");
    text_member(out, "temperature_2m", weather.temperature_unit);
    text_member(out, "wind_speed_10m", weather.wind_speed_unit);
    out += '}';
  }
  member(out, "current", "{");
  if (dated) {
    text_member(out, "time", weather.time);
    member(out, "interval", weather.interval);
  }
  member(out, "temperature_2m", weather.temperature);
  member(out, "wind_speed_10m", weather.wind_speed);
  out += "}}";
  return out;
}

cache::Loaded make_answer(const open_meteo::CurrentWeather& weather, const Lifetime& lifetime) {
  cache::Loaded loaded;
  loaded.body = render(weather);
  loaded.content_type = "application/json";
  loaded.etag = content_tag(loaded.body);
  loaded.spans = lifetime.spans;
  loaded.early_refresh = lifetime.early_refresh;
  return loaded;
}

Reading read_back(std::string_view body) {
  Reading reading;
  reading.latitude = value_of(body, "latitude", 0);
  reading.longitude = value_of(body, "longitude", 0);
  if (const auto units = body.find("\"current_units\":"); units != std::string_view::npos) {
    reading.temperature_unit = value_of(body, "temperature_2m", units);
    reading.wind_speed_unit = value_of(body, "wind_speed_10m", units);
  }
  const auto current = body.find("\"current\":");
  if (current == std::string_view::npos) return reading;
  reading.time = value_of(body, "time", current);
  reading.temperature = value_of(body, "temperature_2m", current);
  reading.wind_speed = value_of(body, "wind_speed_10m", current);
  return reading;
}

}  // namespace wx::weather
