// A place on Earth at the provider's precision: two Float32 numbers in canonical text. 52.52, 52.520 and 5.252e1 are
// the same place, with one cache key and one provider call.
//
// Thread-safety: values and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wx::weather {

// One coordinate in degrees. `text` is canonical: the shortest decimal in fixed notation that parses to the same
// Float32 ("52.52", "-0.5", "0"), without an exponent and never "-0".
struct Coordinate {
  float degrees = 0;
  std::string text;

  friend bool operator==(const Coordinate& a, const Coordinate& b) { return a.text == b.text; }
};

struct Location {
  Coordinate latitude;
  Coordinate longitude;

  friend bool operator==(const Location&, const Location&) = default;
};

enum class Axis : bool { latitude, longitude };

// Parses a decimal number (optional sign, digits, optional fraction, optional exponent; no hexadecimal, "nan" or
// spaces) and checks the range of the axis. If `decimals` >= 0, the value is rounded to that many decimals
// (COORDINATE_DECIMALS). Error: bad_parameter; its detail, shown to the client, continues a sentence that begins with
// the parameter's name.
[[nodiscard]] Result<Coordinate> parse_coordinate(Axis axis, std::string_view text, int decimals = -1);

}  // namespace wx::weather
