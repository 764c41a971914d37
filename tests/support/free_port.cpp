#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "support/socket.hpp"

namespace wx::test {

std::uint16_t free_port() {
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.descriptor(), generic, size) != 0 || ::getsockname(socket.descriptor(), generic, &size) != 0) {
    throw SocketError("no free port");
  }
  return ntohs(address.sin_port);
}

}  // namespace wx::test
