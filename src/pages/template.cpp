#include "pages/template.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::pages {

void Values::set_text(std::string_view name, std::string_view value) {
  append_html_escaped(slots_.emplace_back(name, std::string()).second, value);
}

void Values::set_html(std::string_view name, std::string_view value) {
  slots_.emplace_back(name, value);
}

void Values::set_flag(std::string_view name, bool value) {
  if (value) flags_.push_back(name);
}

const std::string* Values::find(std::string_view name) const {
  const auto found = std::ranges::find(slots_, name, [](const auto& slot) { return slot.first; });
  return found == slots_.end() ? nullptr : &found->second;
}

bool Values::is_set(std::string_view flag) const {
  return std::ranges::find(flags_, flag) != flags_.end();
}

void fill(std::string& out, std::string_view source, const Values& values) {
  while (true) {
    const auto open = source.find("{{");
    const auto close = open == std::string_view::npos ? open : source.find("}}", open);
    if (close == std::string_view::npos) return append(out, source);
    append(out, source.substr(0, open));
    const auto tag = source.substr(open, close + 2 - open);
    const auto name = tag.substr(2, tag.size() - 4);
    source.remove_prefix(close + 2);
    if (name.starts_with('?')) {
      if (values.is_set(name.substr(1))) continue;
      const auto end = cat("{{/", name.substr(1), "}}");
      const auto at = source.find(end);
      source.remove_prefix(at == std::string_view::npos ? source.size() : at + end.size());
    } else if (name.starts_with('/')) {
      continue;
    } else if (const auto* value = values.find(name)) {
      append(out, *value);
    } else {
      append(out, tag);
    }
  }
}

}  // namespace wx::pages
