#include "endpoints/same_origin.hpp"

#include "base/text.hpp"

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

}  // namespace

bool is_cross_site(const http_server::Request& request) {
  if (const auto site = request.field(Field::sec_fetch_site)) return *site != "same-origin" && *site != "none";
  const auto origin = request.field(Field::origin);
  if (!origin) return false;
  constexpr std::string_view kAfterScheme = "://";
  const auto scheme_ends = origin->find(kAfterScheme);
  if (scheme_ends == std::string_view::npos)
    return true;  // "null": a page without an origin, such as a sandboxed frame
  const auto host = request.field(Field::host).value_or(std::string_view());
  return !iequals(without_default_port(origin->substr(scheme_ends + kAfterScheme.size())), without_default_port(host));
}

}  // namespace wx::endpoints
