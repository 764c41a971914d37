// Where a callback is to run, without naming Asio: an I/O thread as other rooms see it.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace wx {

// A timer that was started on an Executor; destroying it cancels (the callback is then never called).
// Belongs to its executor's thread.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() = default;
};

// One I/O thread's queue of work.
// Thread-safety: post() from any thread; after() and in_this_thread() as said.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  // Runs `work` later on this executor's thread. From any thread. After the executor has stopped, work is dropped.
  virtual void post(std::move_only_function<void()> work) = 0;

  // Calls `work` once, on this executor's thread, after `delay`, unless the returned timer is destroyed before.
  // Only from this executor's own thread.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) = 0;

  // Whether the caller is on this executor's thread.
  [[nodiscard]] virtual bool in_this_thread() const = 0;
};

}  // namespace wx
