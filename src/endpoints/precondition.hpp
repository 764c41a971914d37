// If-Match (RFC 9110 §13.1.1). It comes before If-None-Match (§13.2.2), and counts only where the answer would be a
// success without it (§13.2.1). If-Unmodified-Since is ignored, because no resource has a modification date.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <string_view>

#include "endpoints/context.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/problem.hpp"

namespace wx::endpoints {

// See refused_by_if_match(). Few requests have the field.
template <class Answer>
[[gnu::noinline]] bool refused_by(std::string_view if_match, Context& context, Answer& answer,
                                  std::string_view strong_etag, bool html, RespondWith<Answer> refuse) {
  if (matches_strong_etag(if_match, strong_etag)) return false;
  Problem problem;
  problem.error.kind = ErrorKind::precondition_failed;
  problem.error.detail = "If-Match does not name the current strong entity tag; ask without it, or with If-None-Match";
  problem.html = html;
  refuse(context, answer, problem);
  return true;
}

// If the request's If-Match does not hold, answers with `refuse` and returns true. Call it before a method has an
// effect. `strong_etag` as for matches_strong_etag().
template <class Answer>
[[nodiscard]] bool refused_by_if_match(Context& context, Answer& answer, std::string_view strong_etag,
                                       bool html = false, RespondWith<Answer> refuse = respond_problem<Answer>) {
  const auto if_match = answer.request().field(http_server::Field::if_match);
  return if_match && refused_by(*if_match, context, answer, strong_etag, html, refuse);
}

}  // namespace wx::endpoints
