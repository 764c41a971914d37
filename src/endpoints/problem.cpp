#include "endpoints/problem.hpp"

#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/language.hpp"
#include "endpoints/page_model.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"
#include "endpoints/status.hpp"

namespace wx::endpoints {
namespace {

// The value of Retry-After: whole seconds (RFC 9110 §10.2.3), rounded up, at least 1. Nothing if the error has no such
// header.
std::optional<long long> retry_after_seconds(const Error& error) {
  auto wait = error.retry_after;
  if (!wait &&
      (error.kind == ErrorKind::overloaded || error.kind == ErrorKind::draining || error.kind == ErrorKind::lab_busy)) {
    wait = std::chrono::seconds(1);
  }
  if (!wait) return std::nullopt;
  return std::max<long long>(1, (wait->count() + 999) / 1000);
}

// The weather page if the form was sent, else a page of the error alone.
std::string render_problem_html(const Context& context, const http_server::Request& request, const Problem& problem,
                                std::string_view uuid) {
  const pages::ErrorCard card{.status = status_of(problem.error.kind),
                              .kind = problem.error.kind,
                              .detail = problem.error.detail,
                              .faults = problem.faults,
                              .retry_after_seconds = retry_after_seconds(problem.error),
                              .request_id = uuid,
                              .path = problem.path};
  if (problem.form) {
    auto model = page_model(context, request);
    model.form = problem.form;
    model.error = card;
    return pages::render_page(model);
  }
  const auto choice = choose_language(request);
  return pages::render_problem_page(
      {.language = choice.language, .explicit_language = choice.chosen, .kind = card.kind, .error = card});
}

}  // namespace

void render_problem_json(std::string& out, const Problem& problem, std::string_view uuid) {
  const auto& error = problem.error;
  append(out, cat("{\"type\":\"/problems/", name(error.kind), "\",\"title\":"));
  append_json_string(out, sentence(error.kind));
  append(out, cat(",\"status\":", status_of(error.kind)));
  if (!error.detail.empty()) {
    append(out, ",\"detail\":");
    append_json_string(out, error.detail);
  }
  append(out, cat(",\"instance\":\"urn:uuid:", uuid, "\""));
  if (!problem.faults.empty()) {
    append(out, ",\"errors\":[");
    for (const auto& fault : problem.faults) {
      if (&fault != &problem.faults.front()) out += ',';
      append(out, "{\"parameter\":");
      append_json_string(out, fault.parameter);
      append(out, ",\"detail\":");
      append_json_string(out, fault.detail);
      out += '}';
    }
    out += ']';
  }
  append(out, "}\n");
}

template <class Answer>
void respond_problem(Context& context, Answer& answer, const Problem& problem) {
  const int status = status_of(problem.error.kind);
  const RequestId id(answer.request().field(http_server::Field::x_request_id), context.random);
  const auto uuid = id.uuid();
  auto& headers = context.headers;
  headers.clear();
  std::string body;
  if (problem.html) {
    body = render_problem_html(context, answer.request(), problem, uuid.text());
    append(headers, "Content-Type: text/html; charset=utf-8\r\n");
    append_page_security(headers);
  } else {
    render_problem_json(body, problem, uuid.text());
    append(headers, "Content-Type: application/problem+json\r\n");
  }
  append(headers, "Cache-Control: no-store\r\n");
  append(headers, problem.html ? kVaryHtml : kVaryJson);
  if (const auto wait = retry_after_seconds(problem.error)) append(headers, cat("Retry-After: ", *wait, "\r\n"));
  append(headers, problem.extra_headers);
  const auto kind = problem.error.kind;
  send(context, answer, id, {.status = status, .error = name(kind), .clients = is_clients(kind)}, {body});
}

template void respond_problem(Context&, http_server::Exchange&, const Problem&);
template void respond_problem(Context&, http_server::Responder&, const Problem&);

}  // namespace wx::endpoints
