// The answer to a lookup and how it came about: everything that X-Cache, Cache-Status, Age and Server-Timing tell the
// client, without any HTTP.
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
  collapsed,               // waited for another request's load
  revalidated,             // a copy was kept, and the load finished within the wait
  lease,                   // another process filled it in the meantime
  forced,                  // loaded because the client asked for a new answer
  bypass,                  // no tier was read or filled
};

// The time that each step took; negative if the step did not happen.
struct Timings {
  nanoseconds redis{-1};
  nanoseconds load{-1};
};

struct Served {
  EntryPtr entry;
  Tier tier = Tier::loader;
  Outcome outcome = Outcome::miss;
  nanoseconds age{0};
  bool stored = false;             // this request put the entry into a tier
  bool redis_unavailable = false;  // Redis did not answer, or could not be asked
  Timings timings;
};

}  // namespace wx::cache
