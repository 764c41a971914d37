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

// Chooses the address to show, or nothing. Networks of virtual machines and containers exist only inside this machine,
// so they do not count; nor do loopback and link-local addresses. Private addresses (RFC 1918) come first.
[[nodiscard]] std::optional<std::string> choose_local_address(std::span<const InterfaceAddress> addresses);

// The same of the machine's interfaces that are up now.
[[nodiscard]] std::optional<std::string> local_network_address();

}  // namespace wx::app
