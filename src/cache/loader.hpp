// The interface between the cache and the sources of its values: the request to a loader, and the loaded value. A
// source (the provider, the mock) includes only this header of the cache.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/body.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "cache/entry.hpp"

namespace wx::cache {

// A loaded value, before the cache adds the time at which it was stored.
struct Loaded {
  Body body;
  std::string content_type;
  std::string etag;
  Spans spans;
  bool early_refresh = true;
  // A refusal is the source's deterministic rejection of this query: `body` is the reason as plain text, and the cache
  // keeps it for MemoOptions::refusal and ignores `spans` and `early_refresh`.
  EntryKind kind = EntryKind::answer;

  [[nodiscard]] static Loaded refusal(Body reason) {
    return {.body = std::move(reason),
            .content_type = "text/plain",
            .etag = "refusal",
            .spans = {},
            .kind = EntryKind::refusal};
  }
};

// The purpose of a load, the most urgent first. A source with limited calls serves them in this order, and may refuse
// the less urgent ones.
enum class Purpose : std::uint8_t {
  cold,        // no copy exists; callers wait
  revalidate,  // a kept copy exists; callers wait for a newer one
  refresh,     // a stale copy was served; no caller waits
  early,       // a fresh copy was served; no caller waits
};

using Proceed = std::move_only_function<void(bool go)>;
struct LoadRequest {
  Purpose purpose = Purpose::cold;
  SteadyTime deadline;             // the latest deadline of the callers that wait for the load at its start
  bool redis_unavailable = false;  // Redis has just failed to answer; the loader must not wait for it again
  // The loader calls this, on any thread, when it could start at once (its turn has come). The cache then calls the
  // Proceed, on any thread: true means go on; false means that the load is not wanted, because another process loads or
  // no caller waits any more, and LoadCallback must not be called. A loader that refuses before its turn calls
  // LoadCallback instead.
  std::move_only_function<void(Proceed)> turn;
};

using LoadCallback = std::move_only_function<void(Result<Loaded>)>;
// Fetches the value from its source. Calls `done` exactly once, on any thread, unless Proceed(false) ended the load.
using Loader = std::move_only_function<void(LoadRequest request, LoadCallback done)>;

enum class Mode : std::uint8_t {
  normal,      // all tiers
  redis_only,  // the memory tier is neither read nor filled
  bypass,      // no tier is read or filled, and the flight is not shared
};

}  // namespace wx::cache
