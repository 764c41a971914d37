// How many files this process has open, sockets included, and how many it may have. Only the process itself can tell:
// without core dumps (PR_SET_DUMPABLE), Linux shows /proc/<pid>/fd to nobody but root and the process.
//
// Thread-safety: a function without state.
#pragma once

#include <cstddef>
#include <optional>

namespace wx::app {

struct OpenFiles {
  std::size_t open = 0;
  std::size_t limit = 0;  // see http_server::file_limit()
};

// Empty where /proc cannot be read.
[[nodiscard]] std::optional<OpenFiles> count_open_files();

}  // namespace wx::app
