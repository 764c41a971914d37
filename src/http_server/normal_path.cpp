#include "http_server/normal_path.hpp"

#include "base/text.hpp"

namespace wx::http_server {
namespace {

// RFC 3986 §2.3
bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> normal_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.front() != '%') {
      out += path.front();
      path.remove_prefix(1);
      continue;
    }
    const int high = path.size() < 3 ? -1 : hex_digit(path[1]);
    const int low = path.size() < 3 ? -1 : hex_digit(path[2]);
    if (high < 0 || low < 0) return std::nullopt;
    const char decoded = static_cast<char>(high * 16 + low);
    if (is_unreserved(decoded)) {
      out += decoded;
    } else {
      append(out, path.substr(0, 3));
    }
    path.remove_prefix(3);
  }
  if (has_dot_segment(out)) return std::nullopt;
  return out;
}

bool has_dot_segment(std::string_view path) {
  for (auto at = path.find("/."); at != std::string_view::npos; at = path.find("/.", at + 1)) {
    const auto rest = path.substr(at + 2);
    const auto after = rest.substr(rest.starts_with('.') ? 1 : 0);
    if (after.empty() || after.starts_with('/')) return true;
  }
  return false;
}

}  // namespace wx::http_server
