#include "support/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.hpp"

namespace wx::test {
namespace {

[[noreturn]] void fail_with(std::string_view what, int error) {
  throw SocketError(cat(what, ": ", std::system_category().message(error)));
}

void wait_for(int descriptor, short events, std::chrono::steady_clock::time_point deadline, std::string_view what) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd poll{descriptor, events, 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return;
    if (ready == 0) throw SocketError(cat(what, ": no progress in time"));
    if (errno != EINTR) fail_with(what, errno);
  }
}

Socket connect_to(int family, const sockaddr* address, socklen_t size, milliseconds timeout) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.open()) fail_with("socket", errno);
  if (::connect(socket.descriptor(), address, size) != 0) {
    if (errno != EINPROGRESS) fail_with("connect", errno);
    wait_for(socket.descriptor(), POLLOUT, std::chrono::steady_clock::now() + timeout, "connect");
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) fail_with("connect", error);
  }
  return socket;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

Socket Socket::connect(std::uint16_t port, milliseconds timeout) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Socket socket = connect_to(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address, timeout);
  const int on = 1;
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

Socket Socket::connect_unix(const std::string& path, milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw SocketError("the path is too long for a unix socket");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, timeout);
}

void Socket::write(std::string_view bytes, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      wait_for(descriptor_, POLLOUT, deadline, "write");
    } else if (errno != EINTR) {
      fail_with("write", errno);
    }
  }
}

std::string Socket::read_some(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got >= 0) return {buffer.data(), static_cast<std::size_t>(got)};
    if (errno == EAGAIN) {
      wait_for(descriptor_, POLLIN, deadline, "read");
    } else if (errno != EINTR) {
      fail_with("read", errno);
    }
  }
}

void Socket::shutdown_write() {
  ::shutdown(descriptor_, SHUT_WR);
}

void Socket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Socket::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

}  // namespace wx::test
