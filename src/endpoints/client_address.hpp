// Whose request it is: behind a reverse proxy the peer is the proxy, and the client stands in X-Forwarded-For, to the
// right of whatever the client itself wrote there. So the list is read from its end, past the proxies that are trusted,
// to the first address that is not.
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
  // Whoever connects to us is a proxy, whatever its address: where a platform's front end is the only way in.
  bool peer = false;
  std::vector<IpNetwork> networks;

  [[nodiscard]] bool none() const { return !peer && networks.empty(); }
  friend bool operator==(const TrustedProxies&, const TrustedProxies&) = default;
};

// Reads "10.0.0.0/8, 2001:db8::1, peer": addresses, networks, and the word "peer"; empty: none. Error: bad_parameter,
// its detail a sentence that names the part that is wrong.
[[nodiscard]] Result<TrustedProxies> parse_trusted_proxies(std::string_view text);
// A text that parse_trusted_proxies() reads back.
[[nodiscard]] std::string format_trusted_proxies(const TrustedProxies& trusted);

// The last untrusted address of `forwarded_for` if `peer` is trusted and there is one, else `peer`. `forwarded_for`:
// the field's value, repeated fields joined by commas; empty if there was none. Elements may carry a port; one that is
// no address hides everything to its left. The result is a view into one of the two texts, without port or brackets.
[[nodiscard]] std::string_view client_address(std::string_view peer, std::string_view forwarded_for,
                                              const TrustedProxies& trusted);

}  // namespace wx::endpoints
