// A request to the cache.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "cache/loader.hpp"

namespace wx::cache {

struct Lookup {
  std::string_view key;         // without CACHE_PREFIX; must be valid during the call only
  std::uint64_t hash = 0;       // hash64(key)
  Mode mode = Mode::normal;     // the tiers to use
  SteadyTime deadline;          // the caller waits no longer than this
  bool forced = false;          // load a new answer even if one is cached
  bool only_if_cached = false;  // do not load (RFC 9111 §5.2.1.7)
};

}  // namespace wx::cache
