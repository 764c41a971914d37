// The limit of open connections of the whole process. The counter changes only when a connection is accepted or closed,
// not per request, so the servers of all threads can share one budget.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstddef>

namespace wx::http_server {

// Returns `wanted`, or less if the process's limit of open files (RLIMIT_NOFILE) would otherwise leave no reserve for
// the provider, Redis, logs, and connections that are refused with an answer. At least 1.
[[nodiscard]] std::size_t connections_within_file_limit(std::size_t wanted);

// The number of files that the process may have open (the soft RLIMIT_NOFILE).
[[nodiscard]] std::size_t file_limit();

class ConnectionBudget {
 public:
  explicit ConnectionBudget(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] bool acquire() {
    if (open_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    release();
    return false;
  }
  void release() { open_.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace wx::http_server
