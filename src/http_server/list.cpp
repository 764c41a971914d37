#include "http_server/list.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::http_server {
namespace {

// The position of the first `separator` outside of quoted strings, or the end.
std::size_t find_unquoted(std::string_view text, char separator) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != separator) {
    const std::size_t quoted = text[at] == '"' ? quoted_string_length(text.substr(at)) : 1;
    at = quoted == 0 ? text.size() : at + quoted;
  }
  return at;
}

}  // namespace

std::size_t quoted_string_length(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return 0;
}

std::string_view cut_member(std::string_view& rest, char separator) {
  std::size_t end = std::min(rest.find(separator), rest.size());
  // Quotes are rare, and without a separator they make no difference.
  if (end != rest.size() && rest.substr(0, end).contains('"')) end = find_unquoted(rest, separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trim(part);
}

}  // namespace wx::http_server
