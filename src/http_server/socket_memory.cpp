#include "http_server/socket_memory.hpp"

#include <array>
#include <cstdint>

#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace wx::http_server {
namespace {

// Returns true if neither side can send any more, as after the client's reset.
bool is_closed(int socket) {
  std::uint8_t state = 0;  // the first member of tcp_info
  socklen_t size = sizeof state;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &state, &size) == 0 && state == TCP_CLOSE;
}

}  // namespace

SocketMemory socket_memory(int socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) {
    const std::size_t unsent = unsent_bytes(socket);  // a system that has not all of Linux
    return {.unsent = unsent, .all = unsent};
  }
  const std::size_t unsent = info[SK_MEMINFO_WMEM_QUEUED];
  return {.unsent = unsent, .all = unsent + info[SK_MEMINFO_RMEM_ALLOC] + info[SK_MEMINFO_FWD_ALLOC]};
}

std::size_t unsent_bytes(int socket) {
  int unsent = 0;
  if (::ioctl(socket, SIOCOUTQ, &unsent) != 0 || unsent <= 0) return 0;
  // The kernel goes on telling what was unsent when a reset came, although it has forgotten it.
  return is_closed(socket) ? 0 : static_cast<std::size_t>(unsent);
}

void forget_unsent(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace wx::http_server
