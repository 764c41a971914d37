// Recorded answers of the provider, if they are there. Tests use them in addition to the fixtures.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace wx::test {

// File name -> contents of one folder. Empty if there is no such folder. The folder is WX_RECORDED, else
// ../shared/open-meteo beside the source tree.
inline std::map<std::string, std::string> recorded(const std::string& folder) {
  namespace fs = std::filesystem;
  const char* const told = std::getenv("WX_RECORDED");
  const fs::path source = fs::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  const fs::path root = told != nullptr ? fs::path(told) : source.parent_path() / "shared" / "open-meteo";
  std::map<std::string, std::string> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(root / folder, none)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files.emplace(entry.path().filename().string(), std::string(std::istreambuf_iterator<char>(in), {}));
  }
  return files;
}

}  // namespace wx::test
