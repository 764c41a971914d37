#include "app/local_network.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip_address.hpp"

namespace wx::app {
namespace {

// The most common networks of homes and schools first.
constexpr std::array<std::string_view, 3> kPrivate{"192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"};
constexpr std::array<std::string_view, 3> kNotShared{"127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8"};
constexpr std::array<std::string_view, 15> kVirtual{"docker",  "br-",     "veth",    "virbr",  "podman",
                                                    "cni",     "vmnet",   "vboxnet", "lxdbr",  "lxcbr",
                                                    "incusbr", "flannel", "cali",    "cilium", "vnet"};

bool is_virtual(std::string_view interface) {
  return std::ranges::any_of(kVirtual, [&](auto prefix) { return interface.starts_with(prefix); });
}

bool is_shared(const IpAddress& address) {
  return std::ranges::none_of(kNotShared, [&](auto network) { return parse_network(network)->contains(address); });
}

// 0 is the best.
std::size_t rank_of(const IpAddress& address) {
  const auto network =
      std::ranges::find_if(kPrivate, [&](auto text) { return parse_network(text)->contains(address); });
  return static_cast<std::size_t>(network - kPrivate.begin());
}

std::string text_of(const in_addr& address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr ? "" : text.data();
}

// The address that this machine sends from on its default route, or nothing. Connecting a UDP socket only looks up the
// route: nothing is sent to 192.0.2.1, which is reserved for documentation (RFC 5737).
std::string route_source() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(0xC0000201);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const bool found = connect(socket, any, size) == 0 && getsockname(socket, any, &size) == 0;
  close(socket);
  return found ? text_of(address.sin_addr) : "";
}

std::vector<InterfaceAddress> interface_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, freeifaddrs);
  std::vector<InterfaceAddress> found;
  for (const auto* each = first; each != nullptr; each = each->ifa_next) {
    constexpr unsigned kUsable = IFF_UP | IFF_RUNNING;
    // A point-to-point link is a tunnel, such as a VPN: nobody else in the room is on it.
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET ||
        (each->ifa_flags & (kUsable | IFF_POINTOPOINT)) != kUsable) {
      continue;
    }
    const auto* const address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    found.push_back({each->ifa_name, text_of(address->sin_addr)});
  }
  return found;
}

}  // namespace

std::optional<std::string> choose_local_address(std::span<const InterfaceAddress> addresses,
                                                std::string_view route_source) {
  std::optional<std::string> best;
  std::size_t best_rank = kPrivate.size() + 1;
  for (const auto& [interface, text] : addresses) {
    const auto address = parse_ip(text);
    if (!address || !is_shared(*address)) continue;
    if (text == route_source) return text;
    if (is_virtual(interface)) continue;
    const auto rank = rank_of(*address);
    if (rank >= best_rank) continue;
    best = text;
    best_rank = rank;
  }
  return best;
}

std::optional<std::string> local_network_address() {
  return choose_local_address(interface_addresses(), route_source());
}

}  // namespace wx::app
