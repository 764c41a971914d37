// An I/O thread as rooms see it that do not include Asio: it queues work and runs timers.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace wx {

// A timer that was started on an Executor. Destroying it cancels it: its callback is then never called. It may be
// destroyed only on its executor's thread, from its own callback, too.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() = default;
};

// One I/O thread's queue of work.
// Thread-safety: post() and in_this_thread() from any thread; after() only from the executor's own.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  // Runs `work` later on this executor's thread. Work that has not run when the thread stops is never run.
  virtual void post(std::move_only_function<void()> work) = 0;

  // Calls `work` once, on this executor's thread, after `delay`, unless the returned timer is destroyed first.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) = 0;

  // Whether the caller is on this executor's thread.
  [[nodiscard]] virtual bool in_this_thread() const = 0;
};

}  // namespace wx
