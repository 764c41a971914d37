// The reply validator. An accepted answer holds nothing but JSON numbers and clean texts, whatever the provider sends,
// because documents include them verbatim.
#include <cstdint>
#include <string_view>

#include "open_meteo/current_weather.hpp"
#include "open_meteo/refusal.hpp"
#include "require.hpp"

namespace {

using wx::fuzz::require;

// RFC 8259 §6, read independently of the parser under test.
bool is_number(std::string_view text) {
  const auto digits = [&text] {
    std::size_t n = 0;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
    text.remove_prefix(n);
    return n;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const auto whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

bool is_clean(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const wx::WallTime now{wx::milliseconds(1'767'225'600'000)};

  const auto answer = wx::open_meteo::read_current_weather(
      {.status = 200, .content_type = "application/json", .body = std::string(body)}, now);
  if (answer) {
    for (const auto* token : {&answer->latitude, &answer->longitude, &answer->temperature, &answer->wind_speed}) {
      require(*token == "null" || is_number(*token));
    }
    require(is_number(answer->interval));
    require(answer->elevation.empty() || answer->elevation == "null" || is_number(answer->elevation));
    for (const auto* unit : {&answer->temperature_unit, &answer->wind_speed_unit}) {
      require(!unit->empty() && is_clean(*unit));
    }
    require(answer->time.size() == 16 && answer->valid_for.count() > 0);
    require(body.find(answer->temperature) != std::string_view::npos);
  } else {
    require(answer.error().kind == wx::ErrorKind::provider_bad_reply);
  }

  const auto reason = wx::open_meteo::read_reason(body);
  const auto shown = wx::open_meteo::shortened(reason);
  require(is_clean(reason) && shown.size() <= 200 && reason.starts_with(shown));
  require(wx::open_meteo::refusal(429, body, now).retry_after > wx::milliseconds(0));
  return 0;
}
