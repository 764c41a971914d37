#include "endpoints/client_address.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

// Returns the address in "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:4711", or an
// empty view if the brackets or the port are malformed. Some proxies put quotes around the element; they are removed.
std::string_view without_port(std::string_view element) {
  if (element.size() >= 2 && element.front() == '"' && element.back() == '"') {
    element = element.substr(1, element.size() - 2);
  }
  if (element.starts_with('[')) {
    const auto end = element.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = element.substr(end + 1);
    const bool port = rest.starts_with(':') && parse_unsigned(rest.substr(1));
    return rest.empty() || port ? element.substr(1, end - 1) : std::string_view();
  }
  const auto colon = element.find(':');
  const bool one_colon = colon != std::string_view::npos && element.find(':', colon + 1) == std::string_view::npos;
  if (!one_colon) return element;
  return parse_unsigned(element.substr(colon + 1)) ? element.substr(0, colon) : std::string_view();
}

bool is_trusted(const IpAddress& address, const TrustedProxies& trusted) {
  return std::ranges::any_of(trusted.networks, [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace

Result<TrustedProxies> parse_trusted_proxies(std::string_view text) {
  TrustedProxies trusted;
  if (trim(text).empty()) return trusted;
  int number = 0;
  for (bool more = true; more;) {
    ++number;
    const auto comma = text.find(',');
    const auto part = trim(text.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
    if (iequals(part, "peer")) {
      trusted.peer = true;
      continue;
    }
    const auto network = parse_network(part);
    if (!network) {
      return fail(ErrorKind::bad_parameter,
                  cat("part ", number, " is neither an address such as 10.0.0.1 nor a network such as 10.0.0.0/8"));
    }
    trusted.networks.push_back(*network);
  }
  return trusted;
}

std::string format_trusted_proxies(const TrustedProxies& trusted) {
  std::string text;
  const auto add = [&text](std::string_view part) { append(text, cat(text.empty() ? "" : ",", part)); };
  for (const auto& network : trusted.networks) add(format_network(network));
  if (trusted.peer) add("peer");
  return text;
}

std::string_view client_address(std::string_view peer, std::string_view forwarded_for, const TrustedProxies& trusted) {
  const auto peer_ip = parse_ip(peer);
  if (!trusted.peer && !(peer_ip && is_trusted(*peer_ip, trusted))) return peer;
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const bool more = comma != std::string_view::npos;
    const auto element = without_port(trim(more ? forwarded_for.substr(comma + 1) : forwarded_for));
    forwarded_for = more ? forwarded_for.substr(0, comma) : std::string_view();
    const auto ip = parse_ip(element);
    if (!ip) return peer;
    if (!is_trusted(*ip, trusted)) return element;
  }
  return peer;
}

}  // namespace wx::endpoints
