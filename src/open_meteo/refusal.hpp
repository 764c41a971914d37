// Reads the provider's error responses: {"error":true,"reason":"..."} with the members in either order, or an HTML page
// of its front end. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "open_meteo/call.hpp"

namespace wx::open_meteo {

// The `reason` of an error body, safe to display: valid UTF-8, one line, no control or direction-changing characters.
// It has its full length, so that a secret in it can be found. Empty if the body has no such member.
[[nodiscard]] std::string read_reason(std::string_view body);

// At most 200 bytes of a reason, cut between two characters.
[[nodiscard]] std::string shortened(std::string_view reason);

// The time until the limit named in a 429's reason ends ("Hourly API request limit exceeded. ..."). The provider counts
// in fixed windows of the wall clock and resets them once a minute, so an hour or a day may end up to a minute late. A
// reason without a window means the current minute.
[[nodiscard]] milliseconds limit_lasts(std::string_view reason, WallTime now);

// Returns true if the reason names the limit on concurrent calls, which is not tied to a window.
[[nodiscard]] bool is_about_concurrency(std::string_view reason);

// The error for a reply with a status other than 2xx. A 400 is provider_refused only with the provider's reason.
// Error::of_query is set for a rejection with a reason, such as 404, that is neither provider_refused nor about access
// or a limit. The detail is the reason in its full length; CallPipeline shortens it.
[[nodiscard]] Error refusal(int status, std::string_view body, WallTime now);

// The error for a reply whose body did not come whole (GetResponse::body_fault, which must be set). A status other than
// 2xx means what it always means, without a reason. Error::of_query is set for JSON with status 200 that was too large.
[[nodiscard]] Error incomplete(const Reply& reply, WallTime now);

}  // namespace wx::open_meteo
