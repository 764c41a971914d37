// Which of the page's languages a request gets: ?lang= if it names one, else Accept-Language (RFC 9110 §12.5.4).
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "http_server/request.hpp"
#include "web/texts.hpp"

namespace wx::endpoints {

struct LanguageChoice {
  web::Language language = web::Language::en;
  bool chosen = false;  // by ?lang=, so it goes on into forms and links
};

// `query` as in the request's target. Any Portuguese gets the Portuguese there is; English is what nobody else wants.
[[nodiscard]] LanguageChoice choose_language(std::string_view query, std::optional<std::string_view> accept_language);

[[nodiscard]] inline LanguageChoice choose_language(const http_server::Request& request) {
  return choose_language(request.query(), request.field(http_server::Field::accept_language));
}

}  // namespace wx::endpoints
