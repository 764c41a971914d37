#include "endpoints/client_address.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "endpoints/forwarded.hpp"

namespace wx::endpoints {
namespace {

// RFC 7239 §6.3: a number, or a name that hides it ("_gazonk").
bool is_port(std::string_view text) {
  constexpr std::string_view kHiding = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (text.starts_with('_')) return text.size() > 1 && text.find_first_not_of(kHiding) == std::string_view::npos;
  return parse_unsigned(text).has_value();
}

// Returns the address in "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:4711", or an
// empty view if the brackets or the port are malformed.
std::string_view without_port(std::string_view element) {
  if (element.starts_with('[')) {
    const auto end = element.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = element.substr(end + 1);
    const bool port = rest.starts_with(':') && is_port(rest.substr(1));
    return rest.empty() || port ? element.substr(1, end - 1) : std::string_view();
  }
  const auto colon = element.find(':');
  const bool one_colon = colon != std::string_view::npos && element.find(':', colon + 1) == std::string_view::npos;
  if (!one_colon) return element;
  return is_port(element.substr(colon + 1)) ? element.substr(0, colon) : std::string_view();
}

// The address in the last element of X-Forwarded-For, which is removed. Some proxies put quotes around it.
std::string_view cut_last_address(std::string_view& rest) {
  const auto comma = rest.rfind(',');
  const bool more = comma != std::string_view::npos;
  auto element = trim(more ? rest.substr(comma + 1) : rest);
  rest = rest.substr(0, more ? comma : 0);
  if (element.size() >= 2 && element.front() == '"' && element.back() == '"') {
    element = element.substr(1, element.size() - 2);
  }
  return without_port(element);
}

// The address in the last element of Forwarded, which is removed. Empty if the element names none: "unknown", or a name
// that hides the address (RFC 7239 §6.3).
std::string_view cut_last_for(std::string_view& rest) {
  return without_port(forwarded_parameter(cut_last_element(rest), "for").value_or(std::string_view()));
}

// Whether Forwarded is there for other parameters only, such as "proto".
bool names_nobody(std::string_view forwarded) {
  while (!forwarded.empty()) {
    if (forwarded_parameter(cut_last_element(forwarded), "for") != std::string_view()) return false;
  }
  return true;
}

bool is_trusted(const IpAddress& address, const TrustedProxies& trusted) {
  return std::ranges::any_of(trusted.networks, [&](const IpNetwork& network) { return network.contains(address); });
}

struct Client {
  std::string_view text;
  IpAddress ip;
};

// The rightmost untrusted address of a list. Nothing without one, or if an element before it is not an address.
std::optional<Client> find_client(std::string_view list, const TrustedProxies& trusted,
                                  std::string_view (*cut_last)(std::string_view&)) {
  while (!list.empty()) {
    const auto text = cut_last(list);
    const auto ip = parse_ip(text);
    if (!ip) return std::nullopt;
    if (!is_trusted(*ip, trusted)) return Client{text, *ip};
  }
  return std::nullopt;
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

bool is_trusted_peer(std::string_view peer, const TrustedProxies& trusted) {
  if (trusted.peer) return true;
  if (trusted.networks.empty()) return false;
  const auto ip = parse_ip(peer);
  return ip && is_trusted(*ip, trusted);
}

std::string_view client_address(std::string_view peer, const ForwardingFields& fields, const TrustedProxies& trusted) {
  if (!is_trusted_peer(peer, trusted)) return peer;
  const auto listed = find_client(fields.x_forwarded_for, trusted, &cut_last_address);
  if (names_nobody(fields.forwarded)) return listed ? listed->text : peer;
  const auto forwarded = find_client(fields.forwarded, trusted, &cut_last_for);
  if (fields.x_forwarded_for.empty()) return forwarded ? forwarded->text : peer;
  return listed && forwarded && listed->ip == forwarded->ip ? listed->text : peer;
}

}  // namespace wx::endpoints
