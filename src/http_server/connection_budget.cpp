#include "http_server/connection_budget.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace wx::http_server {

std::size_t connections_within_file_limit(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::max<std::size_t>(wanted, 1);
  const auto files = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t reserve = std::min<std::size_t>(512, files / 4);
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(files - reserve, 1));
}

}  // namespace wx::http_server
