#include "http_server/connection_budget.hpp"

#include <algorithm>

namespace wx::http_server {

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
