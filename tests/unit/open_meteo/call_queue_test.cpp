#include "open_meteo/call_queue.hpp"

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

}  // namespace
}  // namespace wx::open_meteo
