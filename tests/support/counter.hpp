// A number that other threads can wait for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace wx::test {

// Thread-safety: all members may be called from any thread.
class Counter {
 public:
  void add(std::ptrdiff_t by = 1) {
    const std::lock_guard lock(mutex_);
    value_ += static_cast<std::size_t>(by);
    highest_ = value_ > highest_ ? value_ : highest_;
    changed_.notify_all();
  }
  [[nodiscard]] std::size_t value() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  [[nodiscard]] std::size_t highest() const {
    const std::lock_guard lock(mutex_);
    return highest_;
  }
  // Waits until the value is at least `value`. Returns false after `timeout`.
  [[nodiscard]] bool wait_for(std::size_t value, std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return value_ >= value; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::size_t value_ = 0;    // guarded by mutex_
  std::size_t highest_ = 0;  // guarded by mutex_
};

}  // namespace wx::test
