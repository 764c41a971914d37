#include "app/thread_latch.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace wx::app {
namespace {

TEST(ThreadLatch, OpensWhenEveryThreadHasCountedDown) {
  ThreadLatch latch;
  EXPECT_FALSE(latch.wait_for(nanoseconds(0))) << "not armed yet";
  latch.arm(2);
  latch.count_down();
  EXPECT_FALSE(latch.wait_for(nanoseconds(0)));
  std::thread last([&latch] { latch.count_down(); });
  while (!latch.wait_for(std::chrono::seconds(10))) {
  }
  last.join();
}

}  // namespace
}  // namespace wx::app
