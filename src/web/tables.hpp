// The tables that web/embed.py generates. Private to this room.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "web/assets.hpp"
#include "web/texts.hpp"

namespace wx::web {

struct TextRow {
  std::string_view key;
  std::array<std::string_view, kLanguages.size()> values;  // in the order of Language
};

// Each is sorted by name or key.
[[nodiscard]] const std::vector<Asset>& asset_table();
[[nodiscard]] const std::vector<TextRow>& text_table();
[[nodiscard]] const std::vector<TextRow>& template_table();

template <std::size_t size>
std::string_view bytes(const unsigned char (&data)[size]) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace wx::web
