// Error responses on the provider's own paths: in its envelope, {"error":true,"reason":"..."}, with the statuses that
// its clients know.
//
// npm's openmeteo throws only for 400, 429, 500, 502 and 504, and decodes the body of every other status as an answer.
// So whatever is this service's to refuse has one of 400, 429, 502 and 504 there. Beside them come the provider's own
// 401, 403, 404 and 405, and 412.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <string>
#include <string_view>

#include "endpoints/context.hpp"
#include "endpoints/problem.hpp"

namespace wx::endpoints {

// The status for an error on these paths.
[[nodiscard]] int envelope_status_of(const Error& error);

// The reason in the envelope: the provider's, or its words for what happened here, where it has any.
[[nodiscard]] std::string reason_of(const Error& error);

// Answers an Exchange or a Responder, with the provider's bytes if the error has them. The response is not cacheable
// (no-store). Its Retry-After is at most RETRY_AFTER_MAX, because some clients sleep for as long as it says; the true
// end of the wait is in X-Quota-Reset. Only the error and extra_headers of `problem` count.
template <class Answer>
void respond_envelope(Context& context, Answer& answer, const Problem& problem);

extern template void respond_envelope(Context&, http_server::Exchange&, const Problem&);
extern template void respond_envelope(Context&, http_server::Responder&, const Problem&);

}  // namespace wx::endpoints
