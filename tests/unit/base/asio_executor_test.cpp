// An executor over an io_context that the test runs by hand. Nothing waits for real time, except run() for timers of a
// few milliseconds.
#include "base/asio_executor.hpp"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/async.hpp"

namespace wx {
namespace {

using std::chrono::hours;

TEST(AsioExecutor, PostRunsLaterAndInOrder) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  std::vector<int> order;
  executor->post([&] { order.push_back(1); });
  executor->post([&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  context.run();
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(AsioExecutor, PostTakesWorkThatCannotBeCopied) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  int seen = 0;
  executor->post([&, owned = std::make_unique<int>(7)] { seen = *owned; });
  context.run();
  EXPECT_EQ(seen, 7);
}

TEST(AsioExecutor, PostFromAnotherThreadRunsOnTheOneThatRunsTheContext) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  std::thread::id ran_on;
  bool inside = false;
  std::thread([&] {
    executor->post([&] {
      ran_on = std::this_thread::get_id();
      inside = executor->in_this_thread();
    });
  }).join();
  context.run();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  EXPECT_TRUE(inside);
  EXPECT_FALSE(executor->in_this_thread()) << "no thread runs the context any more";
}

TEST(AsioExecutor, TimerFiresOnceAndNotBeforeItsTime) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  const SystemClock clock;
  const auto start = clock.steady();
  int fired = 0;
  const auto timer = executor->after(milliseconds(5), [&] { ++fired; });
  context.run();
  EXPECT_EQ(fired, 1);
  EXPECT_GE(clock.steady() - start, milliseconds(5));
}

TEST(AsioExecutor, TimersFireInTheOrderOfTheirTimes) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  std::vector<int> order;
  // The delays are far apart, because a busy machine may start the second timer late.
  const auto later = executor->after(milliseconds(300), [&] { order.push_back(2); });
  const auto sooner = executor->after(milliseconds(1), [&] { order.push_back(1); });
  context.run();
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(AsioExecutor, DestroyedTimerNeverFires) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  bool fired = false;
  executor->after(hours(1), [&] { fired = true; }).reset();
  context.run();  // would last an hour if the timer still existed
  EXPECT_FALSE(fired);
}

TEST(AsioExecutor, TimerDestroyedWhileItsCompletionIsQueuedDoesNotFire) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  bool fired = false;
  std::unique_ptr<Timer> second;
  // Both are due at the same time: the first callback runs while the second is queued.
  const auto first = executor->after(nanoseconds(0), [&] { second.reset(); });
  second = executor->after(nanoseconds(0), [&] { fired = true; });
  context.run();
  EXPECT_FALSE(fired);
}

TEST(AsioExecutor, TimerMayBeDestroyedByItsOwnCallback) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  std::unique_ptr<Timer> timer;
  bool fired = false;
  timer = executor->after(nanoseconds(0), [&, witness = std::make_unique<int>(1)] {
    timer.reset();
    fired = *witness == 1;  // the callback's state outlives its timer
  });
  context.run();
  EXPECT_TRUE(fired);
}

TEST(AsioExecutor, TimerMayOutliveTheRunOfItsContext) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  bool fired = false;
  auto timer = executor->after(hours(1), [&] { fired = true; });
  executor->post([&] { context.stop(); });
  context.run();
  timer.reset();
  EXPECT_FALSE(fired);
}

TEST(AsioExecutor, HandsExceptionsOfWorkAndTimersToItsHandlerAndGoesOn) {
  asio::io_context context;
  std::vector<std::string> caught;
  const auto executor = make_asio_executor(context, [&caught] {
    try {
      throw;
    } catch (const std::exception& error) {
      caught.emplace_back(error.what());
    }
  });
  bool ran = false;
  executor->post([] { throw std::runtime_error("from work"); });
  const auto timer = executor->after(milliseconds(1), [] { throw std::runtime_error("from a timer"); });
  const auto last = executor->after(milliseconds(2), [&ran] { ran = true; });
  context.run();
  EXPECT_EQ(caught, (std::vector<std::string>{"from work", "from a timer"}));
  EXPECT_TRUE(ran);
}

TEST(AsioExecutor, WithoutAHandlerExceptionsLeaveTheLoop) {
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  executor->post([] { throw std::runtime_error("from work"); });
  EXPECT_THROW(context.run(), std::runtime_error);
}

}  // namespace
}  // namespace wx
