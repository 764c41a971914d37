// Finds the address of the client that sent a request. Behind a reverse proxy the peer is the proxy, and
// X-Forwarded-For lists the client. Each proxy appends to the right of what the client itself may have written there.
// Therefore the list is read from its right end, past trusted proxies, to the first untrusted address.
//
// Thread-safety: values and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/ip_address.hpp"

namespace wx::endpoints {

// TRUSTED_PROXIES
struct TrustedProxies {
  // Every peer is a trusted proxy, whatever its address. For platforms whose front end is the only way to reach the
  // service.
  bool peer = false;
  std::vector<IpNetwork> networks;

  [[nodiscard]] bool none() const { return !peer && networks.empty(); }
  friend bool operator==(const TrustedProxies&, const TrustedProxies&) = default;
};

// Parses a list such as "10.0.0.0/8, 2001:db8::1, peer": addresses, networks and the word "peer". Empty text means no
// trusted proxy. Error: bad_parameter; its detail gives the number of the faulty part and does not repeat it.
[[nodiscard]] Result<TrustedProxies> parse_trusted_proxies(std::string_view text);
// The inverse of parse_trusted_proxies().
[[nodiscard]] std::string format_trusted_proxies(const TrustedProxies& trusted);

// Returns the rightmost untrusted address of `forwarded_for` if `peer` is trusted and such an address exists, else
// `peer`. `forwarded_for` is the value of X-Forwarded-For, repeated fields joined by commas, empty if absent. An
// element may carry a port. An element that is not an address ends the search, so `peer` is returned. The result is a
// view into one of the two texts, without port or brackets.
[[nodiscard]] std::string_view client_address(std::string_view peer, std::string_view forwarded_for,
                                              const TrustedProxies& trusted);

}  // namespace wx::endpoints
