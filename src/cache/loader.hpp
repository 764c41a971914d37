// The interface between the cache and the sources of its values: the request to a loader, and the loaded value. A
// source (the provider, the mock) includes only this header of the cache.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/body.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "cache/entry.hpp"

namespace wx::cache {

// A loaded value, before the cache dates it.
struct Loaded {
  Body body;
  std::string content_type;
  std::string etag;
  Spans spans;
  bool early_refresh = true;
  // A refusal is the source's deterministic rejection of this query: `body` is the reason as plain text, or the
  // source's own bytes. The cache keeps a negative value (is_negative()) for MemoOptions::refusal, or for
  // spans.fresh_for if that is less and not zero, and ignores the other spans and `early_refresh`.
  EntryKind kind = EntryKind::answer;
  bool decisive = false;  // see Entry
  // The time at which the request was sent that brought this value (request_time in RFC 9111 §4.2.3). The value may be
  // as old as that, so its age and `spans` begin then. If empty, they begin when LoadCallback is called.
  std::optional<SteadyTime> request_time = std::nullopt;
  // See Entry.
  Encoding encoding = Encoding::identity;
  std::uint64_t decoded_size = 0;
  std::string content_disposition = {};

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
  cold,        // there is no copy; callers wait
  revalidate,  // there is a copy, but callers wait for a newer one
  refresh,     // no caller waits; the copy, if there is one, is no longer fresh
  early,       // no caller waits; the copy is still fresh
};

using Proceed = std::move_only_function<void(bool go)>;
// Called once, on any thread, when a load really asks its source; destroyed without a call if it never does.
using Begun = std::move_only_function<void()>;
// Those for whom a load is. Thread-safety: any thread.
class Wanting {
 public:
  Wanting() = default;
  Wanting(const Wanting&) = delete;
  Wanting& operator=(const Wanting&) = delete;
  virtual ~Wanting() = default;
  // Returns whether the load is still wanted.
  [[nodiscard]] virtual bool wanted() = 0;
};
struct LoadRequest {
  Purpose purpose = Purpose::cold;
  // A caller causes the load: nothing is cached for it, or only a copy that is served if a load fails. Else the load
  // renews a copy, which is the cache's own work, even if callers wait for it (CACHE_REFRESH=inline). It is also the
  // cache's own if all callers have gone, or have got that copy.
  bool for_client = false;
  // The latest deadline of the callers that wait when the load starts; if none waits, that of the caller that began it.
  SteadyTime deadline;
  // Redis has just failed to answer. A loader that uses Redis itself (for a budget) must not wait for it again.
  bool redis_unavailable = false;
  // The loader calls this, on any thread, when its turn has come: it could ask its source now. The cache then calls the
  // Proceed, on any thread. `true` means go on. `false` means that the load is not wanted (no caller waits any more, or
  // another process loads, has loaded or has failed), and LoadCallback must not be called. A loader that refuses before
  // its turn calls LoadCallback instead.
  std::move_only_function<void(Proceed)> turn;
  // For whoever counts the loads of a client. May be empty.
  Begun begun = {};
  // A loader may ask it until the turn, and refuse a load that is not wanted any more, to make room for another. Null:
  // it is wanted.
  std::shared_ptr<Wanting> wanting = nullptr;
};

using LoadCallback = std::move_only_function<void(Result<Loaded>)>;
// Fetches the value from its source. Calls `done` exactly once, on any thread, unless Proceed(false) ended the load. A
// flight may call its loader several times, one load after the other.
using Loader = std::move_only_function<void(LoadRequest request, LoadCallback done)>;

}  // namespace wx::cache
