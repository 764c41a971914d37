#include "endpoints/endpoints.hpp"

#include "base/text.hpp"
#include "endpoints/admin.hpp"
#include "endpoints/assets_endpoint.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/language.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/outage_endpoint.hpp"
#include "endpoints/page_model.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"
#include "endpoints/stats.hpp"

namespace wx::endpoints {

using http_server::Exchange;
using http_server::Field;
using http_server::Method;
using http_server::Route;

namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";
// Answers are for programs, and each may cost a call of the provider.
constexpr std::string_view kRobots =
    "User-agent: *\nDisallow: /weather\nDisallow: /v1/\nDisallow: /data\nDisallow: /api/\nDisallow: /*-api/\n"
    "Allow: /\n";
constexpr std::string_view kProblems = "/problems/";
constexpr std::string_view kAssets = "/assets/";

}  // namespace

Endpoints::Endpoints(Context context)
    : context_(std::move(context)),
      weather_(context_),
      lab_(context_),
      drop_in_(context_.drop_in == nullptr ? std::optional<DropInEndpoint>()
                                           : std::optional<DropInEndpoint>(std::in_place, context_, *context_.drop_in)),
      router_(
          routes(),
          [this](Exchange& exchange, ErrorKind kind, std::string_view detail, std::string_view extra_headers) {
            Problem problem;
            problem.error.kind = kind;
            problem.error.detail = detail;
            problem.extra_headers = extra_headers;
            problem.html = prefers_html(exchange.request().field(Field::accept));
            respond_problem(context_, exchange, problem);
          },
          drop_in_ ? std::optional(drop_in_->mount()) : std::nullopt) {}

std::vector<Route> Endpoints::routes() {
  const auto get = [](std::string path, http_server::HandlerFunction handler) {
    return Route{std::move(path), Route::Match::exact, {{Method::get, std::move(handler)}}};
  };
  const http_server::HandlerFunction live = [this](Exchange& e) { this->live(e); };
  const http_server::HandlerFunction ready = [this](Exchange& e) { this->ready(e); };
  // An orchestrator must not restart a service because it has many clients.
  const auto health = [&get](std::string path, const http_server::HandlerFunction& handler) {
    auto route = get(std::move(path), handler);
    route.when_full = true;
    return route;
  };
  std::vector<Route> routes;
  routes.push_back(get("/weather", [this](Exchange& e) { weather_.get(e); }));
  auto& weather = routes.back();
  Route cache{"/cache", Route::Match::exact, {}};
  // Without ADMIN_TOKEN purges are disabled, and DELETE is not an allowed method.
  if (!context_.options.admin_token.empty()) {
    weather.methods.emplace_back(Method::del, [this](Exchange& e) { weather_.del(e); });
    cache.methods.emplace_back(Method::del, [this](Exchange& e) { purge_all(e); });
  }
  routes.push_back(std::move(cache));
  routes.push_back(get("/", [this](Exchange& e) { page(e); }));
  routes.push_back(get("/stats", [this](Exchange& e) { stats(e); }));
  routes.push_back(get("/metrics", [this](Exchange& e) { respond(e, 200, kPrometheus, context_.metrics.text()); }));
  routes.push_back(health("/health/live", live));
  routes.push_back(health("/livez", live));
  routes.push_back(health("/healthz", live));
  routes.push_back(health("/health/ready", ready));
  routes.push_back(health("/readyz", ready));
  routes.push_back(get("/openapi.json", [this](Exchange& e) { asset(e); }));
  routes.push_back(get("/robots.txt", [this](Exchange& e) { respond(e, 200, kText, kRobots); }));
  routes.push_back(
      {std::string(kProblems), Route::Match::prefix, {{Method::get, [this](Exchange& e) { problem_page(e); }}}});
  routes.push_back({std::string(kAssets), Route::Match::prefix, {{Method::get, [this](Exchange& e) { asset(e); }}}});
  if (context_.options.query.lab) {
    routes.push_back(
        {"/lab/stampede", Route::Match::exact, {{Method::post, [this](Exchange& e) { lab_.stampede(e); }}}});
    routes.push_back({"/lab/redis-outage", Route::Match::exact, {{Method::post, [this](Exchange& e) {
                                                                    begin_outage(context_, e);
                                                                  }}}});
  }
  for (auto& route : routes) route.any_origin = any_origin(route.path);
  return routes;
}

void Endpoints::respond(Exchange& exchange, int status, std::string_view type, std::string_view body,
                        std::string_view extra_headers) {
  if (status < 300 && refused_by_if_match(context_, exchange, {}, type == kHtml)) return;
  const RequestId id(exchange.request().field(Field::x_request_id), context_.random);
  auto& headers = context_.headers;
  headers.clear();
  append_line(headers, "Content-Type", type);
  append(headers, "Cache-Control: no-store\r\n");
  append(headers, extra_headers);
  if (type == kHtml) append_page_security(headers);
  send(context_, exchange, id, {.status = status}, {body});
}

void Endpoints::page(Exchange& exchange) {
  respond(exchange, 200, kHtml, pages::render_page(page_model(context_, exchange.request())), kVaryLanguage);
}

void Endpoints::asset(Exchange& exchange) {
  const auto* asset = web::find_asset(exchange.request().normal_path().value_or(""));
  if (asset == nullptr) return router_.refuse(exchange, ErrorKind::not_found, "No file has this path");
  respond_asset(context_, exchange, *asset);
}

void Endpoints::purge_all(Exchange& exchange) {
  if (!require_admin(context_, exchange)) return;
  if (refused_by_if_match(context_, exchange, {})) return;
  context_.service.purge_all(context_.thread, purge_answer(context_, exchange));
}

void Endpoints::live(Exchange& exchange) {
  respond(exchange, 200, kJson, "{\"status\":\"ok\"}\n");
}

void Endpoints::ready(Exchange& exchange) {
  const auto status = context_.read_status();
  if (status.phase != ServicePhase::serving) {
    return respond(
        exchange, 503, kJson,
        status.phase == ServicePhase::starting ? "{\"status\":\"starting\"}\n" : "{\"status\":\"draining\"}\n",
        "Retry-After: 1\r\n");
  }
  // Readiness does not depend on Redis, because the service also answers without it.
  const bool degraded = status.redis.state == "down";
  respond(exchange, 200, kJson, degraded ? "{\"status\":\"degraded\",\"redis\":\"down\"}\n" : "{\"status\":\"ok\"}\n");
}

void Endpoints::stats(Exchange& exchange) {
  // A browser that opens the address shows the text as it is.
  const bool read = prefers_html(exchange.request().field(Field::accept));
  const auto json = render_stats(context_);
  respond(exchange, 200, kJson, read ? indented(json) : json, kVaryJson);
}

void Endpoints::problem_page(Exchange& exchange) {
  const auto wanted = exchange.request().normal_path().value_or(kProblems).substr(kProblems.size());
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    if (name(kind) != wanted) continue;
    const auto choice = choose_language(exchange.request());
    const auto page =
        pages::render_problem_page({.language = choice.language, .explicit_language = choice.chosen, .kind = kind});
    return respond(exchange, 200, kHtml, page, kVaryLanguage);
  }
  router_.refuse(exchange, ErrorKind::not_found, "No problem type has this name");
}

}  // namespace wx::endpoints
