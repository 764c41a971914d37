// Reads the provider's refusals: {"error":true,"reason":"..."} with the members in either order, or an HTML page of its
// front end. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace wx::open_meteo {

// The `reason` of an error body, safe to show: valid UTF-8, one line, no control or direction-changing characters,
// at most 200 bytes. Empty if the body is not such an error.
[[nodiscard]] std::string read_reason(std::string_view body);

// How long the limit in a 429's reason lasts ("Hourly API request limit exceeded. ..."). The provider counts in fixed
// windows of the wall clock and clears them once a minute, so an hour or a day ends up to a minute late. A reason that
// names no window counts as a minute.
[[nodiscard]] milliseconds limit_lasts(std::string_view reason, WallTime now);

// Whether the limit is the one on concurrent calls, which no window ends.
[[nodiscard]] bool is_about_concurrency(std::string_view reason);

// The error for a status other than 2xx that came with `body`.
[[nodiscard]] Error refusal(int status, std::string_view body, WallTime now);

}  // namespace wx::open_meteo
