// The purges of single keys that this process has made, heard of, or seen as tombstones. It serves nothing from before
// them, whatever Redis says: a write that was under way may bring a purged value back. Holds the last 10,000.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/mutex.hpp"
#include "cache/entry.hpp"

namespace wx::cache {

class KnownPurges {
 public:
  static constexpr std::size_t kLimit = 10'000;

  // A purge that is earlier than the known one of the key changes nothing.
  void record(std::string_view key, const Moment& at);
  // Returns the latest known purge of the key.
  [[nodiscard]] std::optional<Moment> find(std::string_view key) const;

 private:
  using Order = std::list<std::pair<std::string, Moment>>;

  mutable Mutex mutex_;
  Order order_ WX_GUARDED_BY(mutex_);                                                  // oldest first
  std::unordered_map<std::string_view, Order::iterator> items_ WX_GUARDED_BY(mutex_);  // the keys are views into order_
  std::atomic<bool> any_{false};  // spares reads the mutex where nothing was ever purged
};

}  // namespace wx::cache
