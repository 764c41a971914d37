// Finds the address of the client that sent a request. Behind a reverse proxy the peer is the proxy, and
// X-Forwarded-For or Forwarded (RFC 7239) lists the client. Each proxy appends to the right of what the client itself
// may have written there. Therefore the list is read from its right end, past trusted proxies, to the first untrusted
// address.
//
// A proxy that writes one of the two fields may pass on the other as the client sent it. So an address that is in both
// counts only if they agree.
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

// Returns true if `peer` may say for whom it sends a request.
[[nodiscard]] bool is_trusted_peer(std::string_view peer, const TrustedProxies& trusted);

// The values of the two fields, repeated fields joined by commas; empty if absent. A Forwarded field without "for"
// counts as absent.
struct ForwardingFields {
  std::string_view x_forwarded_for;
  std::string_view forwarded;
};

// Returns the rightmost untrusted address of the field that is present, if `peer` is trusted and such an address
// exists, else `peer`; of two fields, the address if both give the same one, else `peer`. An element may carry a port.
// An element that is malformed or not an address ends the search, so `peer` is returned. The result is a view into one
// of the texts, without port or brackets. Allocates nothing.
[[nodiscard]] std::string_view client_address(std::string_view peer, const ForwardingFields& fields,
                                              const TrustedProxies& trusted);

}  // namespace wx::endpoints
