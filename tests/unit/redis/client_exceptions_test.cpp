// Callbacks and handlers that throw. Each exception ends where it was thrown, and everything else goes on.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "client_harness.hpp"
#include "fake_redis.hpp"
#include "redis/client.hpp"
#include "support/fake_clock.hpp"
#include "support/free_port.hpp"

namespace wx::redis {
namespace {

using test::ClientUnderTest;
using test::FakeRedis;
using test::greet_and_echo;
using test::options_for;
using test::Peer;
using wx::test::eventually;

constexpr std::string_view kThrew = "a reply callback threw";

// Sends a command whose callback throws, and keeps the outcome that the callback got. The callback may be called after
// the end of this object.
class Thrower {
 public:
  explicit Thrower(ClientUnderTest& under, std::string reason = "on purpose") {
    under.on_loop([&] {
      under.client().command({"GET", "a"}, [told = told_, reason = std::move(reason)](const Result<Reply>& reply) {
        told->outcome = reply ? "reply" : std::string(wx::name(reply.error().kind));
        ++told->calls;
        throw std::runtime_error(reason);
      });
    });
  }
  // Empty unless the callback was called exactly once.
  std::string outcome() {
    (void)eventually([&] { return told_->calls > 0; });
    return told_->calls == 1 ? told_->outcome : "";
  }

 private:
  struct Told {
    std::string outcome;
    std::atomic<int> calls{0};
  };
  const std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

TEST(RedisClientExceptions, AReplyCallbackEndsItsOwnCommandOnly) {
  FakeRedis redis(greet_and_echo);
  ClientUnderTest under(redis.url());
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  Thrower first(under);
  Thrower second(under);
  Thrower other(under, "for another reason");
  EXPECT_EQ(under.ask({"GET", "b"}), "\"b\"");
  EXPECT_EQ(first.outcome(), "reply");
  EXPECT_EQ(second.outcome(), "reply");
  EXPECT_EQ(other.outcome(), "reply");
  EXPECT_EQ(under.client().state(), ConnectionState::up);
  EXPECT_EQ(redis.connections(), 1);
  EXPECT_EQ(under.log().count(kThrew), 2) << "once for each reason";
  EXPECT_TRUE(under.log().contains("on purpose")) << under.log().text();
}

TEST(RedisClientExceptions, ACallbackMayThrowWhateverEndsItsCommand) {
  std::atomic<bool> reset{false};
  FakeRedis redis([&](Peer& peer) {
    peer.greet();
    while (!reset && !peer.next().empty()) {
    }
    peer.reset();
  });
  wx::test::FakeClock clock;  // the clock stands still, so that the second command cannot time out
  ClientUnderTest under(options_for(redis.url(), milliseconds(60)), clock);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  Thrower late(under);
  clock.advance(milliseconds(100));
  under.run_due();
  EXPECT_EQ(late.outcome(), "redis-timeout");
  reset = true;
  Thrower lost(under);
  EXPECT_EQ(lost.outcome(), "redis-unavailable");
  EXPECT_EQ(under.log().count(kThrew), 1);
}

TEST(RedisClientExceptions, ACallbackMayThrowWhileTheClientIsDown) {
  ClientUnderTest under(cat("redis://127.0.0.1:", wx::test::free_port()));
  ASSERT_TRUE(under.becomes(ConnectionState::down));
  Thrower down(under);
  EXPECT_EQ(down.outcome(), "redis-unavailable");
  EXPECT_EQ(under.ask({"GET", "b"}), "redis-unavailable");
}

TEST(RedisClientExceptions, ACallbackMayThrowAtTheEndOfTheWaitForTheFirstConnection) {
  FakeRedis redis([](Peer& peer) { peer.ignore(); });
  ClientUnderTest under(redis.url());
  Thrower early(under);
  Thrower second(under);
  EXPECT_EQ(early.outcome(), "redis-unavailable");
  EXPECT_EQ(second.outcome(), "redis-unavailable");
}

TEST(RedisClientExceptions, EveryCallbackOfAPipelineIsCalledAlthoughTheFirstThrows) {
  FakeRedis redis(greet_and_echo);
  int called = 0;
  ClientUnderTest under(redis.url());
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  under.on_loop([&] { under.client().stop(); });
  under.on_loop([&] {
    const Argument get[] = {"GET", "a"};
    Command commands[] = {{get,
                           [&](const Result<Reply>&) {
                             ++called;
                             throw std::runtime_error("first");
                           }},
                          {get, [&](const Result<Reply>&) { ++called; }}};
    under.client().pipeline(commands);
  });
  EXPECT_EQ(called, 2);
}

TEST(RedisClientExceptions, HandlersMayThrowToo) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.write(">3\r\n+message\r\n+ch\r\n+one\r\n");
    if (peer.number() > 1) return peer.echo();
    peer.next();
  });
  ClientUnderTest under(redis.url(), false);
  under.on_loop([&] {
    under.client().on_push([](const Reply&) { throw std::runtime_error("push"); });
    under.client().on_connected([] { throw std::runtime_error("connected"); });
    // Not even derived from std::exception.
    under.client().on_disconnected([] { throw 5; });
  });
  under.start();
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_EQ(under.ask({"GET", "a"}), "redis-unavailable") << "the first connection ends at its first command";
  ASSERT_TRUE(eventually([&] { return redis.connections() == 2; }));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_EQ(under.ask({"GET", "b"}), "\"b\"");
  EXPECT_TRUE(under.log().contains("the push handler threw")) << under.log().text();
  EXPECT_TRUE(under.log().contains("the connected handler threw"));
  EXPECT_TRUE(under.log().contains("the disconnected handler threw"));
}

// Timers are made when a connection is lost, when an attempt begins, when the server is greeted, and whenever a timer
// has fired. Each one in turn cannot be made.
TEST(RedisClientExceptions, DialsAgainWhicheverTimerCannotBeMade) {
  for (int nth = 1; nth <= 8; ++nth) {
    FakeRedis lost_once([](Peer& peer) {
      peer.greet();
      if (peer.number() > 1) return peer.echo();
      peer.next();
    });
    wx::test::FakeClock clock;
    ClientUnderTest under(options_for(lost_once.url(), milliseconds(50)), clock);
    ASSERT_TRUE(under.becomes(ConnectionState::up));
    under.fail_timer(nth);
    EXPECT_EQ(under.ask({"GET", "a"}), "redis-unavailable") << "the first connection ends at its first command";
    ASSERT_TRUE(under.becomes(ConnectionState::down));
    EXPECT_TRUE(under.passes_time_until(clock, [&] { return under.client().state() == ConnectionState::up; })) << nth;
    under.fail_timer(0);
    EXPECT_EQ(under.ask({"GET", "b"}), "\"b\"") << nth;
  }
}

}  // namespace
}  // namespace wx::redis
