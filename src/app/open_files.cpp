#include "app/open_files.hpp"

#include <filesystem>
#include <iterator>
#include <limits>

#include <sys/resource.h>
#include <sys/stat.h>

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
  rlimit limit{};
  if (!open || getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  const bool none = limit.rlim_cur == RLIM_INFINITY;
  return OpenFiles{.open = *open, .limit = none ? std::numeric_limits<std::size_t>::max() : limit.rlim_cur};
}

}  // namespace wx::app
