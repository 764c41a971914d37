// The Redis of a kernel: a RESP3 peer that shares the kernel's thread and answers only when told to, so that every run
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

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
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

  // What GET answers for a key that is no lease; empty stands for null.
  void hold(std::string_view value) {
    held_ = value.empty() ? std::string("_\r\n") : cat("$", value.size(), "\r\n", value, "\r\n");
  }

  // Goes on with the client's connection and greeting as far as that is possible without waiting.
  void greet() {
    if (socket_ < 0 && readable(listener_)) accept();
    if (socket_ >= 0 && readable(socket_)) serve();
  }

  // Waits for the commands of one write of the client and answers them in one write.
  void serve() {
    replies_.clear();
    input_.clear();
    do {
      const auto count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      require(count > 0);
      input_.append(buffer_.data(), static_cast<std::size_t>(count));
    } while (!answer_input());
    require(::send(socket_, replies_.data(), replies_.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(replies_.size()));
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

  // Answers every command in input_; false, and no replies, if the last one is not whole.
  bool answer_input() {
    replies_.clear();
    std::string_view rest = input_;
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
      append_reply(words[0], words[1]);
    }
    return true;
  }

  // The number in a line such as "*3\r\n", which it takes off `rest`.
  static std::optional<std::size_t> take_number(std::string_view& rest, char mark) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    require(rest.front() == mark);
    std::size_t number = 0;
    std::from_chars(rest.data() + 1, rest.data() + end, number);
    rest.remove_prefix(end + 1);
    return number;
  }

  void append_reply(std::string_view command, std::string_view key) {
    if (command == "GET") {
      append(replies_, key.contains("lease") ? std::string_view("_\r\n") : held_);
    } else if (command == "DEL" || command == "PUBLISH") {
      append(replies_, ":1\r\n");
    } else if (command == "HELLO") {
      append(replies_, "%1\r\n+version\r\n+7.0.0\r\n");
    } else {
      append(replies_, "+OK\r\n");  // SET, CLIENT, PING
    }
  }

  int listener_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::string held_ = "_\r\n";
  std::string input_;
  std::string replies_;
  std::array<char, 64 * 1024> buffer_{};
};

}  // namespace wx::bench
