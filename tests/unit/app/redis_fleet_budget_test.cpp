// The fleet's count over a real client, against a real Redis and against one that is late or refuses on purpose.
#include "app/redis_fleet_budget.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/redis_server.hpp"
#include "unit/redis/client_harness.hpp"
#include "unit/redis/fake_redis.hpp"
#include "unit/redis/reply_text.hpp"

namespace wx::app {
namespace {

using open_meteo::FleetBudget;
using open_meteo::FleetTotals;
using open_meteo::FleetWindow;
using open_meteo::Patience;
using redis::ConnectionState;
using redis::test::ClientUnderTest;
using redis::test::FakeRedis;
using redis::test::options_for;
using redis::test::Peer;
using redis::test::Signal;
using redis::test::Words;
using test::eventually;
using test::RedisServer;
using testing::ElementsAre;
using testing::IsEmpty;

FleetWindow window(std::vector<FleetTotals> write, std::string plain_name = {}) {
  return {.name = "day:7",
          .plain_name = std::move(plain_name),
          .expires_after = std::chrono::hours(48),
          .write = std::move(write)};
}

// The totals of each window as text, "id=spent-given_back ...", or the error.
std::string text(const FleetBudget::Counts& counts) {
  std::string all;
  for (const auto& [totals, plain] : counts) {
    for (const auto& [id, spent, given_back] : totals) append(all, cat(id, "=", spent, "-", given_back, " "));
    if (plain != 0) append(all, cat("plain=", plain, " "));
  }
  return all;
}

class RedisFleetBudgetTest : public testing::Test {
 protected:
  void start(std::string_view url, milliseconds timeout = milliseconds(5000)) {
    under.emplace(options_for(url, timeout));
    ASSERT_TRUE(under->becomes(ConnectionState::up));
    budget = std::make_unique<RedisFleetBudget>(under->client(), under->executor(), "p:", log);
  }
  ~RedisFleetBudgetTest() override {
    if (!under) return;
    under->on_loop([&] {
      under->client().stop();
      budget.reset();
    });
  }
  struct Asked {
    std::future<std::string> done;
    std::future<std::string> late;
  };
  Asked send(FleetWindow one, Patience patience = Patience::usual) {
    auto done = std::make_shared<std::promise<std::string>>();
    auto late = std::make_shared<std::promise<std::string>>();
    Asked asked{.done = done->get_future(), .late = late->get_future()};
    budget->exchange(
        {std::move(one)}, patience,
        [done](const Result<FleetBudget::Counts>& counts) {
          done->set_value(counts ? text(*counts) : std::string(name(counts.error().kind)));
        },
        [late](const FleetBudget::Counts& counts) { late->set_value(text(counts)); });
    return asked;
  }
  static std::string get(std::future<std::string> future) {
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) return "never told";
    return future.get();
  }
  std::string ask(FleetWindow one) { return get(send(std::move(one)).done); }

  test::MemoryLog log;
  std::optional<ClientUnderTest> under;
  std::unique_ptr<RedisFleetBudget> budget;
};

TEST_F(RedisFleetBudgetTest, WritesHigherTotalsAndReadsThoseOfAll) {
  const RedisServer redis;
  start(redis.url());
  EXPECT_EQ(ask(window({})), "");
  EXPECT_EQ(ask(window({{"a", 3000, 0}})), "a=3000-0 ");
  EXPECT_EQ(ask(window({{"b", 2000, 1000}, {"c", 500, 0}})), "a=3000-0 b=2000-1000 c=500-0 ");
  EXPECT_EQ(ask(window({{"a", 1000, 0}, {"b", 2000, 500}})), "a=3000-0 b=2000-1000 c=500-0 ") << "late, or repeated";
  EXPECT_EQ(ask(window({{"a", 4000, 1000}})), "a=4000-1000 b=2000-1000 c=500-0 ");
}

TEST_F(RedisFleetBudgetTest, LetsAWindowExpireAfterAFlushToo) {
  const RedisServer redis;
  start(redis.url());
  const auto ttl = [&] { return std::stol(redis.command({"PTTL", "p:weather:{budget}:day:7"}).value_or("0")); };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask(window({{"a", 3000, 0}})), "a=3000-0 ");
    EXPECT_TRUE(eventually([&] { return ttl() > 0; }));
    EXPECT_LE(ttl(), 48 * 3'600'000);
    redis.command({"FLUSHALL"});
  }
}

TEST_F(RedisFleetBudgetTest, SetsTheExpiryWithoutTheReplyThatTheKeyIsNew) {
  const RedisServer redis;
  start(redis.url());
  const auto ttl = [&] { return std::stol(redis.command({"PTTL", "p:weather:{budget}:day:7"}).value_or("0")); };
  // Another process has made the key, and did not live to hear so.
  redis.command({"ZADD", "p:weather:{budget}:day:7", "3000", "a:s"});
  EXPECT_EQ(ttl(), -1);
  auto again = window({{"a", 3000, 0}});
  again.expire = true;
  EXPECT_EQ(ask(std::move(again)), "a=3000-0 ");
  EXPECT_GT(ttl(), 47 * 3'600'000);
}

// The connection is lost before the first reply, but the server has the commands.
TEST_F(RedisFleetBudgetTest, SendsTheExpiryWithTheTotals) {
  std::vector<std::string> sent;
  std::atomic<int> connections = 0;
  Signal all;
  FakeRedis redis([&](Peer& peer) {
    peer.greet();
    if (connections++ > 0) return peer.ignore();
    for (Words words = peer.next(); !words.empty(); words = peer.next()) {
      sent.push_back(words[0]);
      if (words[0] == "ZRANGE") break;
    }
    all.set();
    peer.reset();
  });
  start(redis.url());
  auto one = window({{"a", 3000, 0}});
  one.expire = true;
  EXPECT_EQ(ask(std::move(one)), "redis-unavailable");
  ASSERT_TRUE(all.wait());
  EXPECT_THAT(sent, ElementsAre("ZADD", "PEXPIRE", "ZRANGE"));
}

TEST_F(RedisFleetBudgetTest, LooksAtTheCounterOfVersion010) {
  const RedisServer redis;
  start(redis.url());
  redis.command({"SET", "p:weather:budget:d:7", "12"});
  EXPECT_EQ(ask(window({{"a", 3000, 0}}, "d:7")), "a=3000-0 plain=12 ");
  EXPECT_EQ(ask(window({{"a", 3000, 0}}, "d:8")), "a=3000-0 ");
}

TEST_F(RedisFleetBudgetTest, ReportsAnErrorForAKeyOfAnotherType) {
  const RedisServer redis;
  start(redis.url());
  redis.command({"SET", "p:weather:{budget}:day:7", "x"});
  EXPECT_EQ(ask(window({{"a", 3000, 0}})), "redis-error");
  EXPECT_EQ(log.text(), "");
}

// Answers each command after the signal.
void answer_late(Peer& peer, Signal& go_on) {
  peer.greet();
  for (Words words = peer.next(); !words.empty(); words = peer.next()) {
    if (!go_on.wait()) return;
    peer.write(words[0] == "ZRANGE" ? "*1\r\n*2\r\n+a:s\r\n,3000\r\n" : ":0\r\n");
  }
}

TEST_F(RedisFleetBudgetTest, TellsALateReply) {
  Signal go_on;
  FakeRedis redis([&](Peer& peer) { answer_late(peer, go_on); });
  start(redis.url(), milliseconds(60));
  auto [done, late] = send(window({{"a", 3000, 0}}));
  EXPECT_EQ(get(std::move(done)), "redis-timeout");
  go_on.set();
  EXPECT_EQ(get(std::move(late)), "a=3000-0 ");
}

TEST_F(RedisFleetBudgetTest, WaitsLongerForTheReplyIfFewCallsAreLeft) {
  Signal go_on;
  FakeRedis redis([&](Peer& peer) { answer_late(peer, go_on); });
  start(redis.url(), milliseconds(60));
  auto [done, late] = send(window({{"a", 3000, 0}}), Patience::long_);
  EXPECT_TRUE(eventually([&] { return under->count(observability::Counter::redis_timeouts) == 2; }));
  go_on.set();
  EXPECT_EQ(get(std::move(done)), "a=3000-0 ");
  EXPECT_THROW(late.get(), std::future_error) << "it was told already";
}

TEST_F(RedisFleetBudgetTest, WaitsNoLongerThanItsPatience) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.ignore();
  });
  test::FakeClock clock;
  under.emplace(options_for(redis.url(), milliseconds(60)), clock);
  ASSERT_TRUE(under->becomes(ConnectionState::up));
  budget = std::make_unique<RedisFleetBudget>(under->client(), under->executor(), "p:", log);
  auto asked = send(window({{"a", 3000, 0}}), Patience::long_);
  under->on_loop([] {});
  clock.advance(milliseconds(61));
  under->run_due();
  EXPECT_EQ(under->count(observability::Counter::redis_timeouts), 2U);
  EXPECT_NE(asked.done.wait_for(milliseconds(0)), std::future_status::ready);
  clock.advance(milliseconds(940));
  under->run_due();
  EXPECT_EQ(get(std::move(asked.done)), "redis-timeout");
}

TEST_F(RedisFleetBudgetTest, DropsWhatWaitsForALateReplyWhenItEnds) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.ignore();
  });
  start(redis.url(), milliseconds(60));
  auto asked = send(window({{"a", 3000, 0}}), Patience::long_);
  ASSERT_TRUE(eventually([&] { return under->count(observability::Counter::redis_timeouts) == 2; }));
  under->on_loop([&] {
    under->client().stop();
    budget.reset();
  });
  EXPECT_THROW(asked.done.get(), std::future_error);
}

TEST_F(RedisFleetBudgetTest, FailsOnceIfTheConnectionIsLost) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.next();
    peer.reset();
  });
  start(redis.url());
  EXPECT_EQ(ask(window({{"a", 3000, 0}})), "redis-unavailable");
}

// Both replies arrive in one read, and one of the first allocations fails: that of the bytes, or one of the totals.
TEST_F(RedisFleetBudgetTest, NeverTellsACountThatItCouldNotRead) {
  if (!test::kAllocationsCanFail) GTEST_SKIP() << "a sanitizer allocates";
  int unreadable = 0;
  for (std::size_t nth = 1; nth <= 3; ++nth) {
    Signal asked;
    Signal go_on;
    FakeRedis redis([&](Peer& peer) {
      peer.greet();
      if (peer.next().empty() || peer.next().empty()) return;
      asked.set();
      if (!go_on.wait()) return;
      peer.write("*1\r\n*2\r\n+a:s\r\n,3000\r\n$2\r\n12\r\n");
      peer.ignore();
    });
    start(redis.url());
    auto [done, late] = send(window({}, "d:7"));
    ASSERT_TRUE(asked.wait());
    under->on_loop([nth] { test::failing_allocation = nth; });
    go_on.set();
    const auto told = get(std::move(done));
    EXPECT_THAT(told, testing::AnyOf("a=3000-0 plain=12 ", "internal", "redis-unavailable")) << nth;
    if (told == "internal") ++unreadable;
    under->on_loop([&] {
      test::failing_allocation = 0;
      under->client().stop();
      budget.reset();
    });
    under.reset();
  }
  EXPECT_GT(unreadable, 0);
}

TEST_F(RedisFleetBudgetTest, NamesTheVersionThatItNeedsOnce) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    for (Words words = peer.next(); !words.empty(); words = peer.next()) {
      peer.write(words[0] == "ZADD" ? "-ERR syntax error\r\n" : "*0\r\n");
    }
  });
  start(redis.url());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(window({{"a", 3000, 0}})), "redis-error");
  EXPECT_EQ(log.count("use Redis 6.2 or later"), 1);
}

TEST(RedisFleetBudget, ReadsTotalsOfEitherProtocolVersion) {
  const auto parsed = [](std::string_view bytes) { return parse_totals(*redis::test::OneReply(bytes)); };
  EXPECT_THAT(parsed("*2\r\n*2\r\n+a:s\r\n,3000\r\n*2\r\n+a:g\r\n,1000\r\n"),
              ElementsAre(FleetTotals{"a", 3000, 1000}));
  EXPECT_THAT(parsed("*4\r\n+b:g\r\n+500\r\n+a:s\r\n+3000\r\n"),
              ElementsAre(FleetTotals{"a", 3000, 0}, FleetTotals{"b", 0, 500}));
  EXPECT_THAT(parsed("*0\r\n"), IsEmpty());
}

TEST(RedisFleetBudget, IgnoresMembersAndScoresOfAnyOtherForm) {
  for (const std::string_view pair :
       {"+a:x\r\n,3000", "+:s\r\n,3000", "+a\r\n,3000", "+a:s\r\n,-1", "+a:s\r\n,1.5", "+a:s\r\n,inf", "+a:s\r\n,nan",
        "+a:s\r\n,1e300", "+a:s\r\n+x", "+a:s\r\n+99999999999999999999"}) {
    const redis::test::OneReply reply(cat("*1\r\n*2\r\n", pair, "\r\n"));
    EXPECT_THAT(parse_totals(*reply), IsEmpty()) << pair;
  }
}

}  // namespace
}  // namespace wx::app
