// The page's texts in every language (web/*.json), and its templates with these texts filled in (web/*.html).
//
// Thread-safety: immutable; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wx::web {

enum class Language : std::uint8_t { en, pt_br };
inline constexpr std::array kLanguages{Language::en, Language::pt_br};

// The BCP 47 tag: "en", "pt-BR".
[[nodiscard]] std::string_view tag(Language language);

// Plain text, not escaped; empty if the key does not exist. Every language has the same keys.
[[nodiscard]] std::string_view text(Language language, std::string_view key);

// HTML with {{slots}} (pages/template.hpp): "page.html", "problem.html".
[[nodiscard]] std::string_view html_template(Language language, std::string_view name);

}  // namespace wx::web
