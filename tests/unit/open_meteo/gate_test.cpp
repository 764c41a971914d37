#include "open_meteo/gate.hpp"

#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;
constexpr auto kCold = Gate::Purpose::cold;
constexpr auto kRefresh = Gate::Purpose::refresh;

SteadyTime at(milliseconds span) {
  return SteadyTime(1000s + span);
}

std::string told(const Gate::Decision& decision) {
  if (std::holds_alternative<Gate::Start>(decision)) return "start";
  if (std::holds_alternative<Gate::Wait>(decision)) return "wait";
  return cat("refuse ", std::get<Gate::Refuse>(decision).retry_after / 1ms, "ms");
}

std::string told(const Gate::Turn& turn) {
  std::string text;
  for (const auto ticket : turn.start) text += cat(text.empty() ? "start " : ", ", ticket);
  return text.empty() ? "nobody" : text;
}

TEST(Gate, RunsAsManyAsAllowedAndQueuesTheRestInOrder) {
  Gate gate({.concurrency = 2});
  EXPECT_EQ(told(gate.enter(1, kCold, at(0ms), at(10s))), "start");
  EXPECT_EQ(told(gate.enter(2, kCold, at(0ms), at(10s))), "start");
  EXPECT_EQ(told(gate.enter(3, kCold, at(0ms), at(10s))), "wait");
  EXPECT_EQ(told(gate.enter(4, kCold, at(0ms), at(10s))), "wait");
  EXPECT_EQ(gate.running(), 2U);
  EXPECT_EQ(gate.queued(), 2U);
  EXPECT_EQ(told(gate.leave(2, at(500ms))), "start 3");
  EXPECT_EQ(told(gate.leave(1, at(500ms))), "start 4");
  EXPECT_EQ(told(gate.leave(3, at(1000ms))), "nobody");
  EXPECT_EQ(told(gate.leave(4, at(1000ms))), "nobody");
  EXPECT_EQ(gate.running(), 0U);
  EXPECT_EQ(told(gate.enter(5, kCold, at(1000ms), at(10s))), "start");
}

TEST(Gate, ConcurrencyOfZeroIsOne) {
  Gate gate({.concurrency = 0});
  EXPECT_EQ(told(gate.enter(1, kCold, at(0ms), at(10s))), "start");
  EXPECT_EQ(told(gate.enter(2, kCold, at(0ms), at(10s))), "wait");
}

TEST(Gate, StartsNoCallWhileTheBodiesOfOthersAreAtTheirLimit) {
  Gate gate({.concurrency = 3, .max_bytes = 100});
  EXPECT_EQ(told(gate.enter(1, kCold, at(0ms), at(10s), 100)), "start") << "one can always run";
  EXPECT_EQ(told(gate.enter(2, kCold, at(0ms), at(10s), 99)), "start");
  EXPECT_EQ(told(gate.enter(3, kCold, at(0ms), at(10s), 100)), "wait");
  EXPECT_EQ(told(gate.enter(4, kCold, at(0ms), at(10s), 0)), "wait") << "behind the one that came before";
  EXPECT_EQ(told(gate.enter(5, kRefresh, at(0ms), at(10s), 0)), "wait");
  EXPECT_EQ(gate.running(), 2U);
  EXPECT_EQ(gate.queued(), 3U);
  EXPECT_EQ(told(gate.leave(1, at(500ms), Gate::Ending::called, 100)), "nobody") << "2 holds too much";
  EXPECT_EQ(told(gate.leave(2, at(600ms), Gate::Ending::called, 0)), "start 3, 4, 5") << "all slots are free";
  EXPECT_EQ(gate.running(), 3U);
  EXPECT_EQ(told(gate.enter(6, kCold, at(600ms), at(10s), 0)), "wait");
  EXPECT_EQ(told(gate.leave(4, at(700ms), Gate::Ending::called, 99)), "start 6");
}

TEST(Gate, StartsOneCallIfNoneRunsWhateverTheBodiesHold) {
  Gate gate({.concurrency = 2, .max_bytes = 100});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  EXPECT_EQ(told(gate.enter(2, kCold, at(0ms), at(10s), 100)), "wait");
  EXPECT_EQ(told(gate.enter(3, kCold, at(0ms), at(10s), 100)), "wait");
  EXPECT_EQ(told(gate.leave(1, at(500ms), Gate::Ending::called, 100)), "start 2");
  EXPECT_EQ(told(gate.leave(2, at(600ms), Gate::Ending::called, 100)), "start 3");
}

TEST(Gate, ColdQuestionsGoBeforeRefreshes) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  (void)gate.enter(2, kRefresh, at(0ms), at(10s));
  (void)gate.enter(3, kCold, at(0ms), at(10s));
  (void)gate.enter(4, kCold, at(0ms), at(10s));
  EXPECT_EQ(told(gate.leave(1, at(500ms))), "start 3");
  EXPECT_EQ(told(gate.leave(3, at(1000ms))), "start 4");
  EXPECT_EQ(told(gate.leave(4, at(1500ms))), "start 2");
}

TEST(Gate, TheLinesAreServedInTheOrderOfUrgencyAndEachInItsOwn) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(60s));
  const std::array purposes{Gate::Purpose::early, kRefresh, Gate::Purpose::revalidate, kCold};
  for (Gate::Ticket t = 10; t < 30; ++t) {
    ASSERT_EQ(told(gate.enter(t, purposes.at(t % 4), at(0ms), at(60s))), "wait");
  }
  std::vector<Gate::Ticket> order;
  for (auto turn = gate.leave(1, at(500ms)); !turn.start.empty(); turn = gate.leave(turn.start.at(0), at(500ms))) {
    order.push_back(turn.start.at(0));
  }
  EXPECT_THAT(order, ElementsAre(11, 15, 19, 23, 27, 10, 14, 18, 22, 26, 13, 17, 21, 25, 29, 12, 16, 20, 24, 28));
}

TEST(Gate, WhoStandsDownSaysNothingAboutHowLongCallsTake) {
  Gate gate({.concurrency = 1, .first_estimate = 500ms});
  for (Gate::Ticket t = 1; t <= 100; ++t) {
    (void)gate.enter(t, kCold, at(0ms), at(10s));
    (void)gate.leave(t, at(0ms), Gate::Ending::not_called);
  }
  (void)gate.enter(200, kCold, at(0ms), at(10s));
  EXPECT_EQ(told(gate.enter(201, kCold, at(0ms), at(500ms))), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(202, kCold, at(0ms), at(500ms) + 1ns)), "wait");
}

TEST(Gate, RefusesAtOnceWhatCouldNotStartBeforeItsDeadline) {
  Gate gate({.concurrency = 2});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  (void)gate.enter(2, kCold, at(100ms), at(10s));
  // At 200 ms the calls are expected to end at 500 and 600 ms.
  EXPECT_EQ(told(gate.enter(3, kCold, at(200ms), at(499ms))), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(4, kCold, at(200ms), at(501ms))), "wait");
  EXPECT_EQ(told(gate.enter(5, kCold, at(200ms), at(599ms))), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(6, kCold, at(200ms), at(601ms))), "wait");
  // The third in line starts one whole call after the first.
  EXPECT_EQ(told(gate.enter(7, kCold, at(200ms), at(999ms))), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(8, kCold, at(200ms), at(1001ms))), "wait");
  EXPECT_EQ(gate.queued(), 3U);
}

TEST(Gate, SaysWhenSomebodyAsPatientWouldBeLetIn) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(100s));
  for (Gate::Ticket t = 2; t <= 21; ++t) ASSERT_EQ(told(gate.enter(t, kCold, at(0ms), at(100s))), "wait");
  // 20 calls wait, so the next one starts in 10.5 s.
  EXPECT_EQ(told(gate.enter(30, kCold, at(0ms), at(2s))), "refuse 8500ms");
  EXPECT_EQ(told(gate.enter(31, kCold, at(0ms), at(11s))), "wait");
}

TEST(Gate, ARefreshCountsTheColdOnesBeforeIt) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(100s));
  for (Gate::Ticket t = 2; t <= 5; ++t) (void)gate.enter(t, kCold, at(0ms), at(100s));
  EXPECT_EQ(told(gate.enter(6, kRefresh, at(0ms), at(2s))), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(7, kRefresh, at(0ms), at(3s))), "wait");
}

TEST(Gate, RefusesBeyondItsBound) {
  Gate gate({.concurrency = 1, .max_queue = 2});
  (void)gate.enter(1, kCold, at(0ms), at(100s));
  EXPECT_EQ(told(gate.enter(2, kCold, at(0ms), at(100s))), "wait");
  EXPECT_EQ(told(gate.enter(3, kRefresh, at(0ms), at(100s))), "wait");
  EXPECT_EQ(told(gate.enter(4, kCold, at(0ms), at(100s))), "refuse 1000ms");
}

TEST(Gate, DoesNotStartWhatNobodyAwaitsAnyMore) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  (void)gate.enter(2, kCold, at(0ms), at(600ms));
  (void)gate.enter(3, kRefresh, at(0ms), at(1100ms));
  (void)gate.enter(4, kCold, at(0ms), at(10s));
  // The call took far longer than expected.
  const auto turn = gate.leave(1, at(5s));
  EXPECT_EQ(told(turn), "start 4");
  EXPECT_THAT(turn.expired, ElementsAre(2));
  const auto last = gate.leave(4, at(6s));
  EXPECT_EQ(told(last), "nobody");
  EXPECT_THAT(last.expired, ElementsAre(3));
  EXPECT_EQ(gate.running(), 0U);
}

TEST(Gate, LearnsHowLongCallsTake) {
  Gate gate({.concurrency = 1, .first_estimate = 500ms});
  auto now = at(0ms);
  for (Gate::Ticket t = 1; t <= 100; ++t) {
    ASSERT_EQ(told(gate.enter(t, kCold, now, now + 1s)), "start");
    now += 4s;
    (void)gate.leave(t, now);
  }
  (void)gate.enter(200, kCold, now, now + 1s);
  EXPECT_EQ(told(gate.enter(201, kCold, now, now + 3990ms)), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(202, kCold, now, now + 4010ms)), "wait");
}

TEST(Gate, AnOverdueCallMayEndAnyMoment) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  EXPECT_EQ(told(gate.enter(2, kCold, at(4s), at(4001ms))), "wait");
  EXPECT_EQ(told(gate.enter(3, kCold, at(4s), at(4s))), "refuse 1000ms");
  EXPECT_EQ(told(gate.enter(4, kCold, at(4s), at(3s))), "refuse 1000ms");
}

TEST(Gate, ForgetsTheQueueWhenItIsCleared) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  (void)gate.enter(2, kRefresh, at(0ms), at(10s));
  (void)gate.enter(3, kCold, at(0ms), at(10s));
  EXPECT_THAT(gate.clear_queue(), ElementsAre(3, 2));
  EXPECT_EQ(told(gate.leave(1, at(500ms))), "nobody");
  EXPECT_THAT(gate.clear_queue(), IsEmpty());
}

TEST(Gate, AnUnknownTicketChangesNothing) {
  Gate gate({.concurrency = 1});
  (void)gate.enter(1, kCold, at(0ms), at(10s));
  (void)gate.enter(2, kCold, at(0ms), at(10s));
  EXPECT_EQ(told(gate.leave(7, at(500ms))), "nobody");
  EXPECT_EQ(gate.running(), 1U);
  EXPECT_EQ(gate.queued(), 1U);
}

}  // namespace
}  // namespace wx::open_meteo
