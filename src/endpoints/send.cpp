#include "endpoints/send.hpp"

#include "base/piece_writer.hpp"
#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "http_server/request_trace.hpp"

namespace wx::endpoints {

using http_server::Request;
using observability::TraceContext;

namespace {

constexpr std::size_t kLongestPath = 200;  // in a log line
constexpr std::size_t kMostIdLine = 96;    // X-Request-Id
constexpr std::string_view kNoSniff = "X-Content-Type-Options: nosniff\r\n";
// The Fetch standard hides all headers but a few from the scripts of other sites, unless they are named here.
constexpr std::string_view kReadable =
    "X-Content-Type-Options: nosniff\r\nAccess-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: X-Cache, Cache-Status, Age, ETag, Server-Timing, X-Request-Id, Retry-After\r\n";

std::string_view method_name(http_server::Method method) {
  switch (method) {
    case http_server::Method::get:
      return "GET";
    case http_server::Method::head:
      return "HEAD";
    case http_server::Method::post:
      return "POST";
    case http_server::Method::del:
      return "DELETE";
    case http_server::Method::options:
      return "OPTIONS";
    case http_server::Method::other:
    case http_server::Method::unknown:
      break;
  }
  return "?";
}

// Runs for every answer, memory hits included. An answer that is not logged returns at the level check, before any
// formatting.
void log_answer(Context& context, const Request& request, std::string_view id, const std::optional<TraceContext>& trace,
                const Sent& sent, std::initializer_list<http_server::BodyPart> body) {
  // Connections refused at the limit sent no request; the server logs when refusing starts and stops.
  if (request.began_at() == SteadyTime()) return;
  const auto now = sent.took >= nanoseconds(0) ? request.began_at() + sent.took : context.clock.steady();
  const auto took = now - request.began_at();
  const auto kind = AccessLog::kind_of(sent.status, sent.clients, took);
  if (!context.log.enabled(AccessLog::level_of(kind))) return;
  observability::RequestLine line{
      .method = method_name(request.method()),
      .path = request.path().empty() ? "-" : request.path().substr(0, kLongestPath),
      .status = sent.status,
      .bytes = 0,
      .took = took,
      .client = client_of(context, request),
      .request_id = id,
      .trace = trace,
      .cache = sent.cache,
      .error = sent.error,
  };
  for (const auto& part : body) line.bytes += part.size();
  context.access_log.write(context.log, kind, line, now);
}

}  // namespace

template <class Answer>
void send(Context& context, Answer& answer, const RequestId& id, const Sent& sent,
          std::initializer_list<http_server::BodyPart> body) {
  auto& headers = context.headers;
  const auto& request = answer.request();
  const bool readable = sent.api || any_origin(request.path()) || any_origin(request.normal_path().value_or(""));
  append_within(headers, kReadable.size() + kMostIdLine, [&](PieceWriter& to) {
    to.put(readable ? kReadable : kNoSniff);
    to.put("X-Request-Id: ");
    to.put(id.text());
    to.put("\r\n");
  });
  const auto trace = http_server::trace_of(request);
  if (trace && !sent.shared) observability::append_traceparent(headers, *trace);
  log_answer(context, request, id.text(), trace, sent, body);
  if (sent.clients) answer.blame_client();
  answer.respond(sent.status, headers, body);
}

template void send(Context&, http_server::Exchange&, const RequestId&, const Sent&,
                   std::initializer_list<http_server::BodyPart>);
template void send(Context&, http_server::Responder&, const RequestId&, const Sent&,
                   std::initializer_list<http_server::BodyPart>);

}  // namespace wx::endpoints
