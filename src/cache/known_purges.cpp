#include "cache/known_purges.hpp"

namespace wx::cache {

void KnownPurges::record(std::string_view key, const Moment& at) {
  const Lock lock(mutex_);
  if (const auto* known = purges_.find(key); known != nullptr && at.steady <= known->steady) return;
  purges_.put(key, at);
  any_ = true;
}

std::optional<Moment> KnownPurges::find(std::string_view key) const {
  if (!any_.load(std::memory_order_relaxed)) return std::nullopt;
  const Lock lock(mutex_);
  const auto* known = purges_.find(key);
  return known == nullptr ? std::nullopt : std::optional(*known);
}

}  // namespace wx::cache
