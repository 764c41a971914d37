// The keys to which something has happened lately, each with a value. Beyond the limit, the key to which nothing has
// happened for the longest time is forgotten.
//
// Thread-safety: none.
#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace wx::cache {

template <class Value>
class RecentKeys {
 public:
  explicit RecentKeys(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] bool empty() const { return order_.empty(); }
  // Returns null for a key that is not known. The pointer is valid until the next change.
  [[nodiscard]] const Value* find(std::string_view key) const {
    const auto found = items_.find(key);
    return found == items_.end() ? nullptr : &found->second->second;
  }
  // Makes the key the latest.
  void put(std::string_view key, Value value) {
    if (const auto found = items_.find(key); found != items_.end()) {
      found->second->second = std::move(value);
      order_.splice(order_.end(), order_, found->second);
      return;
    }
    if (order_.size() >= limit_) erase(std::string_view(order_.front().first));
    order_.emplace_back(std::string(key), std::move(value));
    const auto item = std::prev(order_.end());
    items_.emplace(item->first, item);
  }
  void erase(std::string_view key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return;
    const auto item = found->second;
    items_.erase(found);  // its key is a view into the item
    order_.erase(item);
  }

 private:
  using Order = std::list<std::pair<std::string, Value>>;

  const std::size_t limit_;
  Order order_;                                                           // the latest is last
  std::unordered_map<std::string_view, typename Order::iterator> items_;  // the keys are views into order_
};

}  // namespace wx::cache
