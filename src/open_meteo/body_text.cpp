#include "open_meteo/body_text.hpp"

#include <cstddef>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kGaveUp = "Unexpected error while streaming data";

std::string_view from_first_character(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : body.substr(first);
}

// Whether the first bracket of `text` is closed again. Brackets within strings do not count.
bool is_closed(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_json_type(std::string_view content_type) {
  return iequals(trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

std::string_view without_byte_order_mark(std::string_view body) {
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  return body;
}

bool is_cut_short(std::string_view body) {
  const auto text = from_first_character(body);
  if (text.empty() || !gave_up(text).empty()) return true;
  return (text.front() == '{' || text.front() == '[') && !is_closed(text);
}

bool is_web_page(std::string_view body) {
  return from_first_character(body).starts_with('<');
}

std::string_view gave_up(std::string_view body) {
  const auto at = body.find(kGaveUp);
  return at == std::string_view::npos ? std::string_view() : body.substr(at);
}

}  // namespace wx::open_meteo
