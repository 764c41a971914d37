// The parts of an answer out of the cache that every endpoint shares: counters, the headers of HTTP caching, 304, and
// Cache-Status for a question that got no answer.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "cache/loader.hpp"
#include "cache/served.hpp"
#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// Whether clients and shared caches may keep the answer.
enum class Storing : bool { forbidden, allowed };

struct CachedAnswer {
  const cache::Served& served;
  nanoseconds total{0};  // from the request read to now: for Server-Timing and the log
  Storing storing = Storing::allowed;
  std::string_view extra_headers = {};  // complete lines
};

// Answers with JSON out of the cache, or with 304 if the client holds it. `body` in parts, as send() takes it.
template <class Answer>
void respond_cached(Context& context, Answer& answer, const CachedAnswer& cached,
                    std::initializer_list<http_server::BodyPart> body);

extern template void respond_cached(Context&, http_server::Exchange&, const CachedAnswer&,
                                    std::initializer_list<http_server::BodyPart>);
extern template void respond_cached(Context&, http_server::Responder&, const CachedAnswer&,
                                    std::initializer_list<http_server::BodyPart>);

// Counts an answer: its outcome, its time, its age.
void count_answer(observability::Metrics& metrics, const cache::Served& served, nanoseconds total);

// The Cache-Status line (RFC 9211) of a question that got no answer.
[[nodiscard]] std::string cache_status_of(const Error& error, cache::Mode mode);

}  // namespace wx::endpoints
