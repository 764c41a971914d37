// The shared parts of answers from the cache: counters, HTTP caching headers, 304, and the Cache-Status of a failed
// lookup.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "cache/lookup.hpp"
#include "cache/served.hpp"
#include "endpoints/context.hpp"
#include "endpoints/headers.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// Permission for clients and shared caches to store the answer (Cache-Control: no-store when forbidden).
enum class Storing : bool { forbidden, allowed };

struct CachedAnswer {
  const cache::Served& served;
  nanoseconds total{0};  // from the request read to now: for Server-Timing and the log
  Storing storing = Storing::allowed;
  std::string_view vary = {};  // a complete line; empty if the answer depends on the URL alone
  // The lines of Content-Type and its like.
  std::string_view representation = kJsonType;
  std::string_view extra_headers = {};  // complete lines that describe the body; a 304 does not have them
};

// Answers from the cache, with 304 if the client's If-None-Match names the entry, or with 412 if its If-Match
// does not hold. `body` is given in parts, as for send().
template <class Answer>
void respond_cached(Context& context, Answer& answer, const CachedAnswer& cached,
                    std::initializer_list<http_server::BodyPart> body);

extern template void respond_cached(Context&, http_server::Exchange&, const CachedAnswer&,
                                    std::initializer_list<http_server::BodyPart>);
extern template void respond_cached(Context&, http_server::Responder&, const CachedAnswer&,
                                    std::initializer_list<http_server::BodyPart>);

// Records an answer in the metrics: its outcome, its duration and its age.
void count_answer(observability::Metrics& metrics, const cache::Served& served, nanoseconds total);

// The Cache-Status line (RFC 9211) of a lookup that ended with an error. `redis_down`: it was to ask Redis, which does
// not answer at the moment.
[[nodiscard]] std::string cache_status_of(const Error& error, cache::Mode mode, bool redis_down);

}  // namespace wx::endpoints
