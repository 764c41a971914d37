#include "base/ip_address.hpp"

#include <algorithm>
#include <span>

#include <arpa/inet.h>

#include "base/text.hpp"

namespace wx {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

}  // namespace

bool IpAddress::is_v4() const {
  return std::ranges::equal(kMapped, std::span(bytes).first<kMapped.size()>());
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  // INET6_ADDRSTRLEN holds the longest valid text and its terminator. A zero byte would end the text early.
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  std::ranges::copy(text, terminated.begin());
  IpAddress address;
  if (::inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
  std::ranges::copy(kMapped, address.bytes.begin());
  if (::inet_pton(AF_INET, terminated.data(), address.bytes.data() + kMapped.size()) == 1) return address;
  return std::nullopt;
}

std::string format_ip(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = address.is_v4();
  const auto* const from = address.bytes.data() + (v4 ? kMapped.size() : 0);
  return ::inet_ntop(v4 ? AF_INET : AF_INET6, from, text.data(), text.size());
}

bool IpNetwork::contains(const IpAddress& other) const {
  const std::size_t whole = bits / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<long>(whole), other.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> (bits % 8));
  return ((address.bytes.at(whole) ^ other.bytes.at(whole)) & mask) == 0;
}

std::optional<IpNetwork> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return IpNetwork{*address, 128};
  // A network written with colons counts all 128 bits, even for a mapped address; without colons it counts IPv4's 32.
  const bool v4 = text.find(':') == std::string_view::npos;
  const auto bits = parse_unsigned(text.substr(slash + 1));
  if (!bits || *bits > (v4 ? 32U : 128U)) return std::nullopt;
  return IpNetwork{*address, static_cast<unsigned>(*bits) + (v4 ? kMappedBits : 0)};
}

std::string format_network(const IpNetwork& network) {
  if (network.bits == 128) return format_ip(network.address);
  if (!network.address.is_v4()) return cat(format_ip(network.address), "/", network.bits);
  const auto v4 = format_ip(network.address);
  // A prefix below 96 bits covers more than IPv4.
  if (network.bits < kMappedBits) return cat("::ffff:", v4, "/", network.bits);
  return cat(v4, "/", network.bits - kMappedBits);
}

}  // namespace wx
