#include "cache/deadline_queue.hpp"

#include <gtest/gtest.h>

#include "support/manual_executor.hpp"

namespace wx::cache {
namespace {

using std::chrono::seconds;

class DeadlineQueueTest : public testing::Test {
 protected:
  DeadlineQueue::Ticket add(nanoseconds in, std::string name) {
    return queue_.add(clock_.steady() + in, [this, name = std::move(name)] { ran_ += name; });
  }

  test::FakeClock clock_;
  test::ManualExecutor executor_{clock_};
  DeadlineQueue queue_{executor_, clock_};
  std::string ran_;
};

TEST_F(DeadlineQueueTest, RunsEachTaskOnceAtItsDeadline) {
  static_cast<void>(add(seconds(2), "b"));
  static_cast<void>(add(seconds(1), "a"));
  static_cast<void>(add(seconds(3), "c"));
  executor_.advance(seconds(1) - nanoseconds(1));
  EXPECT_EQ(ran_, "");
  executor_.advance(nanoseconds(1));
  EXPECT_EQ(ran_, "a");
  executor_.advance(seconds(5));
  EXPECT_EQ(ran_, "abc");
  EXPECT_EQ(executor_.timers(), 0U);
}

TEST_F(DeadlineQueueTest, RunsTasksOfOneDeadlineInTheOrderTheyCame) {
  for (const auto* name : {"a", "b", "c"}) static_cast<void>(add(seconds(1), name));
  executor_.advance(seconds(1));
  EXPECT_EQ(ran_, "abc");
}

TEST_F(DeadlineQueueTest, NeverRunsWhatWasCancelled) {
  const auto a = add(seconds(1), "a");
  static_cast<void>(add(seconds(2), "b"));
  queue_.cancel(a);
  executor_.advance(seconds(5));
  EXPECT_EQ(ran_, "b");
}

// Timers of the system do not count the time for which a machine is suspended.
TEST(DeadlineQueue, KeepsDeadlinesAfterTheClockHasLeftItsTimerBehind) {
  test::FakeClock clock;
  test::FakeClock clock_of_timers;
  test::ManualExecutor executor{clock_of_timers};
  DeadlineQueue queue{executor, clock};
  const auto pass = [&](nanoseconds span) {
    clock.advance(span);
    executor.advance(span);
  };
  std::string ran;
  queue.cancel(queue.add(clock.steady() + seconds(10), [&] { ran += "a"; }));
  clock.advance(seconds(3600));
  static_cast<void>(queue.add(clock.steady() + milliseconds(300), [&] { ran += "b"; }));
  pass(milliseconds(299));
  EXPECT_EQ(ran, "");
  pass(milliseconds(1));
  EXPECT_EQ(ran, "b");
  static_cast<void>(queue.add(clock.steady() + seconds(10), [&] { ran += "c"; }));
  clock.advance(seconds(3600));
  static_cast<void>(queue.add(clock.steady() + seconds(10), [&] { ran += "d"; }));
  pass(milliseconds(0));
  EXPECT_EQ(ran, "bc") << "its deadline has passed";
  pass(seconds(10));
  EXPECT_EQ(ran, "bcd");
}

TEST_F(DeadlineQueueTest, KeepsOneTimerHoweverManyWait) {
  for (int i = 0; i < 100; ++i) static_cast<void>(add(seconds(10) + milliseconds(i), "x"));
  EXPECT_EQ(executor_.timers(), 1U);
  static_cast<void>(add(seconds(1), "a"));
  EXPECT_EQ(executor_.timers(), 1U);
  executor_.advance(seconds(1));
  EXPECT_EQ(ran_, "a");
  EXPECT_EQ(executor_.timers(), 1U);
}

TEST_F(DeadlineQueueTest, RunsATaskWhoseDeadlineIsOverSoonButNotAtOnce) {
  static_cast<void>(add(-seconds(5), "late"));
  EXPECT_EQ(ran_, "");
  executor_.advance(nanoseconds(0));
  EXPECT_EQ(ran_, "late");
}

TEST_F(DeadlineQueueTest, WaitsForANewDeadlineAfterItRanEmpty) {
  static_cast<void>(add(seconds(1), "a"));
  executor_.advance(seconds(1));
  static_cast<void>(add(seconds(10), "b"));
  executor_.advance(seconds(10));
  EXPECT_EQ(ran_, "ab");
}

TEST_F(DeadlineQueueTest, ATaskMayAddAndCancelOthers) {
  DeadlineQueue::Ticket b;
  static_cast<void>(queue_.add(clock_.steady() + seconds(1), [&] {
    ran_ += 'a';
    queue_.cancel(b);
    static_cast<void>(add(seconds(1), "c"));
    static_cast<void>(add(-seconds(1), "d"));
  }));
  b = add(seconds(1), "b");
  executor_.advance(seconds(1));
  EXPECT_EQ(ran_, "ad");
  executor_.advance(seconds(1));
  EXPECT_EQ(ran_, "adc");
}

// By the clock that measures deadlines, a timer may fire a little early.
TEST_F(DeadlineQueueTest, WaitsOnWhenWokenBeforeTheDeadline) {
  static_cast<void>(add(seconds(1), "a"));
  clock_.advance(milliseconds(999));
  queue_.run_due();
  EXPECT_EQ(ran_, "");
  executor_.advance(milliseconds(1));
  EXPECT_EQ(ran_, "a");
}

TEST_F(DeadlineQueueTest, RunsNothingOnceItIsGone) {
  {
    DeadlineQueue queue(executor_, clock_);
    static_cast<void>(queue.add(clock_.steady() + seconds(1), [&] { ran_ += 'x'; }));
  }
  executor_.advance(seconds(5));
  EXPECT_EQ(ran_, "");
}

}  // namespace
}  // namespace wx::cache
