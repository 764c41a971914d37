#include "redis/server_breaker.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "observability/metrics.hpp"
#include "reply_text.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_log.hpp"

namespace wx::redis {
namespace {

const Error kFailure{.kind = ErrorKind::redis_timeout};

class ServerBreakerTest : public testing::Test {
 protected:
  void open() {
    for (int i = 0; i < 5; ++i) breaker_.record(&kFailure);
    ASSERT_FALSE(breaker_.available());
  }
  // Time passes until the next probe, which is made.
  void probe() {
    ASSERT_TRUE(breaker_.probe_due());
    clock_.advance(*breaker_.probe_due() - clock_.steady());
    breaker_.probe_if_due(clock_.steady());
  }

  wx::test::FakeClock clock_;
  observability::Metrics metrics_;
  wx::test::MemoryLog log_;
  test::OneReply pong_{"+PONG\r\n"};
  CallbackGuard guard_{log_};
  std::move_only_function<void(Callback)> ping_;
  ServerBreaker breaker_{clock_, metrics_, log_, guard_, [this](Callback done) { ping_(std::move(done)); }};
};

TEST_F(ServerBreakerTest, ProbesWhenTheWaitIsOverAndClosesWithTheReply) {
  Callback reply;
  ping_ = [&](Callback done) { reply = std::move(done); };
  EXPECT_FALSE(breaker_.probe_due()) << "closed";
  open();
  const auto due = breaker_.probe_due();
  ASSERT_TRUE(due);
  breaker_.probe_if_due(*due - milliseconds(1));
  EXPECT_FALSE(reply) << "too early";
  probe();
  ASSERT_TRUE(reply);
  EXPECT_FALSE(breaker_.probe_due()) << "one at a time";
  EXPECT_FALSE(breaker_.available());
  reply(*pong_);
  EXPECT_TRUE(breaker_.available());
  EXPECT_FALSE(breaker_.probe_due());
}

TEST_F(ServerBreakerTest, ProbesAtOnceWhenAConnectionIsMade) {
  int pings = 0;
  ping_ = [&](Callback done) {
    ++pings;
    done(*pong_);
  };
  breaker_.on_connected();
  EXPECT_EQ(pings, 0) << "closed";
  open();
  breaker_.on_connected();
  EXPECT_EQ(pings, 1);
  EXPECT_TRUE(breaker_.available());
}

TEST_F(ServerBreakerTest, TellsWhenItHasClosed) {
  int told = 0;
  breaker_.on_closed([&] {
    ++told;
    EXPECT_TRUE(breaker_.available());
  });
  ping_ = [](Callback done) { done(fail(ErrorKind::redis_timeout)); };
  open();
  probe();
  EXPECT_EQ(told, 0) << "the probe has failed";
  ping_ = [this](Callback done) { done(*pong_); };
  probe();
  EXPECT_EQ(told, 1);
  breaker_.on_connected();
  EXPECT_EQ(told, 1) << "it was not open";
}

TEST_F(ServerBreakerTest, ClosesAlthoughTheHandlerThrows) {
  breaker_.on_closed([] { throw std::runtime_error("no memory"); });
  ping_ = [this](Callback done) { done(*pong_); };
  open();
  probe();
  EXPECT_TRUE(breaker_.available());
  EXPECT_FALSE(breaker_.probe_due());
}

TEST_F(ServerBreakerTest, ProbesAgainAfterAPingThatWasRefusedAtOnce) {
  ping_ = [](Callback done) { done(fail(ErrorKind::redis_unavailable)); };
  open();
  for (int i = 0; i < 3; ++i) probe();
  ping_ = [this](Callback done) { done(*pong_); };
  probe();
  EXPECT_TRUE(breaker_.available());
}

TEST_F(ServerBreakerTest, ProbesAgainAfterAPingThatCouldNotBeSent) {
  ping_ = [](const Callback&) { throw std::runtime_error("no memory"); };
  open();
  for (int i = 0; i < 3; ++i) probe();
  EXPECT_EQ(log_.count("a probe of Redis threw"), 1);
  ping_ = [this](Callback done) { done(*pong_); };
  probe();
  EXPECT_TRUE(breaker_.available());
}

TEST_F(ServerBreakerTest, ProbesAlthoughTheLogThrows) {
  log_.fails = true;
  for (int i = 0; i < 4; ++i) breaker_.record(&kFailure);
  EXPECT_THROW(breaker_.record(&kFailure), std::runtime_error);
  log_.fails = false;
  ping_ = [this](Callback done) { done(*pong_); };
  probe();
  EXPECT_TRUE(breaker_.available());
}

}  // namespace
}  // namespace wx::redis
