#include "endpoints/weather_endpoint.hpp"

#include <utility>

#include "base/text.hpp"
#include "endpoints/admin.hpp"
#include "endpoints/client_address.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/page_model.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"
#include "weather/render.hpp"

namespace wx::endpoints {

using cache::Outcome;
using cache::Served;
using http_server::Exchange;
using http_server::Field;
using http_server::Responder;
using observability::Counter;
using observability::Timing;

namespace {

// What a client may do with a real JSON answer; Age tells how much of it is over (RFC 9111 §4.2, RFC 5861).
void append_cache_control(std::string& out, const cache::Spans& spans) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  append(out, "Cache-Control: public, max-age=");
  append(out, duration_cast<seconds>(spans.fresh_for).count());
  append(out, ", stale-while-revalidate=");
  append(out, duration_cast<seconds>(spans.stale_for).count());
  append(out, ", stale-if-error=");
  append(out, duration_cast<seconds>(spans.keep_for).count());
  append(out, "\r\n");
}

pages::Mark mark_of(Outcome outcome) {
  const auto text = x_cache(outcome);
  if (text == "HIT") return pages::Mark::hit;
  if (text == "STALE") return pages::Mark::stale;
  if (text == "BYPASS") return pages::Mark::bypass;
  return pages::Mark::miss;
}

}  // namespace

void WeatherEndpoint::get(Exchange& exchange) {
  const auto& request = exchange.request();
  auto query = parse_weather_query(request.query(), context_.options.query);
  const bool html =
      query.format == Format::html || (query.format == Format::by_accept && prefers_html(request.field(Field::accept)));
  if (!query.faults.empty()) return refuse(exchange, query, html);

  const weather::Key key(query.question);
  const bool forced = is_forced(request);
  if (!forced) {
    const auto peeked = context_.service.peek(query.question, key, request.received_at());
    if (peeked.served) {
      // The refresh first: once answered, the request is gone.
      if (peeked.refresh) {
        context_.service.refresh(context_.thread, query.question, key, asking(request, query.question, false));
      }
      return answer(exchange, *peeked.served, query.question.mock, html);
    }
  }
  auto asked = asking(request, query.question, forced);
  context_.service.ask(
      context_.thread, query.question, key, std::move(asked),
      [this, responder = exchange.defer(), mock = query.question.mock, html](Result<Served> result) mutable {
        if (result) {
          answer(responder, *result, mock, html);
        } else {
          answer_error(responder, std::move(result.error()), html);
        }
      });
}

// A public client must not spend the provider's quota, and a browser with its developer tools open sends no-cache on
// everything: only the admin is heard.
bool WeatherEndpoint::is_forced(const http_server::Request& request) const {
  const auto control = request.field(Field::cache_control);
  return control && has_directive(*control, "no-cache") && is_admin(request, context_.options.admin_token);
}

weather::Asking WeatherEndpoint::asking(const http_server::Request& request, const weather::Question& question,
                                        bool forced) {
  weather::Asking asked;
  asked.deadline = request.received_at() + context_.options.request_timeout;
  asked.forced = forced;
  const auto control = request.field(Field::cache_control);
  asked.only_if_cached = control && has_directive(*control, "only-if-cached");
  if (!question.mock && context_.client_limit.enabled()) {
    const auto forwarded = request.field(Field::x_forwarded_for).value_or(std::string_view());
    const std::string client(client_address(request.peer(), forwarded, context_.options.trusted_proxies));
    asked.may_load = [this, client]() -> Result<void> {
      const auto verdict = context_.client_limit.allow(client, context_.clock.steady());
      if (verdict.allowed) return {};
      return std::unexpected(Error{ErrorKind::client_limited, {}, verdict.retry_after, 0, false});
    };
  }
  return asked;
}

void WeatherEndpoint::del(Exchange& exchange) {
  if (!require_admin(context_, exchange)) return;
  auto query = parse_weather_query(exchange.request().query(), context_.options.query);
  if (!query.faults.empty()) return refuse(exchange, query, false);
  context_.service.purge(context_.thread, weather::Key(query.question), purge_answer(context_, exchange));
}

void WeatherEndpoint::refuse(Exchange& exchange, WeatherQuery& query, bool html) {
  Problem problem;
  problem.error.kind = ErrorKind::bad_parameter;
  for (const auto& fault : query.faults) {
    if (!problem.error.detail.empty()) problem.error.detail += "; ";
    append(problem.error.detail, cat(fault.parameter, " ", fault.detail));
  }
  problem.faults = std::move(query.faults);
  problem.html = html;
  const auto sent = sent_coordinates(exchange.request().query());
  problem.form = pages::FormValues{sent.latitude, sent.longitude, query.question.mock};
  context_.metrics.add(Counter::requests_invalid);
  respond_problem(context_, exchange, problem);
}

template <class Answer>
void WeatherEndpoint::answer(Answer& answer, const Served& served, bool mock, bool html) {
  if (served.entry->kind == cache::EntryKind::refusal) {
    const bool remembered = served.outcome == Outcome::hit;
    return answer_error(
        answer, Error{ErrorKind::provider_refused, std::string(served.entry->body), std::nullopt, 400, remembered},
        html);
  }
  const auto total = context_.clock.steady() - answer.request().received_at();
  count(served, total);
  if (html) {
    answer_html(answer, served, mock);
  } else {
    answer_json(answer, served, mock, total);
  }
}

template <class Answer>
void WeatherEndpoint::answer_json(Answer& answer, const Served& served, bool mock, nanoseconds total) {
  const auto& request = answer.request();
  const auto& entry = *served.entry;
  const RequestId id(request.field(Field::x_request_id), context_.random);
  auto& headers = context_.headers;
  headers.clear();
  append(headers, kJsonType);
  append_cache_status(headers, served);
  if (mock) {
    append(headers, "Cache-Control: no-store\r\n");
  } else {
    append_cache_control(headers, entry.spans);
    append(headers, "Link: <https://creativecommons.org/licenses/by/4.0/>; rel=\"license\"\r\n");
  }
  append(headers, "ETag: W/\"");
  append(headers, entry.etag);
  append(headers, "\"\r\n");
  append(headers, kVary);
  append_server_timing(headers, served, total);

  const auto if_none_match = request.field(Field::if_none_match);
  Sent sent{.status = 200, .cache = x_cache(served.outcome), .took = total};
  if (if_none_match && matches_etag(*if_none_match, entry.etag)) {
    sent.status = 304;
    return send(context_, answer, id, sent, {});
  }
  // `source` depends on who answers, so it is not part of the kept body: it takes the place of the closing brace.
  std::string_view body = entry.body;
  if (body.ends_with('}')) body.remove_suffix(1);
  send(context_, answer, id, sent, {body, ",\"source\":\"", source_name(served.tier, mock), "\"}"});
}

template <class Answer>
void WeatherEndpoint::answer_html(Answer& answer, const Served& served, bool mock) {
  const auto& request = answer.request();
  const auto query = parse_weather_query(request.query(), context_.options.query);
  const auto sent = sent_coordinates(request.query());
  const auto reading = weather::read_back(served.entry->body);
  const auto total = context_.clock.steady() - request.received_at();
  auto model = page_model(context_, request);
  model.form = pages::FormValues{sent.latitude, sent.longitude, mock};
  model.result = pages::ResultCard{.mark = mark_of(served.outcome),
                                   .source = source_name(served.tier, mock),
                                   .temperature = reading.temperature,
                                   .temperature_unit = reading.temperature_unit,
                                   .wind_speed = reading.wind_speed,
                                   .wind_speed_unit = reading.wind_speed_unit,
                                   .latitude = reading.latitude,
                                   .longitude = reading.longitude,
                                   .time = reading.time,
                                   .age_seconds = age_seconds(served),
                                   .ttl_seconds = ttl_seconds(served),
                                   .path = read_path(served, tiers_of(context_), query.question.mode, total)};
  const auto body = pages::render_page(model);
  const RequestId id(request.field(Field::x_request_id), context_.random);
  auto& headers = context_.headers;
  headers.clear();
  append(headers, "Content-Type: text/html; charset=utf-8\r\n");
  append_cache_status(headers, served);
  // A second press of the button must reach us and show HIT.
  append(headers, mock ? "Cache-Control: no-store\r\n" : "Cache-Control: private, no-cache\r\n");
  append(headers, kVary);
  append_server_timing(headers, served, total);
  append_page_security(headers);
  send(context_, answer, id, {.status = 200, .cache = x_cache(served.outcome), .took = total}, {body});
}

template <class Answer>
void WeatherEndpoint::answer_error(Answer& answer, Error error, bool html) {
  context_.metrics.add(Counter::requests_error);
  const auto query = parse_weather_query(answer.request().query(), context_.options.query);
  const auto sent = sent_coordinates(answer.request().query());
  Problem problem;
  problem.html = html;
  problem.form = pages::FormValues{sent.latitude, sent.longitude, query.question.mock};
  std::string status;
  if (error.remembered) {
    append(status, "Cache-Status: weather-cache; hit; detail=error-memo");
  } else if (error.kind == ErrorKind::not_cached) {
    append(status, "Cache-Status: weather-cache; detail=only-if-cached");
  } else if (query.question.mode == cache::Mode::bypass) {
    append(status, "Cache-Status: weather-cache; fwd=bypass");
  } else {
    append(status, "Cache-Status: weather-cache; fwd=uri-miss");
  }
  if (error.provider_status != 0 && !error.remembered) append(status, cat("; fwd-status=", error.provider_status));
  append(status, "\r\n");
  problem.extra_headers = status;
  problem.error = std::move(error);
  respond_problem(context_, answer, problem);
}

void WeatherEndpoint::count(const Served& served, nanoseconds total) {
  auto counter = Counter::requests_miss;
  auto timing = Timing::load;
  switch (served.outcome) {
    case Outcome::hit:
      counter = served.tier == cache::Tier::redis ? Counter::requests_hit_redis : Counter::requests_hit_memory;
      timing = Timing::hit;
      break;
    case Outcome::stale_while_revalidate:
      counter = Counter::requests_stale;
      context_.metrics.add(Counter::stale_while_revalidate);
      timing = Timing::hit;
      break;
    case Outcome::stale_if_error:
      counter = Counter::requests_stale;
      context_.metrics.add(Counter::stale_if_error);
      break;
    case Outcome::soft_timeout:
      counter = Counter::requests_stale;
      context_.metrics.add(Counter::stale_soft_timeout);
      break;
    case Outcome::miss:
    case Outcome::revalidated:
    case Outcome::forced:
      break;
    case Outcome::lease:
      counter = Counter::requests_lease;
      break;
    case Outcome::collapsed:
      counter = Counter::requests_collapsed;
      break;
    case Outcome::bypass:
      counter = Counter::requests_bypass;
      break;
  }
  context_.metrics.add(counter);
  context_.metrics.observe(timing, total);
  context_.metrics.observe(Timing::age, served.age);
}

}  // namespace wx::endpoints
