// The page's words in every language, and its templates with the words filled in (web/*.json, web/*.html).
//
// Thread-safety: immutable once made; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wx::web {

enum class Language : std::uint8_t { en, pt_br };
inline constexpr std::array kLanguages{Language::en, Language::pt_br};

// As in BCP 47: "en", "pt-BR".
[[nodiscard]] std::string_view tag(Language language);

// Plain text, not escaped; empty if there is no such key. Every language has the same keys.
[[nodiscard]] std::string_view text(Language language, std::string_view key);

// HTML with {{slots}} (pages/template.hpp): "page.html", "problem.html".
[[nodiscard]] std::string_view html_template(Language language, std::string_view name);

}  // namespace wx::web
