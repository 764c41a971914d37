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
  bool by_long_name = false;   // latitude, longitude: the names in the provider's own API
  bool by_short_name = false;  // every other name
  bool escaped = false;
  std::string_view raw;  // the value of the last occurrence, not decoded
};

struct Known {
  Name name;
  bool is_long = false;
};

// Written out instead of a loop, so that each comparison is with a compile-time constant.
std::optional<Known> known_name(std::string_view name) {
  if (name == kNameTexts[kLat]) return Known{kLat};
  if (name == kNameTexts[kLon]) return Known{kLon};
  if (name == kNameTexts[kMock]) return Known{kMock};
  if (name == kNameTexts[kCache]) return Known{kCache};
  if (name == kNameTexts[kFormat]) return Known{kFormat};
  if (name == "latitude") return Known{kLat, true};
  if (name == "longitude") return Known{kLon, true};
  return std::nullopt;
}

// The role of a byte in a query.
enum class Sign : std::uint8_t { none, end, equals, escape };
constexpr auto kSigns = [] {
  std::array<Sign, 256> signs{};
  signs['&'] = Sign::end;
  signs['='] = Sign::equals;
  signs['%'] = signs['+'] = Sign::escape;
  return signs;
}();

// The known parameters of /weather, as views into the query.
class Parameters {
 public:
  explicit Parameters(std::string_view query) {
    while (!query.empty()) {
      const Piece name = cut(query, true);
      Piece value;
      if (query.starts_with('=')) {
        query.remove_prefix(1);
        value = cut(query, false);
      }
      if (!query.empty()) query.remove_prefix(1);  // the '&'
      take(name, value);
    }
  }

  const Parameter& operator[](Name name) const { return known_.at(name); }

 private:
  struct Piece {
    std::string_view text;
    bool escaped = false;
  };

  // Removes a name (which ends at '=' or '&') or a value (which ends at '&') from `rest`.
  static Piece cut(std::string_view& rest, bool is_name) {
    Piece piece;
    std::size_t end = 0;
    for (; end < rest.size(); ++end) {
      const auto sign = kSigns[static_cast<unsigned char>(rest[end])];
      if (sign == Sign::none) continue;
      if (sign == Sign::end || (sign == Sign::equals && is_name)) break;
      if (sign == Sign::escape) piece.escaped = true;
    }
    piece.text = rest.substr(0, end);
    rest.remove_prefix(end);
    return piece;
  }

  void take(const Piece& name, const Piece& value) {
    std::optional<std::string> decoded_name;
    if (name.escaped) {
      decoded_name = percent_decode(name.text, Plus::space);
      if (!decoded_name) return;
    }
    const auto known = known_name(decoded_name ? *decoded_name : name.text);
    if (!known) return;
    auto& parameter = known_.at(known->name);
    ++parameter.count;
    (known->is_long ? parameter.by_long_name : parameter.by_short_name) = true;
    parameter.raw = value.text;
    parameter.escaped = value.escaped;
  }

  std::array<Parameter, kNames> known_{};
};

class Reader {
 public:
  Reader(std::string_view query, WeatherQuery& out) : parameters_(query), out_(out) {}

  [[nodiscard]] SentCoordinates sent() const { return {parameters_[kLat].raw, parameters_[kLon].raw}; }

  // Returns the value of a parameter, or nothing if it is absent or faulty; a fault is recorded. The view is valid
  // until the next call. `plus` says what a '+' in it means.
  std::optional<std::string_view> one(Name name, bool required, Plus plus = Plus::space) {
    const auto& parameter = parameters_[name];
    if (parameter.count == 0) {
      if (required) fault(name, "is missing");
      return std::nullopt;
    }
    if (parameter.count > 1) {
      const bool twice_named = parameter.by_long_name && parameter.by_short_name;
      fault(name, !twice_named   ? "is given more than once"
                  : name == kLat ? "is given as latitude, too"
                                 : "is given as longitude, too");
    } else if (parameter.escaped && !decode(parameter.raw, plus)) {
      fault(name, "has a malformed percent escape");
    } else if (parameter.raw.empty()) {
      fault(name, "is empty");
    } else {
      return parameter.escaped ? std::string_view(decoded_) : parameter.raw;
    }
    return std::nullopt;
  }

  void coordinate(Name name, weather::Axis axis, int decimals, weather::Coordinate& to) {
    // Forms write a space as '+', but a number has no spaces: lat=+52.52 means what lat=%2B52.52 means.
    const auto value = one(name, true, Plus::literal);
    if (!value) return;
    auto coordinate = weather::parse_coordinate(axis, *value, decimals);
    if (coordinate) {
      to = std::move(*coordinate);
    } else {
      fault(name, std::move(coordinate.error().detail));
    }
  }

  void mock(const QueryOptions& options) {
    const auto value = one(kMock, false);
    if (!value) return;
    if (*value != "true" && *value != "false") {
      fault(kMock, "must be true or false");
    } else if (*value == "true" && !options.lab) {
      fault(kMock, "is not offered by this service (LAB=off)");
    } else {
      out_.question.mock = *value == "true";
    }
  }

  void cache(const QueryOptions& options) {
    const auto value = one(kCache, false);
    if (!value) return;
    if (*value != "on" && *value != "redis" && *value != "off") {
      fault(kCache, "must be on, redis or off");
    } else if (*value == "on") {
      return;  // the default, which every question may name
    } else if (!out_.question.mock) {
      // With a faulty `mock` the intended value is unknown, so only that fault is reported.
      if (!faulty(kMock)) fault(kCache, "can be redis or off only together with mock=true");
    } else if (*value == "redis" && !options.redis) {
      fault(kCache, "cannot be redis: this service has no Redis");
    } else if (*value == "redis") {
      out_.question.mode = wx::cache::Mode::redis_only;
    } else if (*value == "off") {
      out_.question.mode = wx::cache::Mode::bypass;
    }
  }

  void format() {
    const auto value = one(kFormat, false);
    if (!value) return;
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

  bool decode(std::string_view raw, Plus plus) {
    decoded_.clear();
    return append_percent_decoded(decoded_, raw, plus);
  }

  Parameters parameters_;
  std::string decoded_;
  WeatherQuery& out_;
};

}  // namespace

WeatherQuery parse_weather_query(std::string_view query, const QueryOptions& options) {
  WeatherQuery out;
  Reader reader(query, out);
  auto& location = out.question.location;
  reader.coordinate(kLat, weather::Axis::latitude, options.coordinate_decimals, location.latitude);
  reader.coordinate(kLon, weather::Axis::longitude, options.coordinate_decimals, location.longitude);
  reader.mock(options);
  reader.cache(options);
  reader.format();
  out.sent = reader.sent();
  return out;
}

std::optional<std::string> cut_parameter(std::string_view& query, std::string_view name) {
  const auto parameter = query.substr(0, query.find('&'));
  query.remove_prefix(std::min(parameter.size() + 1, query.size()));
  const auto sent_name = parameter.substr(0, parameter.find('='));
  if (percent_decode(sent_name, Plus::space) != name) return std::nullopt;
  const auto value = parameter.substr(std::min(sent_name.size() + 1, parameter.size()));
  return percent_decode(value, Plus::space).value_or(std::string(value));
}

}  // namespace wx::endpoints
