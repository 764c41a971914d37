#include "endpoints/weather_endpoint.hpp"

#include <utility>

#include "base/text.hpp"
#include "endpoints/admin.hpp"
#include "endpoints/cached_answer.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/may_load.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/page_model.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"
#include "endpoints/typed_place.hpp"
#include "weather/render.hpp"

namespace wx::endpoints {

using cache::Outcome;
using cache::Served;
using http_server::Exchange;
using http_server::Field;
using http_server::Responder;
using observability::Counter;

namespace {

pages::Mark mark_of(Outcome outcome) {
  const auto text = x_cache(outcome);
  if (text == "HIT") return pages::Mark::hit;
  if (text == "STALE") return pages::Mark::stale;
  if (text == "BYPASS") return pages::Mark::bypass;
  return pages::Mark::miss;
}

// The fields of the HTML form as submitted, decoded. Coordinates that are valid have no spaces, so a '+' in them is a
// plus sign; beside a fault, it is the space that a form has sent.
class Form {
 public:
  Form(const WeatherEndpoint::Asked& asked, bool valid)
      : latitude_(decoded(asked.sent.latitude, valid)),
        longitude_(decoded(asked.sent.longitude, valid)),
        mock_(asked.mock) {}

  // The values are views into this object.
  [[nodiscard]] pages::FormValues values() const { return {latitude_, longitude_, mock_}; }

 private:
  static std::string decoded(std::string_view sent, bool valid) {
    return percent_decode(sent, valid ? Plus::literal : Plus::space).value_or("");
  }

  std::string latitude_;
  std::string longitude_;
  bool mock_;
};

}  // namespace

void WeatherEndpoint::get(Exchange& exchange) {
  if (answer_known(exchange)) return;
  const auto& request = exchange.request();
  auto query = parse_weather_query(request.query(), context_.options.query);
  const Asked asked{
      .sent = query.sent,
      .mode = query.question.mode,
      .mock = query.question.mock,
      .html = query.format == Format::html ||
              (query.format == Format::by_accept && prefers_html(request.field(Field::accept))),
      .negotiated = query.format == Format::by_accept,
  };
  if (!query.faults.empty()) {
    const auto tidy = asked.html ? tidy_query(request.query()) : std::nullopt;
    return tidy ? redirect(exchange, asked, *tidy) : refuse(exchange, asked, std::move(query.faults));
  }

  const weather::Key key(query.question);
  const auto control = request.field(Field::cache_control);
  const bool forced = is_forced(request, control);
  const bool only_if_cached = control && has_directive(*control, "only-if-cached");
  if (!forced && !only_if_cached) {
    const auto peeked = context_.service.peek(query.question, key, request.began_at());
    if (peeked.served && !asked.html) {
      known_.offer(request.query(), 0,
                   [&] { return KnownQuery{std::string(key.text()), key.hash(), asked.mock, asked.negotiated}; });
    }
    if (peeked.served && peeked.refresh) return answer_and_refresh(exchange, *peeked.served, asked, query.question);
    if (peeked.served) return answer(exchange, *peeked.served, asked);
  }
  auto lookup = weather::lookup_of(query.question, key, deadline_of(request));
  lookup.forced = forced;
  lookup.only_if_cached = only_if_cached;
  weather::MayLoad may;
  if (is_limited(query.question) && !lookup.only_if_cached) {  // the latter loads nothing
    auto allowed = may_load(request, query.question, key);
    if (!allowed) return answer_error(exchange, std::move(allowed.error()), asked);
    may = *std::move(allowed);
  }
  auto responder = exchange.defer();
  lookup.gone = responder.gone();
  context_.service.ask(context_.thread, query.question, lookup, std::move(may),
                       [this, responder = std::move(responder), asked](Result<Served> result) mutable {
                         if (!result && responder.gone_now()) return;  // nobody is there, so nothing is counted
                         if (result) {
                           answer(responder, *result, asked);
                         } else {
                           answer_error(responder, std::move(result.error()), asked);
                         }
                       });
}

bool WeatherEndpoint::answer_known(Exchange& exchange) {
  const auto& request = exchange.request();
  const auto* const known = known_.find(request.query());
  if (known == nullptr || request.field(Field::cache_control)) return false;
  if (known->negotiated && prefers_html(request.field(Field::accept))) return false;
  const auto peeked = context_.service.peek(known->key, known->hash, request.began_at());
  if (!peeked.served) return false;
  const Asked asked{.sent = {}, .mock = known->mock, .negotiated = known->negotiated};
  if (peeked.refresh) {
    const auto query = parse_weather_query(request.query(), context_.options.query);
    answer_and_refresh(exchange, *peeked.served, asked, query.question);
  } else {
    answer(exchange, *peeked.served, asked);
  }
  return true;
}

// Answers before the refresh starts: the connection writes the answer when the handler returns, and the posted refresh
// runs after that. The refresh copies what it needs before the answer, because the answer invalidates the request.
void WeatherEndpoint::answer_and_refresh(Exchange& exchange, const Served& served, const Asked& asked,
                                         const weather::Question& question) {
  auto refresh = [this, question, deadline = deadline_of(exchange.request())] {
    const weather::Key key(question);
    const auto lookup = weather::lookup_of(question, key, deadline);
    context_.service.refresh(context_.thread, question, lookup);
  };
  auto& executor = exchange.executor();
  answer(exchange, served, asked);
  executor.post(std::move(refresh));
}

// Only the admin may force a load with no-cache. A public client must not spend the provider's budget, and a browser
// with open developer tools sends no-cache with every request.
bool WeatherEndpoint::is_forced(const http_server::Request& request, std::optional<std::string_view> control) const {
  return control && has_directive(*control, "no-cache") && has_admin_token(context_, request);
}

SteadyTime WeatherEndpoint::deadline_of(const http_server::Request& request) const {
  return request.began_at() + context_.options.request_timeout;
}

bool WeatherEndpoint::is_limited(const weather::Question& question) const {
  return question.mock ? context_.limits.mock.enabled() : context_.limits.loads.enabled();
}

Result<weather::MayLoad> WeatherEndpoint::may_load(const http_server::Request& request,
                                                   const weather::Question& question, const weather::Key& key) {
  auto& limits = context_.limits;
  if (question.mock) {
    return limits.mock.admit(client_of(context_, request), question.mode, key.hash(), context_.clock.steady());
  }
  return may_load_for(context_, request);
}

void WeatherEndpoint::del(Exchange& exchange) {
  if (!require_admin(context_, exchange)) return;
  auto query = parse_weather_query(exchange.request().query(), context_.options.query);
  if (!query.faults.empty()) return refuse(exchange, {.sent = query.sent}, std::move(query.faults));
  if (refused_by_if_match(context_, exchange, {})) return;
  context_.service.purge(context_.thread, weather::Key(query.question), purge_answer(context_, exchange));
}

void WeatherEndpoint::redirect(Exchange& exchange, const Asked& asked, std::string_view query) {
  const RequestId id(exchange.request().field(Field::x_request_id), context_.random);
  auto& headers = context_.headers;
  headers.clear();
  append_line(headers, "Location", cat("/weather?", query));
  append(headers, "Cache-Control: no-store\r\n");
  if (asked.negotiated) append(headers, kVaryJson);  // the language decides nothing here
  send(context_, exchange, id, {.status = 303}, {});
}

void WeatherEndpoint::refuse(Exchange& exchange, const Asked& asked, std::vector<ParameterFault> faults) {
  Problem problem;
  problem.error.kind = ErrorKind::bad_parameter;
  for (const auto& fault : faults) {
    if (!problem.error.detail.empty()) problem.error.detail += "; ";
    append(problem.error.detail, cat(fault.parameter, " ", fault.detail));
  }
  problem.faults = std::move(faults);
  context_.metrics.add(Counter::requests_invalid);
  respond_with_form(exchange, problem, asked);
}

template <class Answer>
void WeatherEndpoint::answer(Answer& answer, const Served& served, const Asked& asked) {
  if (served.entry->kind == cache::EntryKind::refusal) {
    const bool remembered = served.outcome == Outcome::hit;
    return answer_error(answer,
                        {.kind = ErrorKind::provider_refused,
                         .detail = std::string(served.entry->body),
                         .provider_status = 400,
                         .remembered = remembered},
                        asked);
  }
  const auto total = context_.clock.steady() - answer.request().began_at();
  count_answer(context_.metrics, served, total);
  if (asked.html) {
    answer_html(answer, served, asked, total);
  } else {
    answer_json(answer, served, asked, total);
  }
}

template <class Answer>
void WeatherEndpoint::answer_json(Answer& answer, const Served& served, const Asked& asked, nanoseconds total) {
  // `source` depends on the tier that answers, so the cached body does not contain it. It is inserted in place of the
  // closing brace.
  const Body& kept = served.entry->body;
  std::string_view body = kept;
  if (body.ends_with('}')) body.remove_suffix(1);
  respond_cached(context_, answer,
                 {.served = served,
                  .total = total,
                  .storing = asked.mock ? Storing::forbidden : Storing::allowed,
                  .vary = asked.negotiated ? kVaryJson : std::string_view(),
                  .extra_headers = asked.mock ? std::string_view() : kLicense},
                 {{kept, body}, ",\"source\":\"", source_name(served.tier, asked.mock), "\"}\n"});
}

template <class Answer>
void WeatherEndpoint::answer_html(Answer& answer, const Served& served, const Asked& asked, nanoseconds total) {
  if (refused_by_if_match(context_, answer, {}, true)) return;
  const auto& request = answer.request();
  const auto reading = weather::read_back(served.entry->body);
  const Form form(asked, true);
  auto model = page_model(context_, request);
  model.form = form.values();
  model.result = pages::ResultCard{.mark = mark_of(served.outcome),
                                   .source = source_name(served.tier, asked.mock),
                                   .temperature = reading.temperature,
                                   .temperature_unit = reading.temperature_unit,
                                   .wind_speed = reading.wind_speed,
                                   .wind_speed_unit = reading.wind_speed_unit,
                                   .latitude = reading.latitude,
                                   .longitude = reading.longitude,
                                   .time = reading.time,
                                   .age_seconds = age_seconds(served),
                                   .ttl_seconds = ttl_seconds(served),
                                   .path = read_path(served, tiers_of(context_), asked.mode, total)};
  const auto body = pages::render_page(model);
  const RequestId id(request.field(Field::x_request_id), context_.random);
  auto& headers = context_.headers;
  headers.clear();
  append(headers, "Content-Type: text/html; charset=utf-8\r\n");
  append_cache_status(headers, served);
  // no-cache makes a second submit of the form reach the server, so that it shows HIT.
  append(headers, asked.mock ? "Cache-Control: no-store\r\n" : "Cache-Control: private, no-cache\r\n");
  append(headers, asked.negotiated ? kVaryHtml : kVaryLanguage);
  append_server_timing(headers, served, total);
  append_page_security(headers);
  send(context_, answer, id, {.status = 200, .cache = x_cache(served.outcome), .took = total}, {body});
}

// Whether this question found Redis down, or away. The error does not tell, so the state of Redis at the moment does.
bool WeatherEndpoint::is_redis_down(const Error& error, const Asked& asked) const {
  if (!context_.options.query.redis || !asked_redis(error, asked.mode)) return false;
  if (error.kind == ErrorKind::not_cached || error.kind == ErrorKind::cache_unavailable) return false;
  if (asked.mock && context_.outage != nullptr && context_.outage->is_on(context_.clock)) return true;
  return context_.redis_down && context_.redis_down();
}

template <class Answer>
void WeatherEndpoint::answer_error(Answer& answer, Error error, const Asked& asked) {
  context_.metrics.add(Counter::requests_error);
  const bool down = is_redis_down(error, asked);
  const auto status = cache_status_of(error, asked.mode, down);
  Problem problem;
  if (asked.html) {
    problem.path =
        failed_path(error, tiers_of(context_), asked.mode, down, context_.clock.steady() - answer.request().began_at());
  }
  problem.error = std::move(error);
  problem.extra_headers = status;
  respond_with_form(answer, problem, asked);
}

template <class Answer>
void WeatherEndpoint::respond_with_form(Answer& answer, Problem& problem, const Asked& asked) {
  problem.html = asked.html;
  if (!asked.html) return respond_problem(context_, answer, problem);
  const Form form(asked, problem.faults.empty());
  problem.form = form.values();
  respond_problem(context_, answer, problem);
}

}  // namespace wx::endpoints
