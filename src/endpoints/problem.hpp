// Error responses: application/problem+json (RFC 9457), or the same content as an HTML page.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <string_view>
#include <vector>

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

struct Problem {
  Error error;
  std::vector<ParameterFault> faults;
  std::string_view extra_headers;  // complete lines
  bool html = false;
  std::optional<pages::FormValues> form = std::nullopt;  // for the weather page: the submitted values
  std::optional<pages::ReadPath> path = std::nullopt;    // for the weather page: how far the question got
};

// Appends the problem document.
void render_problem_json(std::string& out, const Problem& problem, std::string_view uuid);

// How an error is told to an Exchange or a Responder.
template <class Answer>
using RespondWith = void (*)(Context& context, Answer& answer, const Problem& problem);

// Answers an Exchange or a Responder. The response is not cacheable (no-store).
template <class Answer>
void respond_problem(Context& context, Answer& answer, const Problem& problem);

extern template void respond_problem(Context&, http_server::Exchange&, const Problem&);
extern template void respond_problem(Context&, http_server::Responder&, const Problem&);

}  // namespace wx::endpoints
