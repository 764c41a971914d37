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

// IPv4 addresses are kept as IPv6 maps them (::ffff:a.b.c.d, RFC 4291 §2.5.5.2), so that both spellings of one address
// are equal.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_v4() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// The whole of `text` as an IPv4 or IPv6 address in digits: no host name, no brackets, no port, no zone.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

// "192.0.2.1", "2001:db8::1"
[[nodiscard]] std::string format_ip(const IpAddress& address);

// A network in CIDR notation (RFC 4632, RFC 4291 §2.3); `bits` counts from the left of all 128.
struct IpNetwork {
  IpAddress address;
  unsigned bits = 128;

  [[nodiscard]] bool contains(const IpAddress& other) const;
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

// "10.0.0.0/8", "2001:db8::/32", or a single address. Bits behind the prefix may be set; they are ignored.
[[nodiscard]] std::optional<IpNetwork> parse_network(std::string_view text);

// A text that parse_network() reads back; a network of one address without its length.
[[nodiscard]] std::string format_network(const IpNetwork& network);

}  // namespace wx
