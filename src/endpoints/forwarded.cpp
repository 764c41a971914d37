#include "endpoints/forwarded.hpp"

#include "base/text.hpp"
#include "http_server/head_syntax.hpp"
#include "http_server/list.hpp"

namespace wx::endpoints {
namespace {

bool follows_backslash(std::string_view text, std::size_t at) {
  bool escaped = false;
  for (; at > 0 && text[at - 1] == '\\'; --at) escaped = !escaped;
  return escaped;
}

// The content of a token or of a quoted string (RFC 9110 §5.6.2 and §5.6.4); nothing if `text` is neither.
std::optional<std::string_view> unquoted(std::string_view text) {
  if (http_server::syntax::is_token(text)) return text;
  if (!text.starts_with('"') || http_server::quoted_string_length(text) != text.size()) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

}  // namespace

std::string_view cut_last_element(std::string_view& rest) {
  std::size_t begin = rest.size();
  bool quoted = false;
  for (; begin > 0; --begin) {
    const char c = rest[begin - 1];
    if (c == ',' && !quoted) break;
    if (c == '"' && !(quoted && follows_backslash(rest, begin - 1))) quoted = !quoted;
  }
  const auto element = trim(rest.substr(begin));
  rest = rest.substr(0, begin == 0 ? 0 : begin - 1);
  return element;
}

std::optional<std::string_view> forwarded_parameter(std::string_view element, std::string_view name) {
  std::string_view found;
  while (!element.empty()) {
    const auto pair = http_server::cut_member(element, ';');
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || !http_server::syntax::is_token(pair.substr(0, equals))) return std::nullopt;
    const auto value = unquoted(pair.substr(equals + 1));
    if (!value) return std::nullopt;
    if (!iequals(pair.substr(0, equals), name)) continue;
    if (!found.empty()) return std::nullopt;
    found = *value;
  }
  return found;
}

}  // namespace wx::endpoints
