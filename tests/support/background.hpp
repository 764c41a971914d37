// An event loop on its own thread, for servers that a test plays.
#pragma once

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>

#include "base/async.hpp"

namespace wx::test {

// Thread-safety: call() and stop() from any thread but the loop's own.
class Background {
 public:
  Background() : thread_([this] { context_.run(); }) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() { stop(); }

  [[nodiscard]] asio::io_context& context() { return context_; }

  // Runs `work` on the loop and waits until it is done.
  template <class Work>
  auto call(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    asio::post(context_, std::move(task));
    return done.get();
  }

  // Stops the loop at once, without finishing its work. Call it first in the destructor of the object that the work
  // refers to.
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

}  // namespace wx::test
