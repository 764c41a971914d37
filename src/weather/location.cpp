#include "weather/location.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>

namespace wx::weather {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The parts of a number: [sign] digits [. digits] [e [sign] digits].
struct Decimal {
  bool negative = false;
  std::string_view unsigned_text;  // everything after the sign
  std::string_view whole;
  std::string_view fraction;
  bool negative_exponent = false;
  std::string_view exponent;
};

std::string_view take_digits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  const auto digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

// Removes an optional sign from `text`. Returns true if it was a minus.
bool take_minus(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool minus = text.front() == '-';
  text.remove_prefix(1);
  return minus;
}

// A parser of its own, because from_chars and strtod accept more than this grammar ("inf", "nan", "0x10", ".5",
// spaces), and from_chars does not accept "+".
std::optional<Decimal> split(std::string_view text) {
  Decimal d;
  d.negative = take_minus(text);
  d.unsigned_text = text;
  d.whole = take_digits(text);
  if (d.whole.empty()) return std::nullopt;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    d.fraction = take_digits(text);
    if (d.fraction.empty()) return std::nullopt;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    d.negative_exponent = take_minus(text);
    d.exponent = take_digits(text);
    if (d.exponent.empty()) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return d;
}

// Distinguishes underflow (true) from overflow (false) for a number outside the range of a double. Such a number is
// hundreds of orders of magnitude away from 1, so the position of its first nonzero digit decides.
bool vanishes(const Decimal& d) {
  const auto exponent_digits = d.exponent.substr(std::min(d.exponent.find_first_not_of('0'), d.exponent.size()));
  long long exponent = 0;
  // An exponent of more than ten digits exceeds the number of digits that fit into memory.
  if (exponent_digits.size() > 10) return d.negative_exponent;
  std::from_chars(exponent_digits.data(), exponent_digits.data() + exponent_digits.size(), exponent);
  if (d.negative_exponent) exponent = -exponent;
  if (const auto at = d.whole.find_first_not_of('0'); at != std::string_view::npos) {
    return static_cast<long long>(d.whole.size() - at) + exponent < 0;
  }
  const auto zeros = d.fraction.find_first_not_of('0');
  return zeros == std::string_view::npos || exponent - static_cast<long long>(zeros) < 0;
}

// The number's value; infinite if it overflows a double, 0 if it underflows.
double to_double(const Decimal& d) {
  double value = 0;
  const char* const begin = d.unsigned_text.data();
  const auto [at, error] = std::from_chars(begin, begin + d.unsigned_text.size(), value);
  if (error == std::errc::result_out_of_range) value = vanishes(d) ? 0.0 : HUGE_VAL;
  return d.negative ? -value : value;
}

double round_to(double value, int decimals) {
  // A double has about 15 significant decimal digits, so rounding to more decimals would change nothing.
  if (decimals < 0 || decimals > 15) return value;
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  return std::round(value * scale) / scale;
}

// A fast path for the common case. A number of at most six digits (FLT_DIG), in the form that shortest() produces, is
// its own shortest text, because Float32 distinguishes all six-digit decimals. Returns nothing for other numbers. The
// value is the quotient of two integers that a double holds exactly, so it is correctly rounded, as by from_chars.
std::optional<double> plain_value(const Decimal& d, std::string_view text) {
  constexpr std::array<double, 7> kPowers{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
  if (d.whole.size() + d.fraction.size() > std::numeric_limits<float>::digits10) return std::nullopt;
  if (!d.exponent.empty() || text.front() == '+') return std::nullopt;
  if (d.whole.front() == '0' && d.whole.size() > 1) return std::nullopt;
  if (!d.fraction.empty() && d.fraction.back() == '0') return std::nullopt;
  unsigned digits = 0;
  for (const char c : d.whole) digits = digits * 10 + static_cast<unsigned>(c - '0');
  for (const char c : d.fraction) digits = digits * 10 + static_cast<unsigned>(c - '0');
  if (digits == 0 && d.negative) return std::nullopt;
  const double value = digits / kPowers.at(d.fraction.size());
  return d.negative ? -value : value;
}

std::string shortest(float degrees) {
  // The longest text is a sign, "0." and 45 digits, for the smallest positive Float32.
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, degrees, std::chars_format::fixed).ptr;
  return {buffer, end};
}

}  // namespace

Result<Coordinate> parse_coordinate(Axis axis, std::string_view text, int decimals) {
  if (text.empty()) return fail(ErrorKind::bad_parameter, "is empty");
  const auto decimal = split(text);
  if (!decimal) return fail(ErrorKind::bad_parameter, "is not a decimal number");

  std::optional<double> plain;
  if (decimals < 0 || static_cast<int>(decimal->fraction.size()) <= decimals) plain = plain_value(*decimal, text);
  const double value = plain ? *plain : to_double(*decimal);
  const double limit = axis == Axis::latitude ? 90 : 180;
  if (!(value >= -limit && value <= limit)) {
    return fail(ErrorKind::bad_parameter,
                axis == Axis::latitude ? "must be between -90 and 90" : "must be between -180 and 180");
  }

  Coordinate coordinate;
  if (plain) {
    coordinate.degrees = static_cast<float>(value);
    coordinate.text = text;
    return coordinate;
  }
  coordinate.degrees = static_cast<float>(round_to(value, decimals));
  if (coordinate.degrees == 0) coordinate.degrees = 0;  // turns -0 into 0
  coordinate.text = shortest(coordinate.degrees);
  return coordinate;
}

}  // namespace wx::weather
