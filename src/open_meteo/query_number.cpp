#include "open_meteo/query_number.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using std::string_view;

bool take_digits(string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
  text.remove_prefix(n);
  return n > 0;
}

// Whether `text` is -?digits[.digits][e[sign]digits]. from_chars() accepts more ("inf", ".5"), and so does the
// provider.
bool is_decimal(string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (!take_digits(text)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  return text.empty();
}

template <class T>
std::optional<T> parse(string_view text) {
  T value{};
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || at != text.data() + text.size()) return std::nullopt;
  return value;
}

// Nothing if the value is not finite.
std::optional<float> round(string_view text, Rounding rounding) {
  std::optional<float> value;
  if (rounding == Rounding::once) {
    value = parse<float>(text);
  } else if (const auto wide = parse<double>(text)) {
    value = static_cast<float>(*wide);
  }
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace

std::optional<QueryFloat> read_float(string_view text, Rounding rounding) {
  if (!is_decimal(text)) return std::nullopt;
  const auto value = round(text, rounding);
  if (!value) return std::nullopt;
  // The longest is a sign, "0." and 45 digits.
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, *value, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  const string_view shortest(buffer, static_cast<std::size_t>(end - buffer));
  // No number is known whose shortest text fails, but nothing proves that there is none.
  for (const auto way : {Rounding::twice, Rounding::once}) {
    if (round(shortest, way) != value) return std::nullopt;
  }
  return QueryFloat{*value, std::string(shortest)};
}

std::optional<std::string> read_integer(string_view text) {
  // from_chars() reads exactly an optional minus sign and digits.
  const auto value = parse<std::int64_t>(text);
  if (!value) return std::nullopt;
  return cat(*value);
}

}  // namespace wx::open_meteo
