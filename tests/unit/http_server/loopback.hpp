// For tests over loopback: a server on its own thread, and clients with blocking sockets.
#pragma once

#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/asio_executor.hpp"
#include "base/async.hpp"
#include "base/text.hpp"
#include "http_server/router.hpp"
#include "http_server/server.hpp"
#include "observability/metrics.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_clock.hpp"
#include "support/memory_log.hpp"
#include "support/waiting.hpp"

namespace wx::http_server {

using namespace std::chrono_literals;

using test::eventually;
using test::kPatience;

class Client {
 public:
  // `receive_buffer`: the bytes that the kernel takes for the client; 0 for the usual number.
  explicit Client(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(); }

  [[nodiscard]] bool connected() const { return connected_; }

  // Returns whether all bytes were accepted.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  // Returns one response: its head and as much body as Content-Length says. Empty at the end of the connection.
  std::string response(bool without_body = false) {
    std::size_t head = std::string::npos;
    while ((head = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    head += 4;
    std::size_t body = 0;
    const std::string_view name = "Content-Length: ";
    if (const auto at = received_.find(name); at < head && !without_body) {
      body = std::stoul(received_.substr(at + name.size()));
    }
    while (received_.size() < head + body) {
      if (!receive()) return std::exchange(received_, {});
    }
    std::string one = received_.substr(0, head + body);
    received_.erase(0, head + body);
    return one;
  }

  // Returns the next `count` bytes, or fewer at the end of the connection. Takes no more from the kernel.
  std::string bytes(std::size_t count) {
    std::string taken(count, '\0');
    const auto n = ::recv(fd_, taken.data(), count, MSG_WAITALL);
    taken.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return taken;
  }

  // Returns everything until the connection ends, with "<reset>" or "<timeout>" at the end if that is how it ended.
  std::string everything() {
    while (receive()) continue;
    return std::exchange(received_, {});
  }

  // Returns whether bytes or the end of the connection can be read within `span`.
  [[nodiscard]] bool readable(milliseconds span) const {
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, static_cast<int>(span.count())) == 1;
  }

  std::string ask(std::string_view target) {
    send(cat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    return response();
  }

 private:
  bool receive() {
    std::array<char, 65536> buffer;
    const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0) received_ += errno == ECONNRESET ? "<reset>" : "<timeout>";
    if (n <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string received_;
};

// Answers every refusal with "<kind>: <detail>" and its status.
inline void render_refusal(Exchange& exchange, ErrorKind kind, std::string_view detail, std::string_view extra) {
  const auto status = [kind] {
    switch (kind) {
      case ErrorKind::not_found:
        return 404;
      case ErrorKind::method_not_allowed:
        return 405;
      case ErrorKind::request_timeout:
        return 408;
      case ErrorKind::content_too_large:
        return 413;
      case ErrorKind::uri_too_long:
        return 414;
      case ErrorKind::headers_too_large:
        return 431;
      case ErrorKind::internal:
        return 500;
      case ErrorKind::not_implemented:
        return 501;
      case ErrorKind::overloaded:
        return 503;
      case ErrorKind::version_unsupported:
        return 505;
      default:
        return 400;
    }
  };
  exchange.respond(status(), extra, {name(kind), ": ", detail});
}

// An executor that fails to post on demand.
class FaultyExecutor final : public Executor {
 public:
  explicit FaultyExecutor(std::unique_ptr<Executor> executor) : executor_(std::move(executor)) {}
  void post(std::move_only_function<void()> work) override {
    if (fails_next.exchange(false)) throw std::runtime_error("the executor broke");
    executor_->post(std::move(work));
  }
  [[nodiscard]] std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) override {
    return executor_->after(delay, std::move(work));
  }
  [[nodiscard]] bool in_this_thread() const override { return executor_->in_this_thread(); }

  std::atomic<bool> fails_next{false};

 private:
  const std::unique_ptr<Executor> executor_;
};

// A server with these routes. "/echo" answers with the target, "/later" keeps its Responder in `later`.
class Loopback {
 public:
  explicit Loopback(ServerOptions options = {}, std::vector<Route> routes = {},
                    RefusalFunction refuse = render_refusal) {
    const auto add = [&routes](std::string path, HandlerFunction function) {
      routes.push_back({std::move(path), Route::Match::exact, {{Method::get, std::move(function)}}});
    };
    add("/echo", [this](Exchange& exchange) {
      ++seen;
      exchange.respond(200, "Content-Type: text/plain\r\n", {exchange.request().target()});
    });
    add("/later", [this](Exchange& exchange) {
      ++seen;
      later.push_back(exchange.defer());
    });
    router_ = std::make_unique<Router>(std::move(routes), std::move(refuse));
    options.address = "127.0.0.1";
    options.port = 0;
    server_.emplace(context_, faulty_executor, *router_, options, faulty_clock, metrics, log);
    port = server_->listen().value();
    server_->start();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Loopback() { stop(); }

  // Ends the server's thread. Afterwards the test may use the server from its own thread.
  void stop() {
    if (!thread_.joinable()) return;
    on_thread([this] {
      server_->close();
      later.clear();
    });
    work_.reset();
    thread_.join();
    server_.reset();
  }

  // Runs `f` on the server's thread and waits for its end.
  template <class F>
  void on_thread(F f) {
    std::packaged_task<void()> task(std::move(f));
    auto done = task.get_future();
    asio::post(context_, std::move(task));
    done.get();
  }
  void wait_for_later(std::size_t count) {
    EXPECT_TRUE(eventually([&] {
      std::size_t now = 0;
      on_thread([&] { now = later.size(); });
      return now == count;
    }));
  }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] bool all_closed() {
    return eventually([this] { return server_->open_connections() == 0; });
  }

 private:
  asio::io_context context_{1};

 public:
  FaultyExecutor faulty_executor{make_asio_executor(context_)};
  test::FakeClock clock;
  test::FaultyClock faulty_clock{clock};
  test::MemoryLog log;
  observability::Metrics metrics;
  std::uint16_t port = 0;
  std::atomic<int> seen{0};
  std::vector<Responder> later;  // belongs to the server's thread

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  std::unique_ptr<Router> router_;
  std::optional<Server> server_;
  std::thread thread_;
};

}  // namespace wx::http_server
