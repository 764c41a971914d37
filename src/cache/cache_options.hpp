// The options of the cache, fixed at construction. Durations are not negative.
#pragma once

#include "base/clock.hpp"
#include "cache/error_memos.hpp"
#include "cache/memory_tier.hpp"

namespace wx::cache {

struct CacheOptions {
  MemoryOptions memory;
  MemoOptions memos;
  milliseconds soft_wait{1500};           // CACHE_SOFT_WAIT
  milliseconds flight_age_limit{20'000};  // a flight ends at this age: with a kept copy or an error
  milliseconds lease_span{6'000};         // must exceed the longest load, including its retry
  bool inline_refresh = false;            // CACHE_REFRESH=inline
  milliseconds write_wait{0};             // CACHE_WRITE=before: the longest wait of an answer for its write to Redis
};

}  // namespace wx::cache
