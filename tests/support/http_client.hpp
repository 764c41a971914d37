// A small HTTP/1.1 client that sends exactly what a test asks for and shows all of the response.
#pragma once

#include <chrono>
#include <cstdint>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/socket.hpp"

namespace wx::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;
  Headers headers;   // as received, in order
  std::string body;  // without chunked framing
  milliseconds took{0};

  // The value of the first header of that name, in any case; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] int count(std::string_view name) const;
};

// One keep-alive connection to 127.0.0.1:port. Every read and write throws SocketError after `timeout`.
// Thread-safety: none.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, milliseconds timeout = milliseconds(15000));

  // One request and its answer.
  Answer get(std::string_view target, const Headers& headers = {}) { return request("GET", target, headers); }
  Answer request(std::string_view method, std::string_view target, const Headers& headers = {});

  // The two halves of request(), for pipelining and for many connections at once. A Host header is added unless
  // `headers` has one.
  void send(std::string_view method, std::string_view target, const Headers& headers = {});
  Answer read(std::string_view method = "GET");  // the method decides whether a body follows; `took` counts from send()

  // Sends these bytes unchanged.
  void send_raw(std::string_view bytes) { socket_.write(bytes, timeout_); }
  // Returns whether the server closes (or has closed) the connection with nothing left to read.
  [[nodiscard]] bool closed_by_server();
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  std::string take(std::size_t size);
  std::string take_until(std::string_view mark);
  bool fill();  // false at the end of the stream

  milliseconds timeout_;
  std::uint16_t port_;
  Socket socket_;
  std::string buffer_;
  std::chrono::steady_clock::time_point sent_;
};

// Sends one request over a new connection.
[[nodiscard]] Answer http_get(std::uint16_t port, std::string_view target, const Headers& headers = {});

// The same request `count` times at the same moment: all connections are open before the first byte is written.
[[nodiscard]] std::vector<Answer> http_get_at_once(std::uint16_t port, std::string_view target, std::size_t count,
                                                   const Headers& headers = {});

// Runs work(0) ... work(count - 1) on as many threads, which start together. Returns when all have ended.
template <class Work>
void in_parallel(std::size_t count, Work work) {
  std::latch start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&start, &work, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

}  // namespace wx::test
