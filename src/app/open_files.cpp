#include "app/open_files.hpp"

#include <filesystem>
#include <iterator>

#include <sys/stat.h>

#include "http_server/connection_plan.hpp"

namespace wx::app {
namespace {

constexpr const char* kFiles = "/proc/self/fd";

// Since Linux 6.2, the size of the folder is the number of open files. Before, it is 0.
std::optional<std::size_t> number_of_entries() {
  struct stat folder{};
  if (stat(kFiles, &folder) != 0) return std::nullopt;
  if (folder.st_size > 0) return static_cast<std::size_t>(folder.st_size);
  std::error_code error;
  const std::filesystem::directory_iterator entries(kFiles, error);
  if (error) return std::nullopt;
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries))) - 1;  // one is the folder, just opened
}

}  // namespace

std::optional<OpenFiles> count_open_files() {
  const auto open = number_of_entries();
  if (!open) return std::nullopt;
  return OpenFiles{.open = *open, .limit = http_server::file_limit()};
}

}  // namespace wx::app
