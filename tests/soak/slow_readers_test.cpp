// A thousand clients read one large body slowly. The server holds the body once, not once per client.
#include <sys/resource.h>

#include "support/process_stats.hpp"
#include "unit/http_server/loopback.hpp"

namespace wx::http_server {
namespace {

constexpr std::size_t kReaders = 1000;
constexpr std::size_t kReadersOfAll = 10;
constexpr std::size_t kBody = std::size_t{4} << 20;
constexpr std::size_t kAllowed = kBody + (std::size_t{40} << 20);

// A client with a small receive buffer that discards what it reads.
class SlowReader {
 public:
  explicit SlowReader(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int small = 16 * 1024;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;
  ~SlowReader() { ::close(fd_); }

  [[nodiscard]] bool ask() const {
    constexpr std::string_view kRequest = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
    return connected_ && ::send(fd_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) == std::ssize(kRequest);
  }
  // Waits for `size` more bytes. Returns false if they do not come, as does the next function.
  [[nodiscard]] bool take(std::size_t size) const {
    std::array<char, 16384> buffer;
    while (size > 0) {
      const auto n = ::recv(fd_, buffer.data(), std::min(size, buffer.size()), 0);
      if (n <= 0) return false;
      size -= static_cast<std::size_t>(n);
    }
    return true;
  }
  // Waits for the last byte of the answer.
  [[nodiscard]] bool take_all() const {
    std::array<char, 16384> buffer;
    ssize_t n = 0;
    do {
      n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    } while (n > 0 && buffer[static_cast<std::size_t>(n) - 1] != ']');
    return n > 0;
  }

 private:
  int fd_;
  bool connected_ = false;
};

// Both ends of each connection are in this process.
bool allow_enough_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max;
  return limit.rlim_max >= 2 * kReaders + 100 && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

TEST(SlowReaders, ShareOneBody) {
  ASSERT_TRUE(allow_enough_descriptors()) << "the hard limit of open files is too low: raise it with ulimit -Hn";
  const std::size_t before = test::peak_resident_bytes(::getpid());
  std::vector<Route> routes;
  routes.push_back(
      {"/large", Route::Match::exact, {{Method::get, [body = Body(std::string(kBody, 'x'))](Exchange& exchange) {
                                          exchange.respond(200, "", {"[", body, "]"});
                                        }}}});
  ServerOptions options;
  Loopback loopback(options, std::move(routes));
  std::vector<std::unique_ptr<SlowReader>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<SlowReader>(loopback.port));
    ASSERT_TRUE(readers.back()->ask()) << i;
  }
  constexpr std::size_t kStep = std::size_t{16} * 1024;
  for (std::size_t taken = 0; taken < 4 * kStep; taken += kStep) {
    for (const auto& reader : readers) ASSERT_TRUE(reader->take(kStep));
  }
  // Some readers take the rest as well, so their connections are idle. All others are in the middle of their answer.
  for (std::size_t i = 0; i < kReadersOfAll; ++i) ASSERT_TRUE(readers[i]->take_all());

  const std::size_t grown = test::peak_resident_bytes(::getpid()) - before;
  std::cout << "resident memory grew by " << grown / 1024 << " KiB for " << kReaders << " readers\n";
  EXPECT_LT(grown, kAllowed);
  EXPECT_EQ(loopback.server().open_connections(), kReaders);
  // The deadline for a stalled write closes the connections that are in the middle of their answer, which proves how
  // many they are. The client's kernel may acknowledge more bytes later, which restarts the deadline of that
  // connection. Three steps are shorter than the time that the others may be idle.
  bool closed = false;
  for (int step = 0; step < 3 && !closed; ++step) {
    loopback.clock.advance(options.write_stall_timeout + 1s);
    closed = eventually([&] { return loopback.server().open_connections() == kReadersOfAll; });
  }
  EXPECT_TRUE(closed) << loopback.server().open_connections();
}

}  // namespace
}  // namespace wx::http_server
