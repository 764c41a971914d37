#include "redis/time_watch.hpp"

#include <atomic>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "client_harness.hpp"
#include "fake_redis.hpp"

namespace wx::redis::test {
namespace {

using namespace std::chrono_literals;
using wx::test::eventually;

constexpr WallTime kServer{milliseconds{1'800'000'000'250}};
constexpr std::string_view kTime = "*2\r\n$10\r\n1800000000\r\n$6\r\n250000\r\n";

// A watch over a real client, whose clock only the test moves. The test owns the Redis, which ends before whatever its
// script uses.
class TimeWatchTest : public testing::Test {
 protected:
  [[nodiscard]] FakeRedis answering_time(std::function<void(Peer&)> answer) {
    return FakeRedis([this, answer = std::move(answer)](Peer& peer) {
      peer.greet();
      for (Words words = peer.next(); !words.empty(); words = peer.next()) {
        if (words[0] != "TIME") {
          peer.write("+PONG\r\n");
          continue;
        }
        ++asked_;
        answer(peer);
      }
    });
  }
  void start(const FakeRedis& redis) {
    under_.emplace(options_for(redis.url(), 60ms), clock_);
    ASSERT_TRUE(under_->becomes(ConnectionState::up));
    under_->on_loop([&] {
      watch_.emplace(under_->client(), timers_, fleet_);
      watch_->on_asked([this](bool first) { followed_ += first ? "first " : "next "; });
      watch_->connected();
    });
  }
  ~TimeWatchTest() override {
    if (under_) under_->on_loop([&] { under_->client().stop(); });
  }
  void pass(nanoseconds span) {
    under_->on_loop([&] { timers_.advance(span); });
  }
  bool hears(WallTime time) {
    return eventually([&] { return fleet_.wall() == time; });
  }

  wx::test::FakeClock clock_;
  wx::test::ManualExecutor timers_{clock_};
  FleetClock fleet_{clock_};
  std::atomic<int> asked_{0};
  std::string followed_;  // used on the loop
  std::optional<ClientUnderTest> under_;
  std::optional<TimeWatch> watch_;
};

TEST_F(TimeWatchTest, AsksAtOnceAndThenEvery29Seconds) {
  const FakeRedis redis = answering_time([](Peer& peer) { peer.write(kTime); });
  start(redis);
  ASSERT_TRUE(hears(kServer));
  pass(28s);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(fleet_.wall(), kServer + 28s);
  pass(1s);
  EXPECT_TRUE(hears(kServer)) << "the server's clock stands still, so it was set";
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(under_->on_loop([&] { return followed_; }), "first next ");
}

TEST_F(TimeWatchTest, AsksAtOnceWhenTheServerIsAvailableAgain) {
  const FakeRedis redis = answering_time([](Peer& peer) { peer.write(kTime); });
  start(redis);
  ASSERT_TRUE(hears(kServer));
  pass(20s);
  under_->on_loop([&] { watch_->available(); });
  EXPECT_TRUE(hears(kServer));
  EXPECT_EQ(under_->on_loop([&] { return followed_; }), "first first ");
  pass(28s);
  EXPECT_EQ(asked_, 2) << "the next one is due 29 s later";
}

TEST_F(TimeWatchTest, TakesALateReplyToo) {
  Signal go_on;
  const FakeRedis redis = answering_time([&](Peer& peer) {
    if (go_on.wait()) peer.write(kTime);
  });
  start(redis);
  const auto sent = clock_.steady();
  clock_.advance(80ms);
  under_->run_due();
  EXPECT_TRUE(eventually([&] { return under_->count(Counter::redis_timeouts) == 1; }));
  go_on.set();
  EXPECT_TRUE(hears(kServer + (clock_.steady() - sent) / 2 / 1ms * 1ms));
}

TEST_F(TimeWatchTest, IgnoresAnAnswerThatIsNoTime) {
  std::atomic<int> turn{0};
  const FakeRedis redis = answering_time([&](Peer& peer) {
    constexpr std::array<std::string_view, 6> kAnswers{
        "-NOPERM no\r\n",
        "+1800000000\r\n",
        "*2\r\n$2\r\nab\r\n$1\r\n0\r\n",
        "*2\r\n$10\r\n1800000000\r\n$7\r\n1000000\r\n",
        "*2\r\n$20\r\n18446744073709551615\r\n$1\r\n0\r\n",
        "*2\r\n:1800000000\r\n:0\r\n",
    };
    peer.write(kAnswers.at(static_cast<std::size_t>(turn++) % kAnswers.size()));
  });
  start(redis);
  for (int i = 1; i <= 6; ++i) {
    EXPECT_TRUE(eventually([&] { return asked_ == i; }));
    EXPECT_EQ(under_->ask({"PING"}), "\"PONG\"") << "the answer has been read";
    EXPECT_EQ(fleet_.wall(), clock_.wall());
    pass(29s);
  }
  EXPECT_TRUE(under_->on_loop([&] { return followed_; }).starts_with("first next next ")) << "all the same";
}

TEST_F(TimeWatchTest, AsksNoMoreOnceTheConnectionIsLost) {
  const FakeRedis redis = answering_time([](Peer& peer) { peer.write(kTime); });
  start(redis);
  ASSERT_TRUE(hears(kServer));
  under_->on_loop([&] { watch_->disconnected(); });
  EXPECT_EQ(timers_.timers(), 0U);
  pass(60s);
  EXPECT_EQ(fleet_.wall(), kServer + 60s) << "the fleet's time goes on";
  EXPECT_EQ(asked_, 1);
}

}  // namespace
}  // namespace wx::redis::test
