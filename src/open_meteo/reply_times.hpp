// What a reply says about time: what the provider's clock shows, and how long the provider wants to be left alone.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "open_meteo/call.hpp"

namespace wx::open_meteo {

// The longest pause that a Retry-After can ask for.
inline constexpr milliseconds kLongestAskedPause = std::chrono::hours(24);

// How far the provider's clock is ahead of ours, by the reply's Date. A reply that a cache in between has kept is older
// by its Age (RFC 9111 §4.2.3). The provider wrote the date, in whole seconds, at some moment between `sent` and
// `received`; a difference that this explains is zero. Empty without a date.
[[nodiscard]] std::optional<milliseconds> clock_ahead(const Reply& reply, WallTime sent, WallTime received);

// The pause that the reply's Retry-After asks for (RFC 9110 §10.2.3), from its arrival. A time is relative to the
// reply's own Date, which the same clock has written. It is relative to `received` only without a Date, or if both are
// against the Date: it is more than a day from `received`, and the Retry-After is before it or more than a day after
// it. Never negative, and at most kLongestAskedPause. Empty without such a field.
[[nodiscard]] std::optional<milliseconds> pause_asked(const Reply& reply, WallTime received);

}  // namespace wx::open_meteo
