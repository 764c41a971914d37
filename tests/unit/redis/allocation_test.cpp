// In steady state, a command and its reply allocate nothing.
#include <gtest/gtest.h>

#include "client_harness.hpp"
#include "fake_redis.hpp"
#include "redis/client.hpp"
#include "support/allocations.hpp"

namespace wx::redis {
namespace {

using test::ClientUnderTest;
using test::FakeRedis;
using test::Peer;
using test::Signal;

// Sends the next command when the last one has been answered, on the I/O thread.
struct Chain {
  explicit Chain(int count) : left(count) {}
  Client* client = nullptr;
  int left;
  std::size_t before = 0;
  std::size_t counted = 0;
  Signal done;

  void next() {
    client->command({"GET", "weather:mock:52.52:13.41"}, [this](const Result<Reply>& reply) {
      if (!reply || --left == 0) {
        counted = wx::test::allocations - before;
        done.set();
        return;
      }
      next();
    });
  }
};

TEST(RedisClientAllocations, AreNoneForACommandInSteadyState) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.echo();
  });
  Chain warm(100);
  Chain measured(1000);
  ClientUnderTest under(test::options_for(redis.url(), milliseconds(9000)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  warm.client = measured.client = &under.client();
  under.on_loop([&] { warm.next(); });
  ASSERT_TRUE(warm.done.wait());
  under.on_loop([&] {
    measured.before = wx::test::allocations;
    measured.next();
  });
  ASSERT_TRUE(measured.done.wait());
  EXPECT_GT(wx::test::allocations, 0U) << "allocations are not counted";
  EXPECT_EQ(measured.left, 0);
  EXPECT_LT(measured.counted, 10U) << "for 1000 commands";
}

// From the loss of a connection to the first reply over the next one.
TEST(RedisClientAllocations, LeaveANextAttemptWhicheverFails) {
  if (!wx::test::kAllocationsCanFail) GTEST_SKIP();
  for (std::size_t nth = 1;; ++nth) {
    FakeRedis redis([](Peer& peer) {
      peer.greet();
      if (peer.number() > 1) return peer.echo();
      peer.next();
    });
    wx::test::FakeClock clock;
    ClientUnderTest under(test::options_for(redis.url(), milliseconds(50)), clock);
    ASSERT_TRUE(under.becomes(ConnectionState::up));
    under.on_loop([&] {
      for (int i = 0; i < 5; ++i) {
        const Error failure{.kind = ErrorKind::redis_timeout};
        under.client().record("a", &failure);
      }
      under.client().command({"GET", "a"}, [](const Result<Reply>&) {});
      wx::test::failing_allocation = nth;
    });
    EXPECT_TRUE(under.passes_time_until(clock, [&] {
      return redis.connections() > 1 && under.client().state() == ConnectionState::up && !under.client().breaker_open();
    })) << nth;
    bool failed = false;
    under.on_loop([&] { failed = std::exchange(wx::test::failing_allocation, 0) == 0; });
    EXPECT_EQ(under.ask({"GET", "b"}), "\"b\"") << nth;
    if (!failed) {
      EXPECT_GT(nth, 20U);
      break;
    }
  }
}

}  // namespace
}  // namespace wx::redis
