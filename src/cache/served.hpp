// What a question was answered with, and how: enough to tell the client the whole truth (X-Cache, Cache-Status, Age,
// Server-Timing), and nothing of HTTP.
#pragma once

#include <cstdint>

#include "cache/entry.hpp"

namespace wx::cache {

enum class Tier : std::uint8_t { memory, redis, loader };

enum class Outcome : std::uint8_t {
  hit,                     // fresh, from memory or Redis
  stale_while_revalidate,  // stale, a refresh runs behind
  stale_if_error,          // kept, the load failed
  soft_timeout,            // kept, the load is slow
  miss,                    // loaded by this request
  collapsed,               // waited for another request's load
  revalidated,             // something was kept, and the load came within the wait
  lease,                   // another process filled it meanwhile
  forced,                  // loaded because the client asked for a new one
  bypass,                  // no tier asked or filled
};

// Where the time went; negative where the stop did not happen.
struct Timings {
  nanoseconds redis{-1};
  nanoseconds load{-1};
};

struct Served {
  EntryPtr entry;
  Tier tier = Tier::loader;
  Outcome outcome = Outcome::miss;
  nanoseconds age{0};
  bool stored = false;             // the entry was put into a tier on this occasion
  bool redis_unavailable = false;  // Redis should have been asked, and did not answer
  Timings timings;
};

}  // namespace wx::cache
