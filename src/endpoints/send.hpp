// The last step of every answer: adds the common headers, writes the access log line, and sends the response.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <initializer_list>
#include <string_view>

#include "endpoints/context.hpp"
#include "endpoints/request_id.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// The properties of an answer that the access log records.
struct Sent {
  int status = 200;
  std::string_view cache = {};  // X-Cache
  std::string_view error = {};  // name of the ErrorKind
  bool clients = false;         // it is a fault of the client's request
  nanoseconds took{-1};         // since Request::began_at(); negative: not measured yet
  bool api = false;             // known to be of a path with any_origin(); else the path is looked at
  bool shared = false;          // shared caches may keep it: `id` must not be the client's, and no trace is echoed
};

// Appends nosniff, CORS headers where any site may read (see any_origin()), the request id and the request's trace
// context to context.headers, and answers an Exchange or a Responder.
template <class Answer>
void send(Context& context, Answer& answer, const RequestId& id, const Sent& sent,
          std::initializer_list<http_server::BodyPart> body);

extern template void send(Context&, http_server::Exchange&, const RequestId&, const Sent&,
                          std::initializer_list<http_server::BodyPart>);
extern template void send(Context&, http_server::Responder&, const RequestId&, const Sent&,
                          std::initializer_list<http_server::BodyPart>);

}  // namespace wx::endpoints
