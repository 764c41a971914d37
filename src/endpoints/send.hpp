// The last step of every answer: the headers that all have, the line in the log, and off it goes.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <initializer_list>
#include <string_view>

#include "endpoints/context.hpp"
#include "endpoints/request_id.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// What the log tells of an answer.
struct Sent {
  int status = 200;
  std::string_view cache = {};  // X-Cache
  std::string_view error = {};  // kind of the problem
  nanoseconds took{-1};         // since the request was read, where that is known already
};

// Adds to context.headers nosniff, CORS for reading, the request id and the request's trace; answers through an
// Exchange or a Responder.
template <class Answer>
void send(Context& context, Answer& answer, const RequestId& id, const Sent& sent,
          std::initializer_list<http_server::BodyPart> body);

extern template void send(Context&, http_server::Exchange&, const RequestId&, const Sent&,
                          std::initializer_list<http_server::BodyPart>);
extern template void send(Context&, http_server::Responder&, const RequestId&, const Sent&,
                          std::initializer_list<http_server::BodyPart>);

}  // namespace wx::endpoints
