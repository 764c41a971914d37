// The answer to a lookup and its origin: the information for X-Cache, Cache-Status, Age and Server-Timing, independent
// of HTTP.
#pragma once

#include <cstdint>

#include "cache/entry.hpp"

namespace wx::cache {

enum class Tier : std::uint8_t { memory, redis, loader };

enum class Outcome : std::uint8_t {
  hit,                     // fresh, from memory or Redis
  stale_while_revalidate,  // stale; a refresh runs in the background
  stale_if_error,          // kept; the load failed
  soft_timeout,            // kept; the load is slow
  miss,                    // loaded by this request
  collapsed,               // loaded by another request in this process
  revalidated,             // loaded by this request, to replace a copy
  lease,                   // loaded by another process in the meantime
  forced,                  // loaded because the client requested a new answer
  bypass,                  // no tier was read or filled
};

// The duration of each step; negative if the step did not happen.
struct Timings {
  nanoseconds redis{-1};
  nanoseconds load{-1};
};

struct Served {
  EntryPtr entry;
  Tier tier = Tier::loader;
  Outcome outcome = Outcome::miss;
  nanoseconds age{0};
  bool stored = false;             // this request's load stored the entry in a tier
  bool redis_unavailable = false;  // Redis did not answer or was unavailable
  Timings timings;
};

}  // namespace wx::cache
