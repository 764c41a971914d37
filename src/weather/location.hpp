// A place on Earth as the provider sees it: two Float32 numbers, whose shortest decimal text is the same for every way
// of writing them. 52.52, 52.520 and 5.252e1 are one place, one key, one provider call.
//
// Thread-safety: values and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wx::weather {

// One coordinate in degrees, canonical: `text` is the shortest fixed-notation decimal that reads back as the same
// Float32 ("52.52", "-0.5", "0"), never "-0", never an exponent.
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

// Reads a decimal number (optional sign, digits, optional fraction, optional exponent; nothing else: no hexadecimal, no
// "nan", no spaces) and checks the axis's range. `decimals` >= 0 rounds to that many first (COORDINATE_DECIMALS).
// The error's detail is a sentence for the client about this one value.
[[nodiscard]] Result<Coordinate> parse_coordinate(Axis axis, std::string_view text, int decimals = -1);

}  // namespace wx::weather
