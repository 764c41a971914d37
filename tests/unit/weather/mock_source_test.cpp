#include "weather/mock_source.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"
#include "support/manual_executor.hpp"

namespace wx::weather {
namespace {

using namespace std::chrono_literals;

struct Mock : testing::Test {
  void ask() {
    const Location place{*parse_coordinate(Axis::latitude, "52.520"), *parse_coordinate(Axis::longitude, "13.41")};
    cache::LoadRequest request;
    request.turn = [this](cache::Proceed go) { proceed = std::move(go); };
    source->fetch(place, std::move(request), [this](Result<Observation> outcome) { answer = std::move(*outcome); });
  }

  test::FakeClock clock;
  test::ManualExecutor executor{clock};
  observability::Metrics metrics;
  std::unique_ptr<MockSource> source = std::make_unique<MockSource>(executor, 500ms, metrics);
  cache::Proceed proceed;
  std::optional<Observation> answer;
};

TEST_F(Mock, AnswersAfterItsDelayOnceToldToGoOn) {
  ask();
  executor.advance(10s);
  EXPECT_FALSE(answer) << "it has not been told";
  proceed(true);
  executor.advance(499ms);
  EXPECT_FALSE(answer);
  executor.advance(1ms);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->latitude, "52.52");
  EXPECT_EQ(answer->temperature, "25.0");
  EXPECT_EQ(answer->wind_speed, "10.0");
  EXPECT_EQ(answer->time, "");
  EXPECT_EQ(metrics.value(observability::Counter::mock_calls), 1U);
}

TEST_F(Mock, StandsDownWhenTold) {
  ask();
  proceed(false);
  executor.advance(10s);
  EXPECT_FALSE(answer);
  EXPECT_EQ(metrics.value(observability::Counter::mock_calls), 0U);
}

TEST_F(Mock, IsToldFromAnotherThreadAndAnswersOnItsOwn) {
  ask();
  executor.set_in_this_thread(false);
  proceed(true);
  EXPECT_EQ(executor.timers(), 0U);
  executor.set_in_this_thread(true);
  executor.advance(500ms);
  EXPECT_TRUE(answer);
}

TEST_F(Mock, WithoutADelayItAnswersAtOnce) {
  source = std::make_unique<MockSource>(executor, 0ms, metrics);
  ask();
  proceed(true);
  EXPECT_TRUE(answer);
}

TEST_F(Mock, DestroyedBeforeItNeverAnswers) {
  ask();
  proceed(true);
  auto late = std::move(proceed);
  ask();
  source.reset();
  proceed(true);
  executor.advance(10s);
  EXPECT_FALSE(answer);
  EXPECT_EQ(executor.timers(), 0U);
}

}  // namespace
}  // namespace wx::weather
