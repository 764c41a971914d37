#include "web/assets.hpp"

#include <algorithm>

#include "web/tables.hpp"

namespace wx::web {

std::span<const Asset> assets() {
  return asset_table();
}

const Asset* find_asset(std::string_view path) {
  const auto found = std::ranges::find(assets(), path, &Asset::path);
  return found == assets().end() ? nullptr : &*found;
}

}  // namespace wx::web
