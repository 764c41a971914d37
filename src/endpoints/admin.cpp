#include "endpoints/admin.hpp"

#include <utility>

#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"
#include "http_server/list.hpp"

namespace wx::endpoints {

using http_server::Exchange;
using http_server::Field;
using http_server::Request;

namespace {

constexpr std::string_view kScheme = "Bearer ";

// The token that the request carries; nothing without one. Other schemes are not ours: a proxy may have its own.
std::optional<std::string_view> bearer_token(const Request& request) {
  const auto sent = request.field(Field::authorization);
  if (!sent || sent->size() <= kScheme.size() || !iequals(sent->substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  return trim(sent->substr(kScheme.size()));
}

void note_guess(Context& context, std::string_view what, std::string_view client, SteadyTime now) {
  context.metrics.add(observability::Counter::http_token_guesses);
  if (const auto suppressed = context.guess_lines.take(now)) {
    context.log.warn("endpoints", what, {{"client", client}, {"suppressed", *suppressed}});
  }
}

// Explains, too, why forced loads of the admin at this address have no effect for a while.
void note_unasked(Context& context, std::string_view client, SteadyTime now) {
  const auto suppressed = context.unasked_lines.take(now);
  if (!suppressed) return;
  const bool last = !context.limits.unasked_tokens.check(client, now).allowed;
  context.log.info("endpoints",
                   last ? "a wrong admin token in a forced load; no more are looked at from this address for a while"
                        : "a wrong admin token in a forced load",
                   {{"client", client}, {"suppressed", *suppressed}});
}

}  // namespace

Admin check_admin(Context& context, const Request& request) {
  const std::string_view expected = context.options.admin_token;
  const auto token = bearer_token(request);
  if (expected.empty() || !token) return Admin::no;
  const auto client = client_of(context, request);
  const auto now = context.clock.steady();
  auto& guesses = context.limits.token_guesses;
  if (guesses.check(client, now).allowed) {
    if (equal_in_constant_time(*token, expected)) return Admin::yes;
    note_guess(context, "a wrong admin token", client, now);
    // Of guesses that come at the same time on several threads, those above the limit learn nothing either.
    return guesses.allow(client, now).allowed ? Admin::no : Admin::limited;
  }
  note_guess(context, "an admin token from an address with too many wrong ones", client, now);
  return Admin::limited;
}

bool has_admin_token(Context& context, const Request& request) {
  const std::string_view expected = context.options.admin_token;
  const auto token = bearer_token(request);
  if (expected.empty() || !token) return false;
  const auto client = client_of(context, request);
  const auto now = context.clock.steady();
  auto& limits = context.limits;
  if (!limits.token_guesses.check(client, now).allowed || !limits.unasked_tokens.check(client, now).allowed)
    return false;
  if (equal_in_constant_time(*token, expected)) return true;
  static_cast<void>(limits.unasked_tokens.allow(client, now));
  note_unasked(context, client, now);
  return false;
}

bool require_admin(Context& context, Exchange& exchange, RespondWith<Exchange> refuse) {
  const auto admin = check_admin(context, exchange.request());
  if (admin == Admin::yes) return true;
  Problem problem;
  if (admin == Admin::limited) {
    const auto client = client_of(context, exchange.request());
    problem.error = {.kind = ErrorKind::token_limited,
                     .detail = "no token from this address is looked at before the time in Retry-After has passed",
                     .retry_after = context.limits.token_guesses.check(client, context.clock.steady()).retry_after};
  } else {
    problem.error.kind = ErrorKind::unauthorized;
    problem.extra_headers = "WWW-Authenticate: Bearer realm=\"weather-cache\"\r\n";
  }
  refuse(context, exchange, problem);
  return false;
}

cache::RemoteTier::DoneCallback purge_answer(Context& context, Exchange& exchange,
                                             RespondWith<http_server::Responder> refuse) {
  return [&context, refuse, responder = exchange.defer()](Result<void> result) mutable {
    if (!result) {
      Problem problem;
      problem.error.kind = ErrorKind::overloaded;
      problem.error.detail =
          "Purged in this process only: Redis did not take the purge, so other processes may still hold the answer";
      return refuse(context, responder, problem);
    }
    const RequestId id(responder.request().field(Field::x_request_id), context.random);
    context.headers = "Cache-Control: no-store\r\n";
    send(context, responder, id, {.status = 204}, {});
  };
}

bool has_directive(std::string_view cache_control, std::string_view directive) {
  while (!cache_control.empty()) {
    auto member = http_server::cut_member(cache_control);
    if (iequals(http_server::cut_member(member, '='), directive)) return true;
  }
  return false;
}

}  // namespace wx::endpoints
