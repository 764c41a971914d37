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
  std::string_view value;  // of the last one; in the query itself where it has no escapes
};

// Spelled out, so that each comparison is with a text known when this is compiled.
std::optional<Name> known_name(std::string_view name) {
  if (name == kNameTexts[kLat]) return kLat;
  if (name == kNameTexts[kLon]) return kLon;
  if (name == kNameTexts[kMock]) return kMock;
  if (name == kNameTexts[kCache]) return kCache;
  if (name == kNameTexts[kFormat]) return kFormat;
  return std::nullopt;
}

// What a byte of a query means.
enum class Sign : std::uint8_t { none, end, equals, escape };
constexpr auto kSigns = [] {
  std::array<Sign, 256> signs{};
  signs['&'] = Sign::end;
  signs['='] = Sign::equals;
  signs['%'] = signs['+'] = Sign::escape;
  return signs;
}();

// The parameters that we know. Stays where it was made: values lie in it and in the query.
class Parameters {
 public:
  explicit Parameters(std::string_view query) : query_size_(query.size()) {
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
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  ~Parameters() = default;

  const Parameter& operator[](Name name) const { return known_.at(name); }

 private:
  struct Piece {
    std::string_view text;
    bool escaped = false;
  };

  // Takes a name, which ends at '=' or '&', or a value, which ends at '&'.
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
    auto& parameter = known_.at(*known);
    ++parameter.count;
    parameter.value = value.text;
    if (value.escaped) decode(parameter);
  }

  void decode(Parameter& parameter) {
    decoded_.reserve(query_size_);  // as much as all values can need: what lies in it stays where it is
    const std::size_t before = decoded_.size();
    parameter.malformed |= !append_percent_decoded(decoded_, parameter.value, Plus::space);
    parameter.value = std::string_view(decoded_).substr(before);
  }

  std::array<Parameter, kNames> known_{};
  std::size_t query_size_;
  std::string decoded_;
};

class Reader {
 public:
  Reader(std::string_view query, WeatherQuery& out) : parameters_(query), out_(out) {}

  // The one value of a parameter; nothing if it is absent or a fault has been noted.
  std::optional<std::string_view> one(Name name, bool required) {
    const auto& parameter = parameters_[name];
    if (parameter.count == 0) {
      if (required) fault(name, "is missing");
      return std::nullopt;
    }
    if (parameter.count > 1) {
      fault(name, "is given more than once");
    } else if (parameter.malformed) {
      fault(name, "has a malformed percent escape");
    } else if (parameter.value.empty()) {
      fault(name, "is empty");
    } else {
      return parameter.value;
    }
    return std::nullopt;
  }

  void coordinate(Name name, weather::Axis axis, int decimals, weather::Coordinate& to) {
    const auto value = one(name, true);
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

  Parameters parameters_;
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
  return out;
}

SentCoordinates sent_coordinates(std::string_view query) {
  const Parameters parameters(query);
  return {std::string(parameters[kLat].value), std::string(parameters[kLon].value)};
}

}  // namespace wx::endpoints
