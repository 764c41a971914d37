// The bytes that all connections of the process hold for their clients while they wait: unsent answers, requests in
// progress, and the kernel's buffers of their sockets. A connection between two requests holds none once its client has
// taken all answers from the kernel. Bodies that are sent by reference do not count, because clients share them.
//
// The servers of all threads share one object. A server whose connections hold more than its share, while all together
// hold more than the limit, closes its worst connections (memory_relief.hpp).
//
// Thread-safety: any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace wx::http_server {

class ConnectionMemory {
 public:
  // `limit` in bytes.
  explicit ConnectionMemory(std::size_t limit) : limit_(limit) {}

  // A server begins or ends to use this object.
  void join() { ++servers_; }
  void leave() { --servers_; }

  // The bytes of one connection have changed.
  void change(std::size_t from, std::size_t to) { used_.fetch_add(to - from, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  // Returns whether a server whose connections hold `own` bytes must close some of them. If all together are above the
  // limit, this is true for at least one server.
  [[nodiscard]] bool must_shrink(std::size_t own) const { return used() > limit_ && own >= share(limit_); }
  // Returns whether it may stop: an eighth of the limit, or of its share, is free again. It does not close connections
  // for what those of another server hold.
  [[nodiscard]] bool has_shrunk(std::size_t own) const {
    const std::size_t enough = limit_ / 8 * 7;
    return used() <= enough || own <= share(enough);
  }

 private:
  [[nodiscard]] std::size_t share(std::size_t bytes) const { return bytes / std::max<std::size_t>(servers_, 1); }

  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> servers_{0};
};

}  // namespace wx::http_server
