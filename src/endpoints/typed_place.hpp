// Reads coordinates as people type them into the page's form: with a decimal comma, a typographic minus (U+2212) or a
// degree sign, or both in the first field. The JSON interface takes none of these.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wx::endpoints {

struct TypedPlace {
  std::string latitude;
  std::string longitude;

  friend bool operator==(const TypedPlace&, const TypedPlace&) = default;
};

// The coordinates as the interface takes them. A pair in the first field fills both fields. A text that is no such
// number stays as it is.
[[nodiscard]] TypedPlace tidy_place(std::string_view latitude, std::string_view longitude);

// The query of /weather with tidy coordinates and all other parameters as they are. Returns nothing if tidying changes
// nothing, or if a coordinate is given more than once.
[[nodiscard]] std::optional<std::string> tidy_query(std::string_view query);

}  // namespace wx::endpoints
