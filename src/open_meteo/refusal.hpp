// What the provider says when it does not answer: {"error":true,"reason":"..."} in either order, or a page of its front
// end's. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace wx::open_meteo {

// The `reason` of an error body, fit to be shown: valid UTF-8, one line, no control or direction-changing characters,
// at most 200 bytes. Empty if the body is not such an error.
[[nodiscard]] std::string read_reason(std::string_view body);

// How long a limit lasts that a 429 names ("Hourly API request limit exceeded. ..."): the provider counts in fixed
// windows of the wall clock, wiped by a sweep once a minute, so an hour or a day ends up to a minute late. A reason
// that names no window is taken for the shortest.
[[nodiscard]] milliseconds limit_lasts(std::string_view reason, WallTime now);

// Whether the limit is that of calls at the same time, which no window ends.
[[nodiscard]] bool is_about_concurrency(std::string_view reason);

// A status other than 2xx as an error; `body` is what came with it.
[[nodiscard]] Error refusal(int status, std::string_view body, WallTime now);

}  // namespace wx::open_meteo
