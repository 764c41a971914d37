// The page's scripts, styles and images and the OpenAPI document, embedded at build time by web/embed.py.
//
// Thread-safety: immutable; safe from any thread.
#pragma once

#include <span>
#include <string_view>

namespace wx::web {

struct Asset {
  std::string_view name;  // "style.css"
  std::string_view path;  // "/assets/style.0123456789ab.css" (changes with the content), or "/openapi.json"
  std::string_view type;  // Content-Type
  std::string_view hash;  // of the content
  std::string_view plain;
  std::string_view gzip;    // RFC 1952; empty for a PNG, which is compressed already
  std::string_view brotli;  // RFC 7932; empty likewise
};

// All assets, sorted by name.
[[nodiscard]] std::span<const Asset> assets();

// Returns the asset at a URL's path, or null.
[[nodiscard]] const Asset* find_asset(std::string_view path);

}  // namespace wx::web
