// The settings of the cache as a whole. Durations are non-negative.
#pragma once

#include "base/clock.hpp"
#include "cache/error_memos.hpp"
#include "cache/memory_tier.hpp"

namespace wx::cache {

struct CacheOptions {
  MemoryOptions memory;
  MemoOptions memos;
  milliseconds soft_wait{1500};           // CACHE_SOFT_WAIT
  milliseconds flight_age_limit{20'000};  // a flight older than this is given up
  milliseconds lease_span{6'000};         // the longest load, retries included, plus a second
  bool inline_refresh = false;            // CACHE_REFRESH=inline
  milliseconds write_wait{0};             // CACHE_WRITE=before: how long an answer waits for its write; 0: not at all
};

}  // namespace wx::cache
