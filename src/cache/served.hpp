// The answer to a lookup and its origin: the information for X-Cache, Cache-Status, Age and Server-Timing, independent
// of HTTP.
#pragma once

#include <cstdint>
#include <utility>

#include "cache/entry.hpp"

namespace wx::cache {

// The origin of an answer: one of the two tiers, or the loader.
enum class Tier : std::uint8_t { memory, redis, loader };

enum class Outcome : std::uint8_t {
  hit,                     // fresh, from memory or Redis
  stale_while_revalidate,  // stale; a refresh runs in the background
  stale_if_error,          // not fresh; the load failed or is not repeated yet, or the caller wanted no load
  soft_timeout,            // a fallback; the load is slow
  miss,                    // loaded by this request
  collapsed,               // loaded by another request in this process
  revalidated,             // loaded by this request, to replace a copy
  lease,                   // loaded by another process, which held the lease
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
  bool stored = false;             // this request's load put the entry into memory, or sent it to Redis
  bool redis_unavailable = false;  // Redis did not answer or was unavailable
  Timings timings;
};

[[nodiscard]] inline Served served_from(Copy copy, Tier tier, Outcome outcome, SteadyTime now) {
  Served served;
  served.tier = tier;
  served.outcome = outcome;
  served.age = copy.age(now);
  served.entry = std::move(copy.entry);
  return served;
}

}  // namespace wx::cache
