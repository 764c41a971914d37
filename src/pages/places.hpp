// The places that the form offers by name.
//
// Thread-safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "web/texts.hpp"

namespace wx::pages {

struct Place {
  std::string_view name;  // the key of its text
  std::string_view latitude;
  std::string_view longitude;
};

// The places for speakers of a language. The first is the example of an untouched form.
[[nodiscard]] std::span<const Place> places(web::Language language);

// List items (HTML) with a link to the weather at each place. `more` is a query that every link gets, such as
// "&mock=true", already escaped.
[[nodiscard]] std::string place_items(web::Language language, std::string_view more);

}  // namespace wx::pages
