#include "endpoints/same_origin.hpp"

#include "base/text.hpp"
#include "endpoints/forwarded.hpp"
#include "http_server/list.hpp"

namespace wx::endpoints {

using http_server::Field;

namespace {

// An Origin has no default port, but some proxies write it into Host.
std::string_view without_default_port(std::string_view host) {
  for (const std::string_view port : {":80", ":443"}) {
    if (host.ends_with(port)) return host.substr(0, host.size() - port.size());
  }
  return host;
}

bool is_same_host(std::string_view host, std::string_view other) {
  return iequals(without_default_port(host), without_default_port(other));
}

// Whether a proxy names the host as the one that was asked for. With several proxies, each may have added its own.
bool is_forwarded_host(const http_server::Request& request, std::string_view host) {
  auto hosts = request.field(Field::x_forwarded_host).value_or(std::string_view());
  while (!hosts.empty()) {
    if (is_same_host(http_server::cut_member(hosts), host)) return true;
  }
  auto elements = request.field(Field::forwarded).value_or(std::string_view());
  while (!elements.empty()) {
    const auto named = forwarded_parameter(cut_last_element(elements), "host");
    if (named && is_same_host(*named, host)) return true;
  }
  return false;
}

}  // namespace

bool is_cross_site(const http_server::Request& request, const TrustedProxies& trusted) {
  if (const auto site = request.field(Field::sec_fetch_site)) return *site != "same-origin" && *site != "none";
  const auto origin = request.field(Field::origin);
  if (!origin) return false;
  constexpr std::string_view kAfterScheme = "://";
  const auto scheme_ends = origin->find(kAfterScheme);
  if (scheme_ends == std::string_view::npos)
    return true;  // "null": a page without an origin, such as a sandboxed frame
  const auto from = origin->substr(scheme_ends + kAfterScheme.size());
  if (is_same_host(from, request.field(Field::host).value_or(std::string_view()))) return false;
  return !is_trusted_peer(request.peer(), trusted) || !is_forwarded_host(request, from);
}

}  // namespace wx::endpoints
