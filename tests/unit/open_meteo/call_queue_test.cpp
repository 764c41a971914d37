#include "open_meteo/call_queue.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <variant>

#include <gtest/gtest.h>

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1000s};

// A call without a pipeline. It has ended, so nothing is told to anybody when it is dropped.
CallPtr call_until(SteadyTime deadline) {
  cache::LoadRequest request;
  request.deadline = deadline;
  auto call = std::make_shared<CallInProgress>(nullptr, Call{}, std::move(request), nullptr);
  call->ended = true;
  return call;
}

TEST(CallQueue, TheTimeOfAParkedCallIsNotTakenForTheDurationOfACall) {
  CallQueue queue({.concurrency = 1});
  const auto parked = call_until(kStart + 100s);
  ASSERT_TRUE(std::holds_alternative<Gate::Start>(queue.enter(parked, kStart)));
  queue.park(parked);
  const auto now = kStart + 20s;
  EXPECT_TRUE(queue.unpark(now).run_ready);
  ASSERT_EQ(queue.next_ready(), parked);
  EXPECT_EQ(queue.next_ready(), nullptr);
  parked->sent = true;
  (void)queue.leave(*parked, now + 500ms);

  ASSERT_TRUE(std::holds_alternative<Gate::Start>(queue.enter(call_until(now + 10s), now + 500ms)));
  const auto next = call_until(now + 500ms + 501ms);
  EXPECT_TRUE(std::holds_alternative<Gate::Wait>(queue.enter(next, now + 500ms))) << "a call takes 0.5 s";
  EXPECT_EQ(queue.clear().size(), 1U);
}

TEST(CallQueue, HoldsCallsBackWhileTheClientReceivesTooMuch) {
  const auto bytes = std::make_shared<std::atomic<std::size_t>>(0);
  CallQueue queue({.concurrency = 3, .max_bytes = 100}, bytes);
  const auto first = call_until(kStart + 10s);
  const auto second = call_until(kStart + 10s);
  const auto third = call_until(kStart + 10s);
  EXPECT_TRUE(std::holds_alternative<Gate::Start>(queue.enter(first, kStart)));
  *bytes = 100;
  EXPECT_TRUE(std::holds_alternative<Gate::Wait>(queue.enter(second, kStart)));
  EXPECT_TRUE(std::holds_alternative<Gate::Wait>(queue.enter(third, kStart)));
  *bytes = 0;
  EXPECT_TRUE(queue.leave(*first, kStart + 1s).run_ready);
  EXPECT_EQ(queue.next_ready(), second);
  EXPECT_EQ(queue.next_ready(), third);
  EXPECT_EQ(queue.next_ready(), nullptr);
  EXPECT_TRUE(second->has_slot);
  EXPECT_TRUE(third->has_slot);
  EXPECT_EQ(queue.running(), 2U);
}

}  // namespace
}  // namespace wx::open_meteo
