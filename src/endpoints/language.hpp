// Chooses the page's language for a request: by ?lang= if that names an available one, else by Accept-Language
// (RFC 9110 §12.5.4).
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
  bool chosen = false;  // by ?lang=; forms and links then keep it
};

// `query` is the query of the request target, still encoded. Every variant of Portuguese maps to pt-BR. The default is
// English.
[[nodiscard]] LanguageChoice choose_language(std::string_view query, std::optional<std::string_view> accept_language);

[[nodiscard]] inline LanguageChoice choose_language(const http_server::Request& request) {
  return choose_language(request.query(), request.field(http_server::Field::accept_language));
}

}  // namespace wx::endpoints
