#include "open_meteo/limits.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::uint64_t kMost = 1'000'000'000;
constexpr std::string_view kLetters = "mhd";  // in the order of Window

std::unexpected<Error> bad(std::string detail) {
  return fail(ErrorKind::bad_parameter, std::move(detail));
}

}  // namespace

std::chrono::seconds length(Window window) {
  switch (window) {
    case Window::minute:
      return std::chrono::minutes(1);
    case Window::hour:
      return std::chrono::hours(1);
    case Window::day:
      break;
  }
  return std::chrono::days(1);
}

std::string_view name(Window window) {
  constexpr std::array<std::string_view, kWindows> kNames{"minute", "hour", "day"};
  return kNames.at(static_cast<std::size_t>(window));
}

Result<Limits> parse_limits(std::string_view text) {
  text = trim(text);
  Limits limits;
  if (iequals(text, "off")) return limits;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto part = trim(text.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);

    const auto slash = part.find('/');
    if (slash == std::string_view::npos) return bad(cat("\"", part, "\" is not a limit such as 600/m"));
    const auto number = parse_unsigned(part.substr(0, slash));
    if (!number || *number < 1 || *number > kMost) {
      return bad(cat("\"", part, "\" does not begin with a number from 1 to ", kMost));
    }
    const auto unit = part.substr(slash + 1);
    const auto window = unit.size() == 1 ? kLetters.find(unit.front()) : std::string_view::npos;
    if (window == std::string_view::npos) {
      return bad(cat("\"", part, "\" does not end with /m (minute), /h (hour) or /d (day)"));
    }
    if (limits.calls.at(window) != 0) return bad(cat("there are two limits per ", name(kAllWindows.at(window))));
    limits.calls.at(window) = static_cast<std::uint32_t>(*number);
  }
  return limits;
}

std::string format_limits(const Limits& limits) {
  if (limits.off()) return "off";
  std::string text;
  for (std::size_t w = 0; w < kWindows; ++w) {
    if (limits.calls.at(w) != 0) text += cat(text.empty() ? "" : ",", limits.calls.at(w), '/', kLetters[w]);
  }
  return text;
}

Result<Limits> share_of(const Limits& limits, unsigned fleet_size) {
  Limits share = limits;
  for (std::size_t w = 0; w < kWindows; ++w) {
    share.calls.at(w) /= std::max(fleet_size, 1U);
    if (limits.calls.at(w) != 0 && share.calls.at(w) == 0) {
      return bad(cat("one of ", fleet_size, " processes would get less than one of ", limits.calls.at(w), " calls per ",
                     name(kAllWindows.at(w))));
    }
  }
  return share;
}

}  // namespace wx::open_meteo
