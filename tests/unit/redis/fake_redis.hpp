// A scripted Redis: the script runs on a thread per connection.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.hpp"
#include "redis/reply_parser.hpp"

namespace wx::redis::test {

using Words = std::vector<std::string>;

// One connection, as the script sees it. All calls block. After the end of the connection or of the FakeRedis, reads
// return no words and writes do nothing.
class Peer {
 public:
  Peer(int descriptor, int number) : descriptor_(descriptor), number_(number) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { end(); }

  [[nodiscard]] int number() const { return number_; }  // 1 for the first connection

  // The next command. Empty at the end.
  Words next() {
    while (true) {
      const auto progress = parser_.next();
      if (progress == ReplyParser::Progress::reply) {
        Words words;
        for (const Reply word : parser_.reply()) words.emplace_back(word.text());
        return words;
      }
      const auto room = parser_.prepare();
      const auto count = ::recv(descriptor_, room.data(), room.size(), 0);
      if (count <= 0 || progress == ReplyParser::Progress::broken) return {};
      ++reads_;
      parser_.commit(static_cast<std::size_t>(count));
    }
  }
  [[nodiscard]] int reads() const { return reads_; }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // Answers the handshake like a Redis without a password.
  void greet(std::string_view role = "master") {
    while (true) {
      const Words words = next();
      if (words.empty()) return;
      if (words[0] == "HELLO") write(cat("%2\r\n+version\r\n+7.0.0\r\n+role\r\n+", role, "\r\n"));
      if (words[0] == "CLIENT" || words[0] == "SELECT") write("+OK\r\n");
      if (words[0] == "PING") return write("+PONG\r\n");
    }
  }
  // Answers every command with its second word, until the end.
  void echo() {
    for (Words words = next(); !words.empty(); words = next()) {
      write(words[0] == "PING" ? "+PONG\r\n" : cat("$", words[1].size(), "\r\n", words[1], "\r\n"));
    }
  }
  // Reads without answering until the client is gone.
  void ignore() {
    while (!next().empty()) {
    }
  }
  void reset() {
    const std::lock_guard lock(mutex_);
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(descriptor_, -1));
  }
  // From any thread. A descriptor that reset() has closed may belong to somebody else by now.
  void shut() {
    const std::lock_guard lock(mutex_);
    if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
  }

 private:
  void end() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  std::mutex mutex_;
  int descriptor_;  // written by the script's thread, under mutex_
  const int number_;
  int reads_ = 0;
  ReplyParser parser_;
};

inline void greet_and_echo(Peer& peer) {
  peer.greet();
  peer.echo();
}

class FakeRedis {
 public:
  using Script = std::function<void(Peer&)>;

  explicit FakeRedis(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port for the fake Redis");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;
  ~FakeRedis() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (Peer* peer : live_) peer->shut();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  [[nodiscard]] std::string url() const { return cat("redis://127.0.0.1:", port_); }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all() {
    while (true) {
      const int descriptor = ::accept(listener_, nullptr, nullptr);
      if (descriptor < 0 || ending_) {
        if (descriptor >= 0) ::close(descriptor);
        return;
      }
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const int number = ++connections_;
      threads_.emplace_back([this, descriptor, number] { serve(descriptor, number); });
    }
  }
  void serve(int descriptor, int number) {
    Peer peer(descriptor, number);
    {
      const std::lock_guard lock(mutex_);
      live_.push_back(&peer);
      if (ending_) peer.shut();
    }
    script_(peer);
    const std::lock_guard lock(mutex_);
    live_.remove(&peer);
  }

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::list<Peer*> live_;             // guarded by mutex_
  std::vector<std::thread> threads_;  // used by acceptor_ until it has ended
  std::thread acceptor_;
};

// An event that happens once. A script waits for the test, or the test for a script.
class Signal {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  // Returns false if it does not happen within ten seconds.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;  // guarded by mutex_
};

}  // namespace wx::redis::test
