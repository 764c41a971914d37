// The address under which other devices of the local network reach this machine.
//
// Thread-safety: any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wx::app {

// An IPv4 address of this machine, and the name of its network interface.
struct InterfaceAddress {
  std::string interface;
  std::string address;
};

// Chooses the address to show, or nothing. `route_source`, the address that this machine sends from on its default
// route, comes first; it may be empty and counts only as one of `addresses`. Without it, private addresses (RFC 1918)
// come first, and networks of virtual machines and containers, which exist only inside this machine, do not count.
// Loopback and link-local addresses never do.
[[nodiscard]] std::optional<std::string> choose_local_address(std::span<const InterfaceAddress> addresses,
                                                              std::string_view route_source);

// The same of the machine's interfaces that are up now.
[[nodiscard]] std::optional<std::string> local_network_address();

}  // namespace wx::app
