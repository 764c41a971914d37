#include "http_server/connection_budget.hpp"

#include <algorithm>
#include <limits>

#include <sys/resource.h>

namespace wx::http_server {

std::size_t file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<std::size_t>::max();
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t connections_within_file_limit(std::size_t wanted) {
  const std::size_t files = file_limit();
  const std::size_t reserve = std::min<std::size_t>(512, files / 4);
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(files - reserve, 1));
}

void ConnectionBudget::join(Member& member) {
  const Lock lock(mutex_);
  members_.push_back(&member);
}

void ConnectionBudget::leave(Member& member) {
  const Lock lock(mutex_);
  std::erase(members_, &member);
}

void ConnectionBudget::search_on(Search search) {
  const bool found = acquire();
  const Lock lock(mutex_);
  while (!found && search.next < members_.size()) {
    Member* const asked = members_[search.next++];
    if (asked != search.asker && asked->give_place(search)) return;
  }
  const bool is_there = std::ranges::find(members_, search.asker) != members_.end();
  const bool taken = is_there && search.asker->on_searched(search.id, found);
  if (found && !taken) release();
}

}  // namespace wx::http_server
