#include "base/rate.hpp"

#include "base/text.hpp"

namespace wx {
namespace {

constexpr std::uint64_t kMost = 1'000'000'000;
constexpr std::string_view kLetters = "mhd";  // in the order of Window

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

char letter(Window window) {
  return kLetters.at(static_cast<std::size_t>(window));
}

Result<Rate> parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(ErrorKind::bad_parameter, "a limit is written like 600/m");
  }
  const auto count = parse_unsigned(trim(text.substr(0, slash)));
  if (!count || *count < 1 || *count > kMost) {
    return fail(ErrorKind::bad_parameter, cat("a limit begins with a number from 1 to ", kMost));
  }
  const auto unit = trim(text.substr(slash + 1));
  for (const auto window : kAllWindows) {
    const auto letter = kLetters.substr(static_cast<std::size_t>(window), 1);
    // M alone is also the unit of months.
    const bool is_letter = window == Window::minute ? unit == letter : iequals(unit, letter);
    if (is_letter || iequals(unit, name(window)) || (window == Window::minute && iequals(unit, "min"))) {
      return Rate{.count = static_cast<std::uint32_t>(*count), .window = window};
    }
  }
  return fail(ErrorKind::bad_parameter, "a limit ends with /m (minute), /h (hour) or /d (day)");
}

std::string format_rate(const Rate& rate) {
  return cat(rate.count, '/', letter(rate.window));
}

}  // namespace wx
