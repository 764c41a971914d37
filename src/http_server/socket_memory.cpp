#include "http_server/socket_memory.hpp"

#include <array>
#include <cstdint>

#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace wx::http_server {

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
  return ::ioctl(socket, SIOCOUTQ, &unsent) == 0 ? static_cast<std::size_t>(unsent) : 0;
}

void forget_unsent(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace wx::http_server
