// The replies of a fake provider. The server is in fake_provider.cpp.
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "support/fake_provider.hpp"

namespace wx::test {
namespace {

float parse(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<float>(value);
}

// The centre of the 0.02 degree cell (of the ICON-D2 grid) that contains the point, computed in single precision and
// printed as the provider does: in the shortest form, always with a decimal point.
std::string cell(std::string_view coordinate, float minimum) {
  const float steps = std::round((parse(coordinate) - minimum) / 0.02F);
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), minimum + steps * 0.02F, std::chars_format::fixed)
          .ptr;
  std::string text(buffer.data(), end);
  return text.contains('.') ? text : text + ".0";
}

// The current quarter of an hour: "2026-08-01T12:15".
std::string quarter() {
  using namespace std::chrono;
  const auto now = floor<minutes>(system_clock::now());
  const auto time = now - (now.time_since_epoch() % minutes(15));
  const year_month_day date(floor<days>(time));
  const hh_mm_ss clock(time - floor<days>(time));
  std::string text;
  const auto two = [&text](char before, unsigned value) { append(text, cat(before, value < 10 ? "0" : "", value)); };
  append(text, static_cast<int>(date.year()));
  two('-', static_cast<unsigned>(date.month()));
  two('-', static_cast<unsigned>(date.day()));
  two('T', static_cast<unsigned>(clock.hours().count()));
  two(':', static_cast<unsigned>(clock.minutes().count()));
  return text;
}

// A fraction in [0, 1) that depends only on the text.
double spread(std::string_view text, std::uint64_t seed) {
  return fraction_of(hash64(text, seed));
}

std::string tenths(double value) {
  std::string text;
  append_fixed(text, value, 1);
  return text;
}

}  // namespace

ProviderReply weather_reply(const ProviderRequest& request, std::string_view temperature, std::string_view wind) {
  static std::atomic<unsigned> answers{0};
  ProviderReply reply;
  reply.body =
      cat(R"({"latitude":)", cell(request.parameter("latitude"), 43.18F), R"(,"longitude":)",
          cell(request.parameter("longitude"), -3.94F), R"(,"generationtime_ms":0.0)", 20000 + ++answers,
          R"(9,"utc_offset_seconds":0,"timezone":"GMT","timezone_abbreviation":"GMT","elevation":38.0,)",
          R"("current_units":{"time":"iso8601","interval":"seconds","temperature_2m":"°C","wind_speed_10m":"km/h"},)",
          R"("current":{"time":")", quarter(), R"(","interval":900,"temperature_2m":)", temperature,
          R"(,"wind_speed_10m":)", wind, "}}");
  return reply;
}

ProviderReply weather_reply(const ProviderRequest& request) {
  const std::string where = cat(request.parameter("latitude"), ":", request.parameter("longitude"), ":", quarter());
  return weather_reply(request, tenths(-20 + 55 * spread(where, 1)), tenths(80 * spread(where, 2)));
}

ProviderReply json_reply(int status, std::string body) {
  ProviderReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

ProviderReply refusal(int status, std::string_view reason) {
  std::string text;
  append_json_escaped(text, reason);
  return json_reply(status, cat(R"({"error":true,"reason":")", text, R"("})"));
}

ProviderReply html_reply(int status, std::string body) {
  ProviderReply reply = json_reply(status, std::move(body));
  reply.content_type = "text/html";
  reply.framing = ProviderReply::Framing::content_length;
  reply.ending = ProviderReply::Ending::close;
  return reply;
}

ProviderReply truncated(ProviderReply reply, ProviderReply::Framing framing) {
  reply.framing = framing;
  reply.stop_after = reply.body.size() / 2;
  reply.ending = ProviderReply::Ending::close;
  return reply;
}

ProviderReply connection_reset() {
  ProviderReply reply;
  reply.raw = "";
  reply.ending = ProviderReply::Ending::reset;
  return reply;
}

ProviderReply never() {
  ProviderReply reply;
  reply.raw = "";
  reply.ending = ProviderReply::Ending::hang;
  return reply;
}

ProviderReply trickled(ProviderReply reply, milliseconds per_byte) {
  reply.per_byte = per_byte;
  return reply;
}

ProviderReply garbage(std::string bytes) {
  ProviderReply reply;
  reply.raw = std::move(bytes);
  reply.ending = ProviderReply::Ending::close;
  return reply;
}

}  // namespace wx::test
