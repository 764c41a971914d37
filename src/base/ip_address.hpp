// IP addresses and networks as values, for limits and lists of trusted proxies.
//
// Thread-safety: values and pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wx {

// An IPv4 address is stored as an IPv4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 §2.5.5.2), so that both spellings
// of it are equal.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_v4() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// The whole of `text` as an IPv4 or IPv6 address in numeric form: no host name, no brackets, no port, no zone.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

// "192.0.2.1", "2001:db8::1"
[[nodiscard]] std::string format_ip(const IpAddress& address);

// A network in CIDR notation (RFC 4632, RFC 4291 §2.3). `bits` is the length of the prefix out of
// 128: 10.0.0.0/8 has 104.
struct IpNetwork {
  IpAddress address;
  unsigned bits = 128;

  [[nodiscard]] bool contains(const IpAddress& other) const;
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

// "10.0.0.0/8", "2001:db8::/32", or a single address. Bits after the prefix may be set:
// contains() ignores them, == does not.
[[nodiscard]] std::optional<IpNetwork> parse_network(std::string_view text);

// The text that parse_network() reads back. A single address has no "/128".
[[nodiscard]] std::string format_network(const IpNetwork& network);

}  // namespace wx
