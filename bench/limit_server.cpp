// The limit: the cost of answering without any work. A bare epoll loop counts the ends of request heads and answers
// each with the same bytes: one read and one write per turn of a connection, more writes only if the socket takes a
// part of a large answer, and no allocation. What a real server costs beyond this is the price of what it does.
//
//   limit_server FILE [THREADS [PORT]]     FILE holds the whole answer; prints the port it listens on
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kMostPipelined = 64;  // in one read; bytes beyond them wait for the next
constexpr std::size_t kInput = 8192;

void check(bool fine, const char* what) {
  if (fine) return;
  std::perror(what);
  std::exit(1);
}

int listen_on(std::uint16_t& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  check(listener >= 0, "socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  check(listen(listener, 4096) == 0, "listen");
  return listener;
}

class Loop {
 public:
  Loop(int listener, std::string_view answer) : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    check(epoll_ >= 0, "epoll_create1");
    for (std::size_t i = 0; i < kMostPipelined; ++i) answers_ += answer;
    size_ = answer.size();
    watch(listener_);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        const int fd = event.data.fd;
        if (fd == listener_) {
          take_clients();
        } else if ((event.events & EPOLLOUT) != 0) {
          write_rest(fd);
        } else {
          answer(fd);
        }
      }
    }
  }

 private:
  void watch(int fd, std::uint32_t events = EPOLLIN, int change = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, change, fd, &event);
  }

  void take_clients() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (rest_.size() <= static_cast<std::size_t>(fd)) rest_.resize(static_cast<std::size_t>(fd) + 1);
      watch(fd);
    }
  }

  // Heads are assumed to arrive whole, as those of a load generator do.
  void answer(int fd) {
    const ssize_t got = recv(fd, input_.data(), input_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      close(fd);
      return;
    }
    const std::string_view input(input_.data(), static_cast<std::size_t>(got));
    std::size_t heads = 0;
    for (auto at = input.find("\r\n\r\n"); at != input.npos; at = input.find("\r\n\r\n", at + 4)) ++heads;
    if (heads > kMostPipelined || heads == 0) {
      close(fd);
      return;
    }
    auto& rest = rest_[static_cast<std::size_t>(fd)];
    rest = size_ * heads;
    if (write(fd, answers_.data(), rest) && rest > 0) watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
  }

  // The client is not read until it has taken its answers.
  void write_rest(int fd) {
    auto& rest = rest_[static_cast<std::size_t>(fd)];
    if (write(fd, answers_.data() + answers_.size() - rest, rest) && rest == 0) watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  }

  // Subtracts what the socket has taken from `rest`. Returns whether the connection is still there.
  static bool write(int fd, const char* bytes, std::size_t& rest) {
    const ssize_t sent = send(fd, bytes, rest, MSG_NOSIGNAL);
    if (sent >= 0) {
      rest -= static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN) {
      close(fd);
      return false;
    }
    return true;
  }

  int listener_;
  int epoll_;
  std::string answers_;
  std::size_t size_ = 0;
  std::vector<std::size_t> rest_;  // by socket: the bytes that it has not taken yet
  std::array<char, kInput> input_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: limit_server FILE [THREADS [PORT]]\n", stderr);
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string answer{std::istreambuf_iterator<char>(file), {}};
  check(!answer.empty(), "the answer");
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;

  auto port = static_cast<std::uint16_t>(argc > 3 ? std::atoi(argv[3]) : 0);
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < threads; ++i) loops.push_back(std::make_unique<Loop>(listen_on(port), answer));
  std::printf("%u\n", port);
  std::fflush(stdout);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < loops.size(); ++i) others.emplace_back([loop = loops[i].get()] { loop->run(); });
  loops.front()->run();
}
