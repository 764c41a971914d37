// Whether what the provider sent is an answer. The status 200 alone says little: bodies are streamed behind the status
// line, so a failure may follow it as plain text, alone or behind a whole document, or as bare `nan`. So the document
// is validated as a whole (RFC 8259: nothing before or after it) before a single number is taken out.
//
// Thread-safety: pure functions.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "weather/source.hpp"

namespace wx::open_meteo {

// Reads one reply. Numbers come out digit for digit as the provider wrote them. `now` tells how far away the end of the
// window is that a 429 names.
//
// Faults, all with provider_status set and a detail fit for a client:
//   provider_bad_reply  200 (or any 2xx) that is not a whole answer with finite numbers; 3xx
//   provider_refused    400, with the provider's reason
//   provider_denied     401, 403, and a 400 that is about the API key
//   provider_limited    429, with retry_after: the end of the window that its reason names
//   provider_error      5xx, and any other 4xx
[[nodiscard]] Result<weather::Observation> read_reply(int status, std::string_view content_type, std::string_view body,
                                                      WallTime now);

}  // namespace wx::open_meteo
