#include "web/texts.hpp"

#include <algorithm>

#include "web/tables.hpp"

namespace wx::web {
namespace {

std::string_view look_up(const std::vector<TextRow>& table, Language language, std::string_view key) {
  const auto found = std::ranges::lower_bound(table, key, {}, &TextRow::key);
  if (found == table.end() || found->key != key) return {};
  return found->values[static_cast<std::size_t>(language)];
}

}  // namespace

std::string_view tag(Language language) {
  return language == Language::pt_br ? "pt-BR" : "en";
}

std::string_view text(Language language, std::string_view key) {
  return look_up(text_table(), language, key);
}

std::string_view html_template(Language language, std::string_view name) {
  return look_up(template_table(), language, name);
}

}  // namespace wx::web
