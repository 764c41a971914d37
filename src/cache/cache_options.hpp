// The options of the cache, fixed at construction. Durations are not negative.
#pragma once

#include "base/clock.hpp"
#include "cache/error_memos.hpp"
#include "cache/memory_tier.hpp"

namespace wx::cache {

struct CacheOptions {
  MemoryOptions memory;
  MemoOptions memos;
  // CACHE_SOFT_WAIT: how long a caller waits for a newer answer if there is a fallback.
  milliseconds soft_wait{1500};
  // A flight ends this long after it began or last changed its leader, with the fallback or an error.
  milliseconds flight_age_limit{20'000};
  // The time for which a lease is taken. It must exceed the longest load, including its retry, by more than kLeaseEdge.
  milliseconds lease_span{6'000};
  // How long a tombstone stays in Redis. It must exceed the spans of every value that a process of the fleet may hold.
  milliseconds tombstone_span{std::chrono::hours(48)};
  // CACHE_REFRESH=inline: a caller with a stale copy waits for the load.
  bool inline_refresh = false;
  // CACHE_WRITE=before: how long an answer waits at most for its write to Redis. 0: it does not wait.
  milliseconds write_wait{0};
};

}  // namespace wx::cache
