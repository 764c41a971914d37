// A Client on its own I/O thread, driven from the test's thread.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/asio_executor.hpp"
#include "base/text.hpp"
#include "observability/metrics.hpp"
#include "options_for.hpp"
#include "redis/client.hpp"
#include "redis/common.hpp"
#include "reply_text.hpp"
#include "support/background.hpp"
#include "support/manual_executor.hpp"
#include "support/memory_log.hpp"
#include "support/waiting.hpp"

namespace wx::redis::test {

using observability::Counter;

// The outcome of a command as text: the reply, or the error's name.
struct Outcome {
  std::string text;
  milliseconds took{0};
};

class ClientUnderTest {
 public:
  explicit ClientUnderTest(RedisOptions options, bool start_now = true) {
    make(std::move(options), clock_);
    if (start_now) start();
  }
  // The timeout is longer than a busy machine needs.
  explicit ClientUnderTest(std::string_view url, bool start_now = true)
      : ClientUnderTest(options_for(url, milliseconds(5000)), start_now) {}
  // Only the test moves the clock.
  ClientUnderTest(RedisOptions options, wx::test::FakeClock& clock)
      : ClientUnderTest(std::move(options), clock, clock) {}
  // The same with timers by a clock of their own.
  ClientUnderTest(RedisOptions options, wx::test::FakeClock& clock, wx::test::FakeClock& clock_of_timers) {
    manual_ = std::make_unique<wx::test::ManualExecutor>(clock_of_timers, *executor_);
    make(std::move(options), clock);
    start();
  }
  ~ClientUnderTest() {
    loop_.call([this] { client_.reset(); });
    loop_.stop();
  }

  void start() {
    loop_.call([this] { client_->start(); });
  }
  // Runs `work` on the I/O thread.
  template <class Work>
  auto on_loop(Work work) {
    return loop_.call(std::move(work));
  }
  void run_due() {
    loop_.call([this] { manual_->run_due(); });
  }

  void fail_timer(int nth) {
    loop_.call([this, nth] { manual_->fail_timer(nth); });
  }

  std::future<Outcome> send(std::vector<std::string> words) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    loop_.call([&] {
      const std::vector<Argument> views(words.begin(), words.end());
      client_->command(views, into(std::move(promise)));
    });
    return future;
  }
  // Waits for the outcome, for at most ten seconds.
  std::string ask(std::vector<std::string> words) { return get(send(std::move(words))).text; }
  static Outcome get(std::future<Outcome> future) {
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) return {"never told"};
    return future.get();
  }
  Callback into(std::shared_ptr<std::promise<Outcome>> promise) {
    return [this, promise = std::move(promise), sent = clock_.steady()](const Result<Reply>& reply) {
      const auto took = std::chrono::duration_cast<milliseconds>(clock_.steady() - sent);
      promise->set_value({reply ? shown(*reply) : std::string(wx::name(reply.error().kind)), took});
    };
  }

  bool becomes(ConnectionState state) {
    return wx::test::eventually([&] { return client_->state() == state; });
  }
  bool logs(std::string_view what) {
    return wx::test::eventually([&] { return log_.contains(what); });
  }

  // Moves `clock` and runs what becomes due until the condition holds. Gives each step some real time, because the
  // other side answers in real time. Returns false if the condition does not hold within two minutes of the clock.
  template <class Condition>
  bool passes_time_until(wx::test::FakeClock& clock, Condition condition) {
    for (int step = 0; step < 1200; ++step) {
      if (wx::test::eventually(condition, milliseconds(5))) return true;
      clock.advance(milliseconds(100));
      run_due();
    }
    return false;
  }

  Client& client() { return *client_; }
  // The timers of a client whose clock the test moves. Use it on the I/O thread.
  wx::test::ManualExecutor& timers() { return *manual_; }
  Executor& executor() { return manual_ ? static_cast<Executor&>(*manual_) : *executor_; }
  wx::test::MemoryLog& log() { return log_; }
  std::uint64_t count(Counter counter) const { return metrics_.value(counter); }
  std::string metrics_text() const { return metrics_.text(); }
  const Clock& clock() const { return clock_; }

 private:
  void make(RedisOptions options, const Clock& clock) {
    Executor& executor = manual_ ? *manual_ : *executor_;
    common_ = std::make_unique<Common>(std::move(options), clock, metrics_, log_);
    client_ = std::make_unique<Client>(loop_.context(), executor, *common_);
  }

  SystemClock clock_;
  observability::Metrics metrics_;
  wx::test::MemoryLog log_;
  wx::test::Background loop_;
  std::unique_ptr<Executor> executor_ = make_asio_executor(loop_.context());
  std::unique_ptr<wx::test::ManualExecutor> manual_;
  std::unique_ptr<Common> common_;
  std::unique_ptr<Client> client_;
};

}  // namespace wx::redis::test
