#include "endpoints/admin.hpp"

#include <utility>

#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/quality.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {

using http_server::Exchange;
using http_server::Field;
using http_server::Request;

bool is_admin(const Request& request, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto sent = request.field(Field::authorization);
  if (token.empty() || !sent || sent->size() <= kScheme.size()) return false;
  return iequals(sent->substr(0, kScheme.size()), kScheme) &&
         equal_in_constant_time(trim(sent->substr(kScheme.size())), token);
}

bool require_admin(Context& context, Exchange& exchange) {
  if (is_admin(exchange.request(), context.options.admin_token)) return true;
  Problem problem;
  problem.error.kind = ErrorKind::unauthorized;
  problem.extra_headers = "WWW-Authenticate: Bearer realm=\"weather-cache\"\r\n";
  respond_problem(context, exchange, problem);
  return false;
}

cache::RemoteTier::DoneCallback purge_answer(Context& context, Exchange& exchange) {
  return [&context, responder = exchange.defer()](Result<void> result) mutable {
    if (!result) {
      Problem problem;
      problem.error.kind = ErrorKind::overloaded;
      problem.error.detail =
          "Purged in this process only: Redis did not take the purge, so other processes may still hold the answer";
      return respond_problem(context, responder, problem);
    }
    const RequestId id(responder.request().field(Field::x_request_id), context.random);
    context.headers = "Cache-Control: no-store\r\n";
    send(context, responder, id, {.status = 204}, {});
  };
}

bool has_directive(std::string_view cache_control, std::string_view directive) {
  while (!cache_control.empty()) {
    auto member = cut(cache_control, ',');
    if (iequals(cut(member, '='), directive)) return true;
  }
  return false;
}

}  // namespace wx::endpoints
