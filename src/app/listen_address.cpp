#include "app/listen_address.hpp"

#include "base/ip_address.hpp"
#include "base/text.hpp"

namespace wx::app {

bool is_any_address(std::string_view address) {
  const auto ip = parse_ip(address);
  return ip && (*ip == IpAddress{} || address == "0.0.0.0");
}

std::string url_host(std::string_view address) {
  return address.contains(':') ? cat("[", address, "]") : std::string(address);
}

}  // namespace wx::app
