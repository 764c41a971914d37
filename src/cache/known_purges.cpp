#include "cache/known_purges.hpp"

namespace wx::cache {

void KnownPurges::record(std::string_view key, const Moment& at) {
  const Lock lock(mutex_);
  if (const auto found = items_.find(key); found != items_.end()) {
    if (at.steady <= found->second->second.steady) return;
    found->second->second = at;
    order_.splice(order_.end(), order_, found->second);
    return;
  }
  if (order_.size() >= kLimit) {
    items_.erase(order_.front().first);
    order_.pop_front();
  }
  order_.emplace_back(std::string(key), at);
  const auto item = std::prev(order_.end());
  items_.emplace(item->first, item);
  any_ = true;
}

std::optional<Moment> KnownPurges::find(std::string_view key) const {
  if (!any_.load(std::memory_order_relaxed)) return std::nullopt;
  const Lock lock(mutex_);
  const auto found = items_.find(key);
  if (found == items_.end()) return std::nullopt;
  return found->second->second;
}

}  // namespace wx::cache
