// The page's scripts, styles and pictures and the OpenAPI document, embedded when the program is built (web/embed.py).
//
// Thread-safety: immutable once made; any thread.
#pragma once

#include <span>
#include <string_view>

namespace wx::web {

struct Asset {
  std::string_view name;  // "style.css"
  std::string_view path;  // "/assets/style.0123456789ab.css": changes with the content; or "/openapi.json"
  std::string_view type;  // for Content-Type
  std::string_view hash;  // of the content
  std::string_view plain;
  std::string_view gzip;    // RFC 1952
  std::string_view brotli;  // RFC 7932
};

// All of them, in the order of their names.
[[nodiscard]] std::span<const Asset> assets();

// The asset at a URL's path; null if there is none.
[[nodiscard]] const Asset* find_asset(std::string_view path);

}  // namespace wx::web
