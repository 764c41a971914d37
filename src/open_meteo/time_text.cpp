#include "open_meteo/time_text.hpp"

#include <cstddef>

#include "base/text.hpp"

namespace wx::open_meteo {

std::optional<std::chrono::sys_seconds> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t count) {
    return static_cast<unsigned>(parse_unsigned(text.substr(at, count)).value_or(0));
  };
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(number(5, 2)), std::chrono::day(number(8, 2))};
  const unsigned hours = number(11, 2);
  const unsigned minutes = number(14, 2);
  if (!date.ok() || hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hours) + std::chrono::minutes(minutes);
}

}  // namespace wx::open_meteo
