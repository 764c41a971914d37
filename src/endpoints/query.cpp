#include "endpoints/query.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

enum Name : std::size_t { kLat, kLon, kMock, kCache, kFormat, kNames };
constexpr std::array<std::string_view, kNames> kNameTexts{"lat", "lon", "mock", "cache", "format"};

struct Parameter {
  int count = 0;
  bool malformed = false;
  std::string value;
};
using Parameters = std::array<Parameter, kNames>;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_escaped(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '%' || c == '+'; });
}

void take(Parameters& parameters, std::string_view name, std::string_view value) {
  std::optional<std::string> decoded_name;
  if (is_escaped(name)) {
    decoded_name = decode_component(name);
    if (!decoded_name) return;
    name = *decoded_name;
  }
  for (std::size_t i = 0; i < kNames; ++i) {
    if (name != kNameTexts[i]) continue;
    auto& parameter = parameters[i];
    ++parameter.count;
    if (!is_escaped(value)) {
      parameter.value = value;
      continue;
    }
    auto decoded = decode_component(value);
    parameter.malformed |= !decoded;
    parameter.value = decoded ? std::move(*decoded) : std::string();
  }
}

Parameters split(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    take(parameters, pair.substr(0, equals),
         equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
  }
  return parameters;
}

class Reader {
 public:
  Reader(Parameters parameters, WeatherQuery& out) : parameters_(std::move(parameters)), out_(out) {}

  // The one value of a parameter; nothing if it is absent or a fault has been noted.
  const std::string* one(Name name, bool required) {
    const auto& parameter = parameters_[name];
    if (parameter.count == 0) {
      if (required) fault(name, "is missing");
      return nullptr;
    }
    if (parameter.count > 1) {
      fault(name, "is given more than once");
    } else if (parameter.malformed) {
      fault(name, "has a malformed percent escape");
    } else if (parameter.value.empty()) {
      fault(name, "is empty");
    } else {
      return &parameter.value;
    }
    return nullptr;
  }

  void coordinate(Name name, weather::Axis axis, int decimals, weather::Coordinate& to, std::string& text) {
    text = parameters_[name].value;
    const auto* value = one(name, true);
    if (value == nullptr) return;
    auto coordinate = weather::parse_coordinate(axis, *value, decimals);
    if (coordinate) {
      to = std::move(*coordinate);
    } else {
      fault(name, std::move(coordinate.error().detail));
    }
  }

  void mock(const QueryOptions& options) {
    const auto* value = one(kMock, false);
    if (value == nullptr) return;
    if (*value != "true" && *value != "false") {
      fault(kMock, "must be true or false");
    } else if (*value == "true" && !options.lab) {
      fault(kMock, "is not offered by this service (LAB=off)");
    } else {
      out_.question.mock = *value == "true";
    }
  }

  void cache(const QueryOptions& options) {
    const auto* value = one(kCache, false);
    if (value == nullptr) return;
    if (*value != "on" && *value != "redis" && *value != "off") {
      fault(kCache, "must be on, redis or off");
    } else if (!out_.question.mock) {
      // Nobody knows whether the mock was meant when its own value is at fault.
      if (!faulty(kMock)) fault(kCache, "can be set only together with mock=true");
    } else if (*value == "redis" && !options.redis) {
      fault(kCache, "cannot be redis: this service has no Redis");
    } else if (*value == "redis") {
      out_.question.mode = wx::cache::Mode::redis_only;
    } else if (*value == "off") {
      out_.question.mode = wx::cache::Mode::bypass;
    }
  }

  void format() {
    const auto* value = one(kFormat, false);
    if (value == nullptr) return;
    if (*value == "json") {
      out_.format = Format::json;
    } else if (*value == "html") {
      out_.format = Format::html;
    } else {
      fault(kFormat, "must be json or html");
    }
  }

 private:
  [[nodiscard]] bool faulty(Name name) const {
    return std::ranges::any_of(out_.faults, [&](const auto& f) { return f.parameter == kNameTexts[name]; });
  }
  void fault(Name name, std::string detail) {
    out_.faults.push_back({std::string(kNameTexts[name]), std::move(detail)});
  }

  Parameters parameters_;
  WeatherQuery& out_;
};

}  // namespace

std::optional<std::string> decode_component(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

WeatherQuery parse_weather_query(std::string_view query, const QueryOptions& options) {
  WeatherQuery out;
  Reader reader(split(query), out);
  auto& location = out.question.location;
  reader.coordinate(kLat, weather::Axis::latitude, options.coordinate_decimals, location.latitude, out.latitude_text);
  reader.coordinate(kLon, weather::Axis::longitude, options.coordinate_decimals, location.longitude,
                    out.longitude_text);
  reader.mock(options);
  reader.cache(options);
  reader.format();
  return out;
}

}  // namespace wx::endpoints
