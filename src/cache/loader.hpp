// The port between the cache and the source of its values: what the cache asks of a loader, and what the loader gives
// back. A source (the provider, the mock) includes this file and nothing else of the cache.
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

// A value as a loader made it, before the cache dates it.
struct Loaded {
  Body body;
  std::string content_type;
  std::string etag;
  Spans spans;
  bool early_refresh = true;
  // A refusal is the source's deterministic rejection of this query: `body` is its reason as plain text, and the cache
  // keeps it for MemoOptions::refusal instead of `spans` and `early_refresh`.
  EntryKind kind = EntryKind::answer;

  [[nodiscard]] static Loaded refusal(Body reason) {
    return {.body = std::move(reason),
            .content_type = "text/plain",
            .etag = "refusal",
            .spans = {},
            .kind = EntryKind::refusal};
  }
};

// Why a load is wanted, the most urgent first. A source whose calls are scarce serves them in this order, and may
// refuse the later ones.
enum class Purpose : std::uint8_t {
  cold,        // no copy exists; a caller waits
  revalidate,  // a kept copy exists; a caller waits for a better one
  refresh,     // a stale copy was served
  early,       // a fresh copy was served
};

using Proceed = std::move_only_function<void(bool go)>;
struct LoadRequest {
  Purpose purpose = Purpose::cold;
  SteadyTime deadline;             // the latest deadline among the callers that wait for the load so far
  bool redis_unavailable = false;  // Redis has just failed to answer: the loader must not wait for it again
  // The loader calls this, on any thread, once it could start at once (its turn has come). The cache answers through
  // the Proceed, on any thread: true means go on; false means stand down, because another process loads or no caller
  // waits any more, and LoadCallback is then not called. A loader that refuses before its turn calls LoadCallback
  // instead.
  std::move_only_function<void(Proceed)> turn;
};

using LoadCallback = std::move_only_function<void(Result<Loaded>)>;
// Fetches the value from its source. The callback may come on any thread, once.
using Loader = std::move_only_function<void(LoadRequest request, LoadCallback done)>;

enum class Mode : std::uint8_t {
  normal,      // all tiers
  redis_only,  // the memory tier is neither read nor filled
  bypass,      // no tier, no flight shared with anybody
};

}  // namespace wx::cache
