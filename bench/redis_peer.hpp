// The Redis of a kernel: a RESP3 peer that shares the kernel's thread and answers only on command, so that every run
// does the same reads and writes in the same order.
//
// Thread-safety: none.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.hpp"

namespace wx::bench {

class RedisPeer {
 public:
  RedisPeer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    require(::bind(listener_, generic, size) == 0 && ::listen(listener_, 1) == 0 &&
            ::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~RedisPeer() {
    if (socket_ >= 0) ::close(socket_);
    ::close(listener_);
  }
  RedisPeer(const RedisPeer&) = delete;
  RedisPeer& operator=(const RedisPeer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // Sets the value that GET answers for every key that is not a lease; empty stands for null.
  void hold(std::string_view value) {
    held_ = value.empty() ? std::string("_\r\n") : cat("$", value.size(), "\r\n", value, "\r\n");
  }

  // Continues the client's connection and handshake as far as possible without waiting.
  void greet() {
    if (socket_ < 0 && readable(listener_)) accept();
    if (socket_ >= 0 && readable(socket_)) serve();
  }

  // Waits for the commands of one write of the client and answers them in one write. It copies nothing, so that all
  // counted copies are the client's.
  void serve() {
    std::size_t filled = 0;
    do {
      const auto count = ::recv(socket_, &input_[filled], input_.size() - filled, 0);
      require(count > 0);
      filled += static_cast<std::size_t>(count);
    } while (!answer(std::string_view(input_).substr(0, filled)));
    std::size_t bytes = 0;
    for (const auto& reply : replies_) bytes += reply.iov_len;
    msghdr message{};
    message.msg_iov = replies_.data();
    message.msg_iovlen = replies_.size();
    require(::sendmsg(socket_, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes));
  }

 private:
  static void require(bool fine) {
    if (!fine) throw std::runtime_error("the kernel's Redis lost its client");
  }

  static bool readable(int socket) {
    pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
  }

  void accept() {
    socket_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    require(socket_ >= 0);
    const int on = 1;
    const int room = 1 << 20;  // a large value leaves in one send, though its reader runs on this thread
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  // Answers every command in `rest`. Returns false if the last one is incomplete.
  bool answer(std::string_view rest) {
    replies_.clear();
    while (!rest.empty()) {
      std::array<std::string_view, 2> words;  // the command's name and first argument
      const auto count = take_number(rest, '*');
      if (!count) return false;
      for (std::size_t i = 0; i < *count; ++i) {
        const auto length = take_number(rest, '$');
        if (!length || rest.size() < *length + 2) return false;
        if (i < words.size()) words[i] = rest.substr(0, *length);
        rest.remove_prefix(*length + 2);
      }
      const auto reply = reply_to(words[0], words[1]);
      replies_.push_back({const_cast<char*>(reply.data()), reply.size()});
    }
    return true;
  }

  // The number in a line such as "*3\r\n". Removes the line from `rest`.
  static std::optional<std::size_t> take_number(std::string_view& rest, char mark) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    require(rest.front() == mark);
    std::size_t number = 0;
    std::from_chars(rest.data() + 1, rest.data() + end, number);
    rest.remove_prefix(end + 1);
    return number;
  }

  [[nodiscard]] std::string_view reply_to(std::string_view command, std::string_view key) const {
    if (command == "GET") return key.contains("lease") ? std::string_view("_\r\n") : held_;
    if (command == "DEL" || command == "PUBLISH") return ":1\r\n";
    if (command == "HELLO") return "%1\r\n+version\r\n+7.0.0\r\n";
    return "+OK\r\n";  // SET, CLIENT, PING
  }

  int listener_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::string held_ = "_\r\n";
  std::string input_ = std::string(1 << 20, '\0');
  std::vector<iovec> replies_;
};

}  // namespace wx::bench
