#include "weather/mock.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"
#include "support/manual_executor.hpp"

namespace wx::weather {
namespace {

using namespace std::chrono_literals;

struct MockTest : testing::Test {
  void ask() {
    const Location place{*parse_coordinate(Axis::latitude, "52.520"), *parse_coordinate(Axis::longitude, "13.41")};
    cache::LoadRequest request;
    request.turn = [this](cache::Proceed go) { proceed = std::move(go); };
    mock->load(place, std::move(request), [this](Result<cache::Loaded> outcome) { answer = std::move(*outcome); });
  }

  test::FakeClock clock;
  test::ManualExecutor executor{clock};
  observability::Metrics metrics;
  std::unique_ptr<Mock> mock = std::make_unique<Mock>(executor, 500ms, LifetimeOptions{}, metrics);
  cache::Proceed proceed;
  std::optional<cache::Loaded> answer;
};

TEST_F(MockTest, AnswersAfterItsDelayOnceToldToGoOn) {
  ask();
  executor.advance(10s);
  EXPECT_FALSE(answer) << "the callback was not called";
  proceed(true);
  executor.advance(499ms);
  EXPECT_FALSE(answer);
  executor.advance(1ms);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body,
            R"({"latitude":52.52,"longitude":13.41,"current":{"temperature_2m":25.0,"wind_speed_10m":10.0}})");
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->spans, (cache::Spans{.fresh_for = 10s}));
  EXPECT_EQ(metrics.value(observability::Counter::mock_calls), 1U);
}

TEST_F(MockTest, StandsDownWhenTold) {
  ask();
  proceed(false);
  executor.advance(10s);
  EXPECT_FALSE(answer);
  EXPECT_EQ(metrics.value(observability::Counter::mock_calls), 0U);
}

TEST_F(MockTest, IsToldFromAnotherThreadAndAnswersOnItsOwn) {
  ask();
  executor.set_in_this_thread(false);
  proceed(true);
  EXPECT_EQ(executor.timers(), 0U);
  executor.set_in_this_thread(true);
  executor.advance(500ms);
  EXPECT_TRUE(answer);
}

TEST_F(MockTest, WithoutADelayItAnswersAtOnce) {
  mock = std::make_unique<Mock>(executor, 0ms, LifetimeOptions{}, metrics);
  ask();
  proceed(true);
  EXPECT_TRUE(answer);
}

TEST_F(MockTest, DestroyedBeforeItNeverAnswers) {
  ask();
  proceed(true);
  auto late = std::move(proceed);
  ask();
  mock.reset();
  proceed(true);
  executor.advance(10s);
  EXPECT_FALSE(answer);
  EXPECT_EQ(executor.timers(), 0U);
}

}  // namespace
}  // namespace wx::weather
