// The numbers of a query, as the provider reads them.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wx::open_meteo {

// How the provider makes a Float32 of a text. The two differ where the text lies just beside the middle of two Float32.
enum class Rounding : std::uint8_t {
  twice,  // to a double, then to a Float32
  once,   // to a Float32
};

struct QueryFloat {
  float value;
  // The shortest decimal without exponent that is this value in both ways of rounding.
  std::string text;
};

// Reads digits with an optional minus sign, fraction and exponent. Nothing for any other text, and for a number beyond
// the range of a Float32 or too close to 0 for it. The sign of "-0" is kept.
[[nodiscard]] std::optional<QueryFloat> read_float(std::string_view text, Rounding rounding);

// The canonical text of a whole number of at most 64 bits, which has digits and an optional minus sign.
[[nodiscard]] std::optional<std::string> read_integer(std::string_view text);

}  // namespace wx::open_meteo
