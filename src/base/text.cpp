#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace wx {
namespace {

// The length of the valid UTF-8 sequence at the start of `text` (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Unit {
  std::string_view suffix;
  std::uint64_t milliseconds;
};
constexpr std::uint64_t kSecond = 1'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
// The units that format_duration() writes, the largest first, and those that parse_duration() reads.
constexpr std::array<Unit, 4> kUnits{{{"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1}}};
constexpr std::array<Unit, 21> kReadUnits{
    {{"d", kDay},        {"day", kDay},       {"days", kDay},       {"h", kHour},   {"hr", kHour},
     {"hrs", kHour},     {"hour", kHour},     {"hours", kHour},     {"m", kMinute}, {"min", kMinute},
     {"mins", kMinute},  {"minute", kMinute}, {"minutes", kMinute}, {"s", kSecond}, {"sec", kSecond},
     {"secs", kSecond},  {"second", kSecond}, {"seconds", kSecond}, {"ms", 1},      {"millisecond", 1},
     {"milliseconds", 1}}};
// It would be minutes or months.
constexpr std::string_view kTwoMeanings = "M";
constexpr std::string_view kNumber = "0123456789.";

// Removes the longest prefix of `text` whose characters all are (or all are not) in `set`, and returns it.
std::string_view take_while(std::string_view& text, std::string_view set, bool in_set) {
  const auto end = in_set ? text.find_first_not_of(set) : text.find_first_of(set);
  const auto taken = text.substr(0, end);
  text.remove_prefix(taken.size());
  return taken;
}

}  // namespace

void append_fixed(std::string& out, double value, int decimals) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  if (result.ec == std::errc{}) out.append(buffer, result.ptr);
}

void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++i;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      switch (c) {
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
      }
      ++i;
    } else if (const auto length = utf8_length(text.substr(i)); length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else {
      out.append(text.substr(i, length));
      i += length;
    }
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

void append_html_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

bool append_percent_decoded(std::string& out, std::string_view text, Plus plus) {
  const std::size_t before = out.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        out.resize(before);
        return false;
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  if (!append_percent_decoded(out, text, plus)) return std::nullopt;
  return out;
}

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (begin != end && is_blank(*begin)) ++begin;
  while (begin != end && is_blank(end[-1])) --end;
  return {begin, end};
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_switch(std::string_view text) {
  const auto is_one_of = [text](const std::array<std::string_view, 4>& words) {
    return std::ranges::any_of(words, [text](std::string_view word) { return iequals(text, word); });
  };
  if (is_one_of({"true", "on", "yes", "1"})) return true;
  if (is_one_of({"false", "off", "no", "0"})) return false;
  return std::nullopt;
}

std::optional<std::uint64_t> parse_scaled(std::string_view text, std::uint64_t unit, std::uint64_t most,
                                          Fraction fraction) {
  constexpr std::size_t kMostDecimals = 6;
  const auto point = text.find('.');
  const auto whole = parse_unsigned(text.substr(0, point));
  if (!whole || *whole > most / unit) return std::nullopt;
  std::uint64_t value = *whole * unit;
  if (point != std::string_view::npos) {
    const auto decimals = text.substr(point + 1);
    const auto part = parse_unsigned(decimals);
    if (!part || decimals.size() > kMostDecimals) return std::nullopt;
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < decimals.size(); ++i) scale *= 10;
    if (fraction == Fraction::refuse && *part * unit % scale != 0) return std::nullopt;
    value += *part * unit / scale;
  }
  if (value > most) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::uint64_t kMost = 10ULL * 365 * 24 * 3'600'000;  // ten years: anything longer is a typing error
  std::uint64_t sum = 0;
  std::uint64_t last_unit = kMost;
  text = trim(text);
  do {
    const auto number = take_while(text, kNumber, true);
    const auto suffix = trim(take_while(text, kNumber, false));
    const bool alone = suffix.empty() && text.empty() && last_unit == kMost;
    const auto unit = std::ranges::find_if(
        kReadUnits, [name = alone ? "s" : suffix](const Unit& each) { return iequals(each.suffix, name); });
    if (unit == kReadUnits.end() || suffix == kTwoMeanings || unit->milliseconds >= last_unit) return std::nullopt;
    last_unit = unit->milliseconds;
    const auto part = parse_scaled(number, unit->milliseconds, kMost - sum);
    if (!part) return std::nullopt;
    sum += *part;
  } while (!text.empty());
  return std::chrono::milliseconds(static_cast<std::int64_t>(sum));
}

std::string format_duration(std::chrono::milliseconds span) {
  const auto count = static_cast<std::uint64_t>(span.count());
  if (count == 0) return "0";
  for (const auto& unit : kUnits) {
    if (count % unit.milliseconds == 0) return cat(count / unit.milliseconds, unit.suffix);
  }
  return cat(count, "ms");
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned char>(a[i] ^ other);
  }
  return difference == 0;
}

}  // namespace wx
