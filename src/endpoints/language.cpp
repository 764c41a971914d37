#include "endpoints/language.hpp"

#include "base/text.hpp"
#include "endpoints/quality.hpp"
#include "endpoints/query.hpp"

namespace wx::endpoints {

using web::Language;

namespace {

// Matches the primary subtag only (RFC 4647 §3.4, lookup).
std::optional<Language> language_of(std::string_view range) {
  const auto primary = range.substr(0, range.find('-'));
  if (iequals(primary, "pt")) return Language::pt_br;
  if (iequals(primary, "en")) return Language::en;
  return std::nullopt;
}

std::optional<Language> asked_for(std::string_view query) {
  while (!query.empty()) {
    if (const auto value = cut_parameter(query, "lang")) return language_of(*value);
  }
  return std::nullopt;
}

}  // namespace

LanguageChoice choose_language(std::string_view query, std::optional<std::string_view> accept_language) {
  if (const auto language = asked_for(query)) return {*language, true};
  LanguageChoice best;
  int best_weight = 0;
  auto rest = accept_language.value_or("");
  while (!rest.empty()) {
    const auto range = cut_weighted(rest);
    const auto language = language_of(range.value);
    if (!language || range.weight <= best_weight) continue;
    best_weight = range.weight;
    best.language = *language;
  }
  return best;
}

}  // namespace wx::endpoints
