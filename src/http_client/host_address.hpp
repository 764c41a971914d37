// Addresses of hosts that are not to be looked up in the DNS, as a setting gives them.
//
// Thread-safety: values and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wx::http_client {

struct HostAddress {
  std::string host;     // in lower case: "api.open-meteo.com", or "*.open-meteo.com" for every host below that name
  std::string address;  // IPv4 or IPv6, without brackets

  [[nodiscard]] bool is_of(std::string_view name) const;
  friend bool operator==(const HostAddress&, const HostAddress&) = default;
};

// Parses "host:address" or several of them with commas between: "api.open-meteo.com:192.0.2.1",
// "*.open-meteo.com:2001:db8::1" (brackets around an IPv6 address are allowed). Error: bad_parameter; its detail names
// the part that is wrong.
[[nodiscard]] Result<std::vector<HostAddress>> parse_host_addresses(std::string_view text);

// The text that parse_host_addresses() reads back.
[[nodiscard]] std::string format_host_addresses(const std::vector<HostAddress>& addresses);

}  // namespace wx::http_client
