#include "http_server/router.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::http_server {
namespace {

struct MethodName {
  Method method;
  std::string_view name;
};
// In the order of the Allow field.
constexpr auto kMethods = std::to_array<MethodName>({
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::del, "DELETE"},
    {Method::options, "OPTIONS"},
});

const HandlerFunction* function_for(const Route& route, Method method) {
  const Method wanted = method == Method::head ? Method::get : method;
  const auto found = std::ranges::find(route.methods, wanted, [](const auto& entry) { return entry.first; });
  return found == route.methods.end() ? nullptr : &found->second;
}

bool allows(const Route& route, Method method) {
  return method == Method::options || function_for(route, method) != nullptr;
}

std::string method_list(const auto& is_allowed) {
  std::string out;
  for (const auto& [method, name] : kMethods) {
    if (!is_allowed(method)) continue;
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

// The CORS protocol (Fetch standard). A route with `any_origin` depends on no cookie. A script can send the admin token
// only if it knows the token.
std::string options_headers(std::string_view methods, bool any_origin) {
  if (!any_origin) return cat("Allow: ", methods, "\r\n");
  return cat("Allow: ", methods, "\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: ", methods,
             "\r\nAccess-Control-Allow-Headers: Accept, Accept-Language, Authorization, Cache-Control, If-None-Match, "
             "Traceparent, X-Request-Id\r\nAccess-Control-Max-Age: 86400\r\n");
}

}  // namespace

Router::Router(std::vector<Route> routes, RefusalFunction refuse, std::optional<Mount> mount)
    : refuse_(std::move(refuse)), mount_(std::move(mount)) {
  const std::string all = method_list([&routes](Method method) {
    return std::ranges::any_of(routes, [method](const Route& route) { return allows(route, method); });
  });
  all_allow_ = cat("Allow: ", all, "\r\n");
  all_options_ = options_headers(all, false);
  for (auto& route : routes) {
    const std::string methods = method_list([&route](Method method) { return allows(route, method); });
    auto& table = route.match == Route::Match::exact ? exact_ : prefixes_;
    const bool any_origin = route.any_origin;
    table.push_back({.route = std::move(route),
                     .allow = cat("Allow: ", methods, "\r\n"),
                     .options = options_headers(methods, any_origin)});
  }
  std::ranges::sort(prefixes_, std::greater(), [](const Entry& entry) { return entry.route.path.size(); });
}

const Router::Entry* Router::find_exact(std::string_view path) const {
  for (const auto& entry : exact_) {
    if (entry.route.path == path) return &entry;
  }
  return nullptr;
}

const Router::Entry* Router::find(std::string_view normal_path) const {
  if (const Entry* const exact = find_exact(normal_path)) return exact;
  for (const auto& entry : prefixes_) {
    if (normal_path.starts_with(entry.route.path)) return &entry;
  }
  return nullptr;
}

void Router::handle(Exchange& exchange) {
  const Request& request = exchange.request();
  // Most paths are those of a route, letter by letter.
  const Entry* entry = find_exact(request.path());
  if (entry == nullptr) {
    if (request.path() == "*") return exchange.respond(204, all_options_, {});
    if (!request.path().starts_with('/')) return refuse_method(exchange, all_allow_);
    const auto path = request.normal_path();
    if (!path) {
      return refuse(exchange, ErrorKind::malformed_request,
                    "The path has a malformed percent escape, or a segment that is . or ..");
    }
    if (is_mounted(request)) return mount_->handle(exchange);
    entry = find(*path);
  }
  if (entry == nullptr) {
    const bool known = request.method() != Method::unknown;
    return known ? refuse_(exchange, ErrorKind::not_found, {}, {}) : refuse_method(exchange, {});
  }
  if (const auto* function = function_for(entry->route, request.method())) return (*function)(exchange);
  if (request.method() == Method::options) return exchange.respond(204, entry->options, {});
  refuse_method(exchange, entry->allow);
}

void Router::refuse_method(Exchange& exchange, const std::string& allow) {
  if (exchange.request().method() == Method::unknown) {
    return refuse_(exchange, ErrorKind::not_implemented, "This server does not know the method", {});
  }
  refuse_(exchange, ErrorKind::method_not_allowed, {}, allow);
}

bool Router::serves_when_full(const Request& request) const {
  const Entry* const entry = find(request.normal_path().value_or(""));
  return entry != nullptr && entry->route.when_full;
}

bool Router::is_mounted(const Request& request) const {
  return mount_ && mount_->has(request.normal_path().value_or(request.path()));
}

void Router::refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) {
  (is_mounted(exchange.request()) ? mount_->refuse : refuse_)(exchange, kind, detail, {});
}

}  // namespace wx::http_server
