#include "endpoints/drop_in_endpoint.hpp"

#include <utility>

#include "base/text.hpp"
#include "endpoints/accept_encoding.hpp"
#include "endpoints/admin.hpp"
#include "endpoints/cached_answer.hpp"
#include "endpoints/envelope.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/may_load.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/page_model.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {

using cache::EntryKind;
using cache::Served;
using http_server::Exchange;
using http_server::Field;
using http_server::Method;
using http_server::Request;
using http_server::Responder;
using observability::Counter;

namespace {

// The provider's front end takes no longer ones (bytes of path and query).
constexpr std::size_t kLongestTarget = 7000;
// POST comes with a later version.
constexpr std::string_view kAllow = "Allow: GET, HEAD, OPTIONS\r\n";
constexpr std::string_view kAllowWithPurge = "Allow: GET, HEAD, DELETE, OPTIONS\r\n";
constexpr std::string_view kOptions =
    "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
    "Access-Control-Allow-Headers: Accept, Authorization, Cache-Control, Content-Type, If-None-Match, Origin, "
    "Traceparent, User-Agent, X-Api-Key, X-Request-Id, X-Requested-With\r\n"
    "Access-Control-Max-Age: 600\r\n";
constexpr std::string_view kVaryEncoding = "Vary: Accept-Encoding\r\n";
constexpr std::string_view kExtra =
    "Link: <https://creativecommons.org/licenses/by/4.0/>; rel=\"license\"\r\nAccept-Ranges: none\r\n";

// The host that a request names. That of an absolute form takes precedence (RFC 9112 §3.2.2).
std::string_view host_of(const Request& request) {
  const auto target = request.target();
  if (const auto start = target.find("://"); !target.starts_with('/') && start != std::string_view::npos) {
    const auto authority = target.substr(start + 3);
    return authority.substr(0, authority.find_first_of("/?"));
  }
  return request.field(Field::host).value_or("");
}

// Equal targets mean equal questions within a space.
std::uint64_t space_of(const Request& request) {
  return open_meteo::host_number(request.field(Field::host).value_or(""));
}

}  // namespace

http_server::Mount DropInEndpoint::mount() {
  return {.has = [](std::string_view path) { return open_meteo::is_provider_path(path); },
          .handle = [this](Exchange& exchange) { handle(exchange); },
          .refuse = [this](Exchange& exchange, ErrorKind kind, std::string_view detail,
                           std::string_view) { refuse(exchange, kind, detail); }};
}

void DropInEndpoint::handle(Exchange& exchange) {
  if (answer_known(exchange)) return;
  const auto& request = exchange.request();
  if (is_own(request)) {
    return answer_error(exchange,
                        {.kind = ErrorKind::provider_bad_reply,
                         .detail = "the name of the provider leads to this service itself; give it the provider's "
                                   "address with OPEN_METEO_RESOLVE, or another OPEN_METEO_URL"});
  }
  const auto question = service_.read(request.normal_path().value_or(""), host_of(request), request.query());
  if (!question) return answer_error(exchange, {.kind = ErrorKind::not_found});
  const bool purges = !context_.options.admin_token.empty();
  switch (request.method()) {
    case Method::get:
    case Method::head:
      if (auto refused = refusal_of(request, *question)) return answer_error(exchange, *std::move(refused));
      return get(exchange, *question);
    case Method::del:
      if (purges) return del(exchange, *question);
      break;
    case Method::options:
      return exchange.respond(
          204, cat(purges ? kAllowWithPurge : kAllow, "Access-Control-Allow-Origin: *\r\n", kOptions), {});
    default:
      break;
  }
  refuse(exchange, ErrorKind::method_not_allowed, {});
}

bool DropInEndpoint::answer_known(Exchange& exchange) {
  const auto& request = exchange.request();
  if (request.method() != Method::get && request.method() != Method::head) return false;
  for (const auto field : {Field::cache_control, Field::cdn_loop, Field::x_api_key}) {
    if (request.field(field)) return false;
  }
  const auto* const known = known_.find(request.target(), space_of(request));
  if (known == nullptr) return false;
  const auto peeked = service_.peek(known->key, request.began_at());
  if (!peeked.served || peeked.refresh) return false;
  answer(exchange, *peeked.served, known->key);
  return true;
}

// RFC 8586 §2
bool DropInEndpoint::is_own(const Request& request) const {
  // The identity is a UUID, so that nothing else contains it, however the list is written.
  const std::string_view instance = context_.options.instance;
  const auto identity = instance.substr(instance.rfind('=') + 1);
  return !identity.empty() && request.field(Field::cdn_loop).value_or("").contains(identity);
}

std::optional<Error> DropInEndpoint::refusal_of(const Request& request, const open_meteo::Question& question) const {
  if (question.has_key || request.field(Field::x_api_key)) {
    return Error{.kind = ErrorKind::bad_parameter,
                 .detail = "API keys of clients are not supported by this cache. Ask it without a key."};
  }
  if (drop_in::Service::target_of(question).size() > kLongestTarget) return Error{.kind = ErrorKind::uri_too_long};
  if (question.resource.customer) {
    return Error{.kind = ErrorKind::unauthorized, .detail = "API key required. Please add &apikey= to the URL."};
  }
  return std::nullopt;
}

void DropInEndpoint::get(Exchange& exchange, const open_meteo::Question& question) {
  const auto& request = exchange.request();
  const auto key = drop_in::Service::key_of(question);
  const auto control = request.field(Field::cache_control);
  drop_in::Asker asker{.deadline = request.began_at() + context_.options.request_timeout,
                       .forced = control && has_directive(*control, "no-cache") && has_admin_token(context_, request),
                       .only_if_cached = control && has_directive(*control, "only-if-cached")};
  if (!asker.forced && !asker.only_if_cached) {
    const auto peeked = service_.peek(key, request.began_at());
    if (peeked.served) known_.offer(request.target(), space_of(request), [&] { return KnownTarget{key}; });
    if (peeked.served && peeked.refresh) return answer_and_refresh(exchange, *peeked.served, question, key, asker);
    if (peeked.served) return answer(exchange, *peeked.served, key);
  }
  auto may = asker.only_if_cached ? cache::MayLoad() : may_load_for(context_, request);
  auto responder = exchange.defer();
  asker.gone = responder.gone();
  service_.ask(context_.thread.cache, question, key, asker, std::move(may),
               [this, responder = std::move(responder), key](Result<Served> result) mutable {
                 if (!result && responder.gone_now()) return;  // nobody is there, so nothing is counted
                 if (result) {
                   answer(responder, *result, key);
                 } else {
                   answer_error(responder, std::move(result.error()));
                 }
               });
}

// See WeatherEndpoint.
void DropInEndpoint::answer_and_refresh(Exchange& exchange, const Served& served, const open_meteo::Question& question,
                                        const drop_in::Key& key, const drop_in::Asker& asker) {
  auto refresh = [this, question, key, deadline = asker.deadline] {
    service_.refresh(context_.thread.cache, question, key, {.deadline = deadline});
  };
  auto& executor = exchange.executor();
  answer(exchange, served, key);
  executor.post(std::move(refresh));
}

void DropInEndpoint::del(Exchange& exchange, const open_meteo::Question& question) {
  if (!require_admin(context_, exchange, respond_envelope<Exchange>)) return;
  if (refused_by_if_match(context_, exchange, {}, false, respond_envelope<Exchange>)) return;
  // In an envelope, `overloaded` would read as a limit of the provider's.
  const auto unconfirmed = [](Context& context, Responder& responder, const Problem& problem) {
    Problem other = problem;
    other.error.kind = ErrorKind::redis_unavailable;
    respond_envelope(context, responder, other);
  };
  service_.purge(context_.thread.cache, drop_in::Service::key_of(question),
                 purge_answer(context_, exchange, unconfirmed));
}

// The server's own refusals. A request with content is taken for a POST, whatever its method: it is what such clients
// mean.
void DropInEndpoint::refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) {
  Problem problem;
  problem.error.kind = kind;
  problem.error.detail = detail;
  if (kind == ErrorKind::content_too_large) {
    problem.error = {.kind = ErrorKind::method_not_allowed, .detail = "Questions are asked with GET here"};
  }
  if (problem.error.kind == ErrorKind::method_not_allowed) {
    problem.extra_headers = context_.options.admin_token.empty() ? kAllow : kAllowWithPurge;
  }
  // No place for another connection: the provider's clients try again later after a 502.
  if (kind == ErrorKind::overloaded) problem.error.kind = ErrorKind::draining;
  respond_envelope(context_, exchange, problem);
}

void DropInEndpoint::describe(const cache::Entry& entry, bool gzip) {
  representation_.clear();
  append_line(representation_, "Content-Type", entry.content_type);
  if (!entry.content_disposition.empty()) {
    append_line(representation_, "Content-Disposition", entry.content_disposition);
  }
  if (gzip) append(representation_, "Content-Encoding: gzip\r\n");
}

template <class Answer>
void DropInEndpoint::answer(Answer& answer, const Served& served, const drop_in::Key& key) {
  const auto& entry = *served.entry;
  if (entry.kind == EntryKind::refusal) {
    return answer_error(answer, {.kind = ErrorKind::provider_refused,
                                 .provider_status = 400,
                                 .remembered = served.outcome == cache::Outcome::hit,
                                 .body = std::make_shared<const std::string>(entry.body.view())});
  }
  const auto& request = answer.request();
  if (refused_by_if_match(context_, answer, {}, false, respond_envelope<Answer>)) return;  // the entity tag is weak
  const bool packed = entry.encoding == cache::Encoding::gzip;
  const bool gzip = packed && accepts_gzip(request.field(Field::accept_encoding));
  const auto known = request.field(Field::if_none_match);
  const bool not_modified = known && matches_etag(*known, entry.etag);
  Body body = entry.body;
  if (packed && !gzip && !not_modified) {
    auto plain = service_.identity_of(key, served.entry);
    if (!plain) return answer_error(answer, std::move(plain.error()));
    body = *std::move(plain);
  }
  const auto total = context_.clock.steady() - request.began_at();
  count_answer(context_.metrics, served, total);
  describe(entry, gzip);
  const bool kept = entry.kind == EntryKind::answer;
  respond_cached(context_, answer,
                 {.served = served,
                  .total = total,
                  .storing = kept ? Storing::allowed : Storing::forbidden,
                  .vary = kVaryEncoding,
                  .representation = representation_,
                  .extra_headers = kExtra},
                 {body});
}

template <class Answer>
void DropInEndpoint::answer_error(Answer& answer, Error error) {
  context_.metrics.add(Counter::requests_error);
  const bool redis = context_.options.query.redis && context_.redis_down && context_.redis_down();
  const auto status = cache_status_of(error, cache::Mode::normal, redis && asked_redis(error, cache::Mode::normal));
  Problem problem;
  problem.error = std::move(error);
  problem.extra_headers = status;
  respond_envelope(context_, answer, problem);
}

}  // namespace wx::endpoints
