#include "open_meteo/current_weather.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <simdjson.h>

#include "base/text.hpp"
#include "open_meteo/body_text.hpp"
#include "open_meteo/refusal.hpp"
#include "open_meteo/time_text.hpp"

namespace wx::open_meteo {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::SUCCESS;

// Far above the length of any number or unit of the provider. They bound the size of what a faulty reply can put into
// the cache.
constexpr std::size_t kLongestNumber = 40;
constexpr std::size_t kLongestUnit = 32;

constexpr double kLongestInterval = 86400;  // seconds; a day
// Seconds. Real offsets from UTC are between -12 and +14 hours.
constexpr double kLargestOffset = 86400;

// `out` is empty until its member is found. A second member of the same name is a fault, because it is unclear which
// one is valid.
bool take_number(ondemand::value value, std::string& out) {
  ondemand::json_type type{};
  if (!out.empty() || value.type().get(type) != SUCCESS || type != ondemand::json_type::number) return false;
  // The token includes trailing white space.
  auto token = value.raw_json_token();
  token = token.substr(0, token.find_first_of(" \t\r\n"));
  if (token.size() > kLongestNumber) return false;
  out = token;
  return true;
}

// The same, but the provider may have no value.
bool take_number_or_null(ondemand::value value, std::string& out) {
  ondemand::json_type type{};
  if (value.type().get(type) != SUCCESS || type != ondemand::json_type::null) return take_number(value, out);
  if (!out.empty()) return false;
  out = "null";
  return true;
}

bool take_text(ondemand::value value, std::string& out) {
  std::string_view text;
  if (!out.empty() || value.get_string().get(text) != SUCCESS) return false;
  if (text.empty() || text.size() > kLongestUnit) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') return false;
  }
  out = text;
  return true;
}

// Calls `member(name, value)` for each member of an object until it returns false. Returns false if it did, or if
// `value` is not an object.
template <class Member>
bool each_member(ondemand::value value, Member member) {
  ondemand::object object;
  if (value.get_object().get(object) != SUCCESS) return false;
  for (auto field : object) {
    std::string_view name;
    ondemand::value inner;
    if (field.unescaped_key().get(name) != SUCCESS || field.value().get(inner) != SUCCESS) return false;
    if (!member(name, inner)) return false;
  }
  return true;
}

// Reads the known members and ignores all others. `wrong` names the first invalid member.
struct DocumentReader {
  CurrentWeather seen;
  std::string utc_offset;
  bool current_seen = false;
  bool units_seen = false;
  std::string wrong;

  bool check(bool good, std::string_view name) {
    if (!good && wrong.empty()) wrong = name;
    return good;
  }

  bool top(std::string_view name, ondemand::value value) {
    if (name == "latitude") return check(take_number_or_null(value, seen.latitude), name);
    if (name == "longitude") return check(take_number_or_null(value, seen.longitude), name);
    if (name == "elevation") return check(take_number_or_null(value, seen.elevation), name);
    if (name == "utc_offset_seconds") return check(take_number(value, utc_offset), name);
    if (name == "current" && !std::exchange(current_seen, true)) {
      return check(each_member(value, [this](auto n, auto v) { return current(n, v); }), name);
    }
    if (name == "current_units" && !std::exchange(units_seen, true)) {
      return check(each_member(value, [this](auto n, auto v) { return units(n, v); }), name);
    }
    return check(name != "current" && name != "current_units", name);
  }

  bool current(std::string_view name, ondemand::value value) {
    if (name == "time") return check(take_text(value, seen.time), "current.time");
    if (name == "interval") return check(take_number(value, seen.interval), "current.interval");
    if (name == "temperature_2m") return check(take_number_or_null(value, seen.temperature), "current.temperature_2m");
    if (name == "wind_speed_10m") return check(take_number_or_null(value, seen.wind_speed), "current.wind_speed_10m");
    return true;
  }

  bool units(std::string_view name, ondemand::value value) {
    if (name == "temperature_2m") return check(take_text(value, seen.temperature_unit), "current_units.temperature_2m");
    if (name == "wind_speed_10m") return check(take_text(value, seen.wind_speed_unit), "current_units.wind_speed_10m");
    return true;
  }

  // The name of the first missing required member; empty if there is none.
  [[nodiscard]] std::string_view missing() const {
    if (seen.latitude.empty()) return "latitude";
    if (seen.longitude.empty()) return "longitude";
    if (seen.time.empty()) return "current.time";
    if (seen.interval.empty()) return "current.interval";
    if (seen.temperature.empty()) return "current.temperature_2m";
    if (seen.wind_speed.empty()) return "current.wind_speed_10m";
    if (seen.temperature_unit.empty()) return "current_units.temperature_2m";
    if (seen.wind_speed_unit.empty()) return "current_units.wind_speed_10m";
    return {};
  }
};

// Parses a number token as an integer in [-limit, limit]. JSON has one kind of number: 900, 900.0 and 9e2 are the same
// (RFC 8259 §6).
std::optional<long long> whole(std::string_view token, double limit) {
  double value = 0;
  const auto [at, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc{} || at != token.data() + token.size()) return std::nullopt;
  if (std::abs(value) > limit || std::trunc(value) != value) return std::nullopt;
  return static_cast<long long>(value);
}

// Whom a bad reply concerns.
enum class Concerns : std::uint8_t { provider, query };

std::unexpected<Error> bad(int status, Concerns whom, std::string detail) {
  return std::unexpected(Error{.kind = ErrorKind::provider_bad_reply,
                               .detail = std::move(detail),
                               .provider_status = status,
                               .of_query = whom == Concerns::query});
}

// Converts `time` and `interval` into values. On failure returns false, with the name of the invalid member in `wrong`.
bool evaluate(DocumentReader& reader) {
  const auto time = parse_time(reader.seen.time);
  const auto interval = whole(reader.seen.interval, kLongestInterval);
  const auto offset = whole(reader.utc_offset.empty() ? "0" : reader.utc_offset, kLargestOffset);
  if (!reader.check(time.has_value(), "current.time")) return false;
  if (!reader.check(interval && *interval > 0, "current.interval")) return false;
  if (!reader.check(offset.has_value(), "utc_offset_seconds")) return false;
  reader.seen.valid_from = *time - std::chrono::seconds(*offset);
  reader.seen.valid_for = std::chrono::seconds(*interval);
  // Clients that know integers only may not read 900.0.
  reader.seen.interval = std::to_string(*interval);
  return true;
}

// Reads the body of a reply with status 200.
Result<CurrentWeather> read_document(std::string_view body) {
  const auto not_json = [body] {
    const bool provider = is_cut_short(body) || is_web_page(body);
    return bad(200, provider ? Concerns::provider : Concerns::query, "the reply is not a complete JSON document");
  };
  const auto wrong = [](std::string detail) { return bad(200, Concerns::query, std::move(detail)); };
  // Two passes: the DOM parser validates the whole document; the on-demand parser, which checks only the members it
  // reads, keeps the text of numbers.
  const simdjson::padded_string padded(body);
  simdjson::dom::parser validator;
  simdjson::dom::element everything;
  if (validator.parse(padded).get(everything) != SUCCESS) return not_json();
  if (!everything.is_object()) return wrong("the reply is not a JSON object");

  ondemand::parser parser;
  ondemand::document document;
  ondemand::value root;
  if (parser.iterate(padded).get(document) != SUCCESS || document.get_value().get(root) != SUCCESS) {
    return not_json();
  }
  DocumentReader reader;
  const bool readable = each_member(root, [&](auto name, auto value) { return reader.top(name, value); });
  if (!readable || !reader.wrong.empty()) {
    return wrong(cat("the reply has an invalid ", reader.wrong.empty() ? "member" : reader.wrong));
  }
  if (const auto missing = reader.missing(); !missing.empty()) return wrong(cat("the reply has no ", missing));
  if (!evaluate(reader)) return wrong(cat("the reply has an invalid ", reader.wrong));
  return std::move(reader.seen);
}

}  // namespace

std::string current_weather_target(std::string_view latitude, std::string_view longitude) {
  return cat("/v1/forecast?latitude=", latitude, "&longitude=", longitude, "&current=temperature_2m,wind_speed_10m");
}

Result<CurrentWeather> read_current_weather(const Reply& reply, WallTime now) {
  const int status = reply.status;
  if (status < 200 || status > 299) return std::unexpected(refusal(status, reply.body, now));
  if (status != 200) return bad(status, Concerns::provider, cat("the provider answered with status ", status));
  if (!is_json_type(reply.content_type)) return bad(status, Concerns::provider, "the reply is not JSON");
  return read_document(without_byte_order_mark(reply.body));
}

}  // namespace wx::open_meteo
