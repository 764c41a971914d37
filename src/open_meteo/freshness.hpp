// Determines how long an answer of the provider's APIs is fresh, may be served stale, and is kept.
//
// An answer is fresh until one of three ends, whichever comes first:
//
//   the window     the time window that the question means moves: with the day, the hour or the quarter of an hour
//   `current`      its values have a successor; up to 30 s later, by key
//   the class      a time that depends on the kind of data; up to 10 % earlier, by key
//
// Keys differ so that not all answers expire together. Nothing is added to the end of a window: an answer from before
// it has other rows than one from after it. For the same reason an answer is not served stale beyond that end.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "cache/entry.hpp"
#include "open_meteo/asked.hpp"
#include "open_meteo/body_facts.hpp"

namespace wx::open_meteo {

struct FreshnessOptions {
  // Answers that later runs of the models change.
  milliseconds forecast_ttl = std::chrono::hours(1);  // FORECAST_TTL
  // Answers about the past that hardly change: days that ended more than 8 days ago, and runs older than a day. If it
  // is at least 7 days, answers about days that ended more than 100 days ago are fresh for at least 30 days.
  milliseconds archive_ttl = std::chrono::days(7);    // ARCHIVE_TTL
  milliseconds stale_for = std::chrono::seconds(60);  // CACHE_STALE
  // If it is at least 24 hours, archive, climate, elevation and geocoding are kept for at least 30 days.
  milliseconds keep_for = std::chrono::hours(24);  // CACHE_KEEP
};

struct Lifetime {
  cache::Spans spans;
  bool early_refresh = false;  // only where the class ends first: before another end the same answer would come again
};

// The lifetime of a valid answer that has values. `sent` is the time at which its request was sent, where its spans
// begin (cache/entry.hpp), by the provider's clock: windows and `current` move by that one.
//
// Days begin as the provider reckons them: by the offset of each location from UTC, cut to whole hours. With +05:30 a
// day begins at 19:00 UTC, which is 00:30 there. Where the answer does not show its offsets, the next full hour counts,
// because every such day begins at a full hour. So do the next quarter of an hour for a question that could not be
// read, and the next hour (with `current` or `minutely_15` the next quarter) for a spreadsheet, which is not opened.
//
// An answer whose `current` has already ended is fresh for 10 s, so that a provider that is late is not called with
// every request.
[[nodiscard]] Lifetime answer_lifetime(const FreshnessOptions& options, const Asked& asked, const BodyFacts& facts,
                                       WallTime sent, std::uint64_t key_hash);

// The age that no answer exceeds.
[[nodiscard]] milliseconds longest_life(const FreshnessOptions& options);

// How long to remember a rejection for this reason: `longest`, but if the reason is about dates, no longer than to
// 00:00 UTC, when the range of the dates that the provider accepts moves on. `sent` as above.
[[nodiscard]] milliseconds refusal_lifetime(std::string_view reason, WallTime sent, milliseconds longest);

// Whether `now` can be the time at which the provider sent an answer with this `current`: between its start, less a
// minute, and one interval after its end. A date outside of that was written by a clock that is not the provider's.
// True for an answer without `current`.
[[nodiscard]] bool fits(const Asked& asked, const BodyFacts& facts, WallTime now);

}  // namespace wx::open_meteo
