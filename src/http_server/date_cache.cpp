#include "http_server/date_cache.hpp"

#include <algorithm>

namespace wx::http_server {
namespace {

constexpr std::string_view kWeekdays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void put_number(char* at, unsigned value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

void put_text(char* at, std::string_view text) {
  std::ranges::copy(text, at);
}

}  // namespace

std::string_view DateCache::at(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != second_) {
    second_ = second;
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(second - day);
    put_text(text_.data(), "Xxx, 00 Xxx 0000 00:00:00 GMT");
    put_text(text_.data(), kWeekdays.substr(std::chrono::weekday(day).c_encoding() * std::size_t{3}, 3));
    put_number(text_.data() + 5, static_cast<unsigned>(date.day()), 2);
    put_text(text_.data() + 8, kMonths.substr((static_cast<unsigned>(date.month()) - 1) * std::size_t{3}, 3));
    put_number(text_.data() + 12, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_number(text_.data() + 17, static_cast<unsigned>(time.hours().count()), 2);
    put_number(text_.data() + 20, static_cast<unsigned>(time.minutes().count()), 2);
    put_number(text_.data() + 23, static_cast<unsigned>(time.seconds().count()), 2);
  }
  return {text_.data(), text_.size()};
}

}  // namespace wx::http_server
