// The purges of single keys that this process has made, heard of, or seen as tombstones. It serves nothing from before
// them, whatever Redis says: a write that was under way may bring a purged value back. Holds the last 10,000.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/mutex.hpp"
#include "cache/entry.hpp"
#include "cache/recent_keys.hpp"

namespace wx::cache {

class KnownPurges {
 public:
  static constexpr std::size_t kLimit = 10'000;

  // A purge that is earlier than the known one of the key changes nothing.
  void record(std::string_view key, const Moment& at);
  // Returns the latest known purge of the key.
  [[nodiscard]] std::optional<Moment> find(std::string_view key) const;

 private:
  mutable Mutex mutex_;
  RecentKeys<Moment> purges_ WX_GUARDED_BY(mutex_){kLimit};
  std::atomic<bool> any_{false};  // spares reads the mutex where nothing was ever purged
};

}  // namespace wx::cache
