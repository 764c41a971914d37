#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.hpp"

namespace wx::config {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t bytes;
};
// Powers of 1024 come first, the largest first: format_bytes takes the first one that divides.
constexpr std::array<Unit, 15> kUnits{{{"TiB", 1ULL << 40},
                                       {"GiB", 1ULL << 30},
                                       {"MiB", 1ULL << 20},
                                       {"KiB", 1ULL << 10},
                                       {"B", 1},
                                       {"", 1},
                                       {"bytes", 1},
                                       {"Ti", 1ULL << 40},
                                       {"Gi", 1ULL << 30},
                                       {"Mi", 1ULL << 20},
                                       {"Ki", 1ULL << 10},
                                       {"KB", 1'000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"TB", 1'000'000'000'000}}};

struct Size {
  std::string_view number;
  std::string_view suffix;
};
Size split_size(std::string_view text) {
  text = trim(text);
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  return {text.substr(0, end), trim(text.substr(end))};
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text, double least, double most) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) return std::nullopt;
  if (!(value >= least && value <= most)) return std::nullopt;  // rejects "nan" as well
  return value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto [number, suffix] = split_size(text);
  const auto unit = std::ranges::find_if(kUnits, [suffix](const Unit& each) { return iequals(suffix, each.suffix); });
  if (unit == kUnits.end()) return std::nullopt;
  const auto fraction = unit->bytes == 1 ? Fraction::refuse : Fraction::drop;
  const auto bytes = parse_scaled(number, unit->bytes, std::numeric_limits<std::int64_t>::max(), fraction);
  const bool lost = bytes == 0 && number.find_first_not_of("0.") != std::string_view::npos;
  return lost ? std::nullopt : bytes;
}

std::string ambiguous_bytes(std::string_view text) {
  const auto [number, suffix] = split_size(text);
  if (number.empty() || suffix.size() != 1) return {};
  for (const auto& unit : kUnits) {
    if (unit.suffix.size() == 3 && iequals(suffix, unit.suffix.substr(0, 1))) {
      const auto letter = unit.suffix.substr(0, 1);
      return cat("the unit ", letter, " has two meanings: write ", unit.suffix, " (powers of 1024) or ", letter,
                 "B (powers of 1000)");
    }
  }
  return {};
}

std::string ambiguous_duration(std::string_view text) {
  std::string in_minutes(text);
  std::ranges::replace(in_minutes, 'M', 'm');
  if (parse_duration(text) || !parse_duration(in_minutes)) return {};
  return "the unit M has two meanings: write m or min (minutes), or a number of days";
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  for (const auto& unit : kUnits) {
    if (unit.bytes > 1 && bytes % unit.bytes == 0) return cat(bytes / unit.bytes, unit.suffix);
    if (unit.bytes == 1) break;
  }
  return cat(bytes);
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace wx::config
