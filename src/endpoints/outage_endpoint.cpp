#include "endpoints/outage_endpoint.hpp"

#include <string>
#include <utility>

#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/same_origin.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {

using cache::Outage;
using http_server::Exchange;

namespace {

void refuse(Context& context, Exchange& exchange, Error error) {
  Problem problem;
  problem.error = std::move(error);
  respond_problem(context, exchange, problem);
}

std::string_view why_none(const Context& context) {
  return context.options.query.redis ? "Redis cannot be taken away here (LAB_REDIS_OUTAGE=off)"
                                     : "Redis cannot be taken away: this service has none";
}

}  // namespace

void begin_outage(Context& context, Exchange& exchange) {
  if (is_cross_site(exchange.request(), context.options.trusted_proxies)) {
    return refuse(
        context, exchange,
        {.kind = ErrorKind::cross_site, .detail = "only this service's own page, or a program, may take Redis away"});
  }
  if (context.outage == nullptr) {
    return refuse(context, exchange, {.kind = ErrorKind::not_found, .detail = std::string(why_none(context))});
  }
  if (refused_by_if_match(context, exchange, {})) return;
  if (const auto wait = context.outage->begin(context.clock.steady())) {
    return refuse(context, exchange,
                  {.kind = ErrorKind::lab_busy,
                   .detail = "Redis can be taken away once a minute",
                   .retry_after = std::chrono::ceil<milliseconds>(*wait)});
  }
  context.metrics.add(observability::Counter::lab_redis_outages);
  context.log.info("endpoints", "the laboratory takes Redis away from the mock", {{"seconds", Outage::kSpan.count()}});
  context.outage_end = exchange.executor().after(
      Outage::kSpan, [&context] { context.log.info("endpoints", "the laboratory has given Redis back to the mock"); });
  const RequestId id(exchange.request().field(http_server::Field::x_request_id), context.random);
  auto& headers = context.headers;
  headers.clear();
  append(headers, kJsonType);
  append(headers, "Cache-Control: no-store\r\n");
  const auto body = cat("{\"outage_ms\":", milliseconds(Outage::kSpan).count(),
                        ",\"again_in_ms\":", milliseconds(Outage::kInterval).count(), "}\n");
  send(context, exchange, id, {.status = 200}, {body});
}

}  // namespace wx::endpoints
