// An entry of the cache: an answer, the time from which it counts as stored, and how long it may be served.
//
//   stored_at ──── fresh_for ────┬──── stale_for ────┬──────── keep_for ────────┬─► gone
//              fresh: HIT        │ stale: served,    │ kept: a fallback if the  │
//                                │ and refreshed     │ load fails or is slow    │
//
// `stored_at` is the time at which the request for the answer was sent, not the time at which the answer arrived: the
// answer may be that old, and the time it took on the way counts as age (response_delay in RFC 9111 §4.2.3).
//
// Thread-safety: an Entry is immutable once shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/body.hpp"
#include "base/clock.hpp"

namespace wx::cache {

struct Spans {
  milliseconds fresh_for{0};
  milliseconds stale_for{0};  // stale-while-revalidate (RFC 5861 §3)
  milliseconds keep_for{0};   // stale-if-error (RFC 5861 §4)

  // The age from which the entry must not be served.
  [[nodiscard]] milliseconds total() const { return fresh_for + stale_for + keep_for; }
  friend bool operator==(const Spans&, const Spans&) = default;
};

enum class EntryKind : std::uint8_t {
  answer,
  refusal,     // the source rejects this query
  valueless,   // the source has no values for this query, and says so in a body of its own
  tombstone,   // no value: the mark of a purge (make_tombstone())
  unreadable,  // no value, and never stored: what Redis holds is damaged, or of another version
};

// How the bytes of a body are coded (Content-Encoding, RFC 9110 §8.4).
enum class Encoding : std::uint8_t { identity, gzip };

// Returns true for what is remembered like a failure: it never replaces an answer.
[[nodiscard]] constexpr bool is_negative(EntryKind kind) {
  return kind == EntryKind::refusal || kind == EntryKind::valueless;
}

struct Entry {
  Body body;
  std::string content_type;
  std::string etag;  // opaque tag, without quotes and W/
  WallTime stored_at;
  Spans spans;
  std::uint64_t epoch = 0;  // the epoch when the value was loaded; purged if a higher one is in force
  EntryKind kind = EntryKind::answer;
  // Allows a hit late in fresh_for to start a refresh. False if fresh_for ends when the source has its next value.
  bool early_refresh = true;
  // Of a negative entry: callers get it even if an older answer may be served. Counts in the process that loaded it.
  bool decisive = false;
  Encoding encoding = Encoding::identity;  // of `body`
  std::uint64_t decoded_size = 0;          // of a gzip body, in bytes; 0: the body is not coded
  std::string content_disposition = {};    // the header's value; usually empty
  // What was asked, if the key is a hash of it and so does not say it; else empty. Entries of one key with different
  // questions are never mixed up (Lookup::question).
  std::string question = {};

  friend bool operator==(const Entry&, const Entry&) = default;
};

// The mark that a purge of one key leaves in Redis for `span`. It has no body and is never served. Who reads it drops
// every copy from before purged_at, which is its stored_at. A value that is stored later replaces it.
//
// A plain deletion would not do: a SET that was under way, or a copy that another process puts back, would bring the
// purged value back, and a process that has missed the purge's message would not learn of it.
[[nodiscard]] Entry make_tombstone(WallTime purged_at, milliseconds span);

using EntryPtr = std::shared_ptr<const Entry>;

enum class Freshness : std::uint8_t { fresh, stale, kept, gone };

[[nodiscard]] constexpr Freshness freshness_at(const Spans& spans, nanoseconds age) {
  if (age < spans.fresh_for) return Freshness::fresh;
  if (age < spans.fresh_for + spans.stale_for) return Freshness::stale;
  if (age < spans.fresh_for + spans.stale_for + spans.keep_for) return Freshness::kept;
  return Freshness::gone;
}

// An entry as one process holds it. Its age is measured from `born` by the steady clock, so changes of the wall clock
// do not affect it.
struct Copy {
  EntryPtr entry;
  SteadyTime born;

  [[nodiscard]] nanoseconds age(SteadyTime now) const { return now < born ? nanoseconds(0) : now - born; }
  [[nodiscard]] Freshness freshness(SteadyTime now) const { return freshness_at(entry->spans, age(now)); }
};

// A moment by the fleet's time and by the steady clock of this process.
struct Moment {
  WallTime wall;
  SteadyTime steady;
};

// By how much two clocks may differ without one of them being wrong.
inline constexpr milliseconds kClockTolerance{2000};

// Returns true if the copy was stored at this moment or earlier: by its date, or by its age if its date is of another
// clock. (A process that has not heard Redis yet dates by its own, and the fleet's time may step.)
[[nodiscard]] bool stored_until(const Copy& copy, const Moment& moment);

// Returns true if `stored_at` is more than kClockTolerance ahead of `now`, so that one of the two clocks must be wrong.
[[nodiscard]] inline bool is_ahead(WallTime stored_at, WallTime now) {
  return stored_at - now > kClockTolerance;
}
[[nodiscard]] inline bool ahead_of_clock(WallTime stored_at, const Clock& clock) {
  return is_ahead(stored_at, clock.wall());
}

// Makes a copy of an entry that any process stored, with its age by the wall clock. A stored_at up to 2 s ahead counts
// as now. If it is further ahead, the age is unknown, and the copy starts at the end of its fresh span.
//
// Judge the copy by `now.steady` too. By a slightly earlier time it would still be fresh.
[[nodiscard]] Copy make_copy(EntryPtr entry, const Moment& now);
[[nodiscard]] inline Copy make_copy(EntryPtr entry, const Clock& clock) {
  return make_copy(std::move(entry), {.wall = clock.wall(), .steady = clock.steady()});
}

// The age from which a hit may start an early refresh: `part` of fresh_for, varied per key by up to +/-10 %, at most
// fresh_for. It equals fresh_for if the entry allows no early refresh or `part` is 1 or more.
[[nodiscard]] nanoseconds early_refresh_age(const Entry& entry, double part, std::uint64_t key_hash);
// Returns true if the copy has reached that age.
[[nodiscard]] inline bool is_late(const Copy& copy, double part, std::uint64_t key_hash, SteadyTime now) {
  return copy.age(now) >= early_refresh_age(*copy.entry, part, key_hash);
}

}  // namespace wx::cache
