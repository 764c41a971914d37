// A request to the cache.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.hpp"

namespace wx::cache {

enum class Mode : std::uint8_t {
  normal,      // all tiers
  redis_only,  // the memory tier is neither read nor filled
  bypass,      // no tier is read or filled, and the flight is not shared
};

struct Lookup {
  std::string_view key;         // without CACHE_PREFIX; need not outlive the call
  std::uint64_t hash = 0;       // hash64(key)
  Mode mode = Mode::normal;     // the tiers to use
  SteadyTime deadline;          // the caller waits no longer than this
  bool forced = false;          // load a new answer even if one is cached
  bool only_if_cached = false;  // do not load (RFC 9111 §5.2.1.7); takes precedence over `forced`
  // Becomes true when the caller needs no answer any more (its client has gone); null: it always needs one. A load that
  // has not begun does not begin for such callers alone; they then get ErrorKind::deadline_exceeded.
  std::shared_ptr<const std::atomic<bool>> gone = nullptr;
  // The question, if the key is a hash of it; else empty. An entry, a flight or a remembered failure of another
  // question is none for this lookup: two questions with one hash get an answer each. Need not outlive the call.
  std::string_view question = {};
};

}  // namespace wx::cache
