// In steady state a command and its reply cost no allocation.
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

// Sends the next command when the last was answered; on the I/O thread.
struct Chain {
  Chain(Client& of, int count) : client(of), left(count) {}
  Client& client;
  int left;
  std::size_t before = 0;
  std::size_t counted = 0;
  Signal done;

  void next() {
    client.command({"GET", "weather:mock:52.52:13.41"}, [this](const Result<Reply>& reply) {
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
  ClientUnderTest under(test::options_for(redis.url(), milliseconds(9000)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  Chain warm(under.client(), 100);
  under.on_loop([&] { warm.next(); });
  ASSERT_TRUE(warm.done.wait());
  Chain measured(under.client(), 1000);
  under.on_loop([&] {
    measured.before = wx::test::allocations;
    measured.next();
  });
  ASSERT_TRUE(measured.done.wait());
  EXPECT_GT(wx::test::allocations, 0U) << "allocations are not counted";
  EXPECT_EQ(measured.left, 0);
  EXPECT_LT(measured.counted, 10U) << "for 1000 commands";
}

}  // namespace
}  // namespace wx::redis
