// A request to the cache: the key, the tiers that take part, and the caller's deadline.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "cache/loader.hpp"

namespace wx::cache {

struct Lookup {
  std::string_view key;         // as in Redis; read during the call only
  std::uint64_t hash = 0;       // hash64(key)
  Mode mode = Mode::normal;     // the tiers that take part
  SteadyTime deadline;          // when the caller stops waiting
  bool forced = false;          // the caller wants a new answer even if one is cached
  bool only_if_cached = false;  // the caller wants no load (RFC 9111 §5.2.1.7)
};

}  // namespace wx::cache
