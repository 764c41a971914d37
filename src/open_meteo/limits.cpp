#include "open_meteo/limits.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

std::unexpected<Error> bad(std::string detail) {
  return fail(ErrorKind::bad_parameter, std::move(detail));
}

}  // namespace

Result<Limits> parse_limits(std::string_view text) {
  text = trim(text);
  Limits limits;
  if (iequals(text, "off")) return limits;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto part = trim(text.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);

    const auto rate = parse_rate(part);
    if (!rate) return std::unexpected(rate.error());
    auto& calls = limits.calls.at(static_cast<std::size_t>(rate->window));
    if (calls != 0) return bad(cat("there are two limits per ", name(rate->window)));
    calls = rate->count;
  }
  return limits;
}

std::string format_limits(const Limits& limits) {
  if (limits.off()) return "off";
  std::string text;
  for (const Window window : kAllWindows) {
    if (limits.of(window) == 0) continue;
    text += cat(text.empty() ? "" : ",", format_rate({.count = limits.of(window), .window = window}));
  }
  return text;
}

Result<Limits> share_of(const Limits& limits, unsigned fleet_size) {
  Limits share = limits;
  for (std::size_t w = 0; w < kWindows; ++w) {
    share.calls.at(w) /= std::max(fleet_size, 1U);
    if (limits.calls.at(w) != 0 && share.calls.at(w) == 0) {
      return bad(cat("a limit of ", limits.calls.at(w), " calls per ", name(kAllWindows.at(w)),
                     " leaves less than one call for each of ", fleet_size, " processes (FLEET_SIZE)"));
    }
  }
  return share;
}

}  // namespace wx::open_meteo
