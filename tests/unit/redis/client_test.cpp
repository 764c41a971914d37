// The client against a Redis that misbehaves on purpose.
#include "redis/client.hpp"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_harness.hpp"
#include "fake_redis.hpp"
#include "support/fake_clock.hpp"
#include "support/free_port.hpp"

namespace wx::redis {
namespace {

using namespace std::string_view_literals;
using observability::Counter;
using test::ClientUnderTest;
using test::FakeRedis;
using test::greet_and_echo;
using test::options_for;
using test::Outcome;
using test::Peer;
using test::Signal;
using test::Words;
using testing::ElementsAre;
using wx::test::eventually;

TEST(RedisClient, AnswersACommand) {
  FakeRedis redis(greet_and_echo);
  ClientUnderTest under(redis.url());
  EXPECT_EQ(under.ask({"GET", "a"}), "\"a\"");
  EXPECT_EQ(under.client().state(), ConnectionState::up);
  EXPECT_TRUE(under.log().contains("connected"));
  EXPECT_EQ(under.count(Counter::redis_connects), 1U);
}

TEST(RedisClient, LeavesItToTheCacheToMeasureReads) {
  FakeRedis redis(greet_and_echo);
  ClientUnderTest under(redis.url());
  EXPECT_EQ(under.ask({"GET", "a"}), "\"a\"");
  EXPECT_TRUE(under.metrics_text().contains("weather_cache_redis_duration_seconds_count 0\n")) << under.metrics_text();
}

TEST(RedisClient, WritesWhatOneTurnQueuedInOneGo) {
  std::atomic<int> reads{0};
  FakeRedis redis([&](Peer& peer) {
    peer.greet();
    const int before = peer.reads();
    for (int i = 0; i < 100; ++i) peer.next();
    reads = peer.reads() - before;
    for (int i = 0; i < 100; ++i) peer.write(cat(":", i, "\r\n"));
    peer.ignore();
  });
  std::vector<std::int64_t> got;
  Signal all;
  ClientUnderTest under(options_for(redis.url(), milliseconds(5000)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  under.on_loop([&] {
    for (int i = 0; i < 100; ++i) {
      under.client().command({"GET", "key"}, [&](const Result<Reply>& reply) {
        got.push_back(reply ? reply->integer() : -1);
        if (got.size() == 100) all.set();
      });
    }
  });
  ASSERT_TRUE(all.wait());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(reads, 1);
}

TEST(RedisClient, KeepsAPipelineTogether) {
  FakeRedis redis(greet_and_echo);
  ClientUnderTest under(redis.url());
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  auto first = std::make_shared<std::promise<Outcome>>();
  auto second = std::make_shared<std::promise<Outcome>>();
  under.on_loop([&] {
    const std::array<Argument, 2> set{"SET", "x"};
    const std::array<Argument, 2> get{"GET", "y"};
    Command commands[] = {{set, under.into(first)}, {get, under.into(second)}};
    under.client().pipeline(commands);
  });
  EXPECT_EQ(ClientUnderTest::get(first->get_future()).text, "\"x\"");
  EXPECT_EQ(ClientUnderTest::get(second->get_future()).text, "\"y\"");
}

// Answers the first command when the test says so, and every later one at once.
FakeRedis::Script late_once(Signal& go_on) {
  return [&go_on](Peer& peer) {
    peer.greet();
    peer.next();
    if (!go_on.wait()) return;
    peer.write("+late\r\n");
    peer.echo();
  };
}

TEST(RedisClient, StopsWaitingAtTheDeadlineAndDropsTheLateReply) {
  Signal go_on;
  FakeRedis redis(late_once(go_on));
  ClientUnderTest under(options_for(redis.url(), milliseconds(60)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  const Outcome slow = ClientUnderTest::get(under.send({"GET", "slow"}));
  EXPECT_EQ(slow.text, "redis-timeout");
  EXPECT_GE(slow.took, milliseconds(59));
  EXPECT_LT(slow.took, milliseconds(500));
  EXPECT_EQ(under.client().state(), ConnectionState::up);
  EXPECT_TRUE(eventually([&] { return under.count(Counter::redis_timeouts) == 1; }));
  go_on.set();
  EXPECT_EQ(under.ask({"GET", "next"}), "\"next\"");
  EXPECT_EQ(redis.connections(), 1);
}

TEST(RedisClient, TellsTheSecondCallbackOfALateReply) {
  Signal go_on;
  FakeRedis redis(late_once(go_on));
  ClientUnderTest under(options_for(redis.url(), milliseconds(60)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  const auto ask = [&](std::string_view key) {
    const auto done = std::make_shared<std::promise<Outcome>>();
    const auto late = std::make_shared<std::promise<Outcome>>();
    under.on_loop([&] {
      const std::array<Argument, 2> get{"GET", key};
      Command commands[] = {{.arguments = get, .done = under.into(done), .late = under.into(late)}};
      under.client().pipeline(commands);
    });
    return std::pair(ClientUnderTest::get(done->get_future()).text, late->get_future());
  };
  auto [slow, late_reply] = ask("slow");
  EXPECT_EQ(slow, "redis-timeout");
  go_on.set();
  EXPECT_EQ(ClientUnderTest::get(std::move(late_reply)).text, "\"late\"");
  auto [next, no_reply] = ask("next");
  EXPECT_EQ(next, "\"next\"");
  EXPECT_THROW(no_reply.get(), std::future_error) << "destroyed without being called";
}

TEST(RedisClient, TakesASecondOfSilenceForTheEndAndDialsAnew) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    if (peer.number() == 1) return peer.ignore();
    peer.echo();
  });
  wx::test::FakeClock clock;
  ClientUnderTest under(options_for(redis.url(), milliseconds(50)), clock);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  auto lost = under.send({"GET", "a"});
  clock.advance(milliseconds(51));
  under.run_due();
  EXPECT_EQ(ClientUnderTest::get(std::move(lost)).text, "redis-timeout");
  clock.advance(milliseconds(900));
  under.run_due();
  EXPECT_EQ(under.client().state(), ConnectionState::up);
  clock.advance(milliseconds(50));
  under.run_due();
  EXPECT_EQ(under.client().state(), ConnectionState::down);
  EXPECT_TRUE(under.log().contains("no reply for 1s"));
  EXPECT_EQ(under.ask({"GET", "b"}), "redis-unavailable");
  clock.advance(milliseconds(50));
  under.run_due();
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_EQ(under.ask({"GET", "c"}), "\"c\"");
  EXPECT_EQ(redis.connections(), 2);
}

// This process may be late itself: on a busy machine, or after it was stopped. A reply that is in the socket by then is
// read before anything is given up.
TEST(RedisClient, ReadsAReplyThatHasComeBeforeItGivesTheCommandUp) {
  Signal asked;
  Signal go_on;
  Signal answered;
  FakeRedis redis([&](Peer& peer) {
    peer.greet();
    const Words words = peer.next();
    asked.set();
    go_on.wait();
    peer.write("+in time\r\n");
    answered.set();
    peer.echo();
  });
  wx::test::FakeClock clock;
  ClientUnderTest under(options_for(redis.url(), milliseconds(50)), clock);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  auto outcome = under.send({"GET", "a"});
  ASSERT_TRUE(asked.wait());
  under.on_loop([&] {  // which reads nothing meanwhile
    go_on.set();
    EXPECT_TRUE(answered.wait());
    clock.advance(std::chrono::seconds(30));
    under.timers().run_due();
  });
  EXPECT_EQ(ClientUnderTest::get(std::move(outcome)).text, "\"in time\"");
  EXPECT_EQ(under.client().state(), ConnectionState::up);
  EXPECT_EQ(under.count(Counter::redis_timeouts), 0U);
  EXPECT_EQ(redis.connections(), 1);
}

TEST(RedisClient, AsksAnIdleConnectionForASignOfLife) {
  std::atomic<int> pings{0};
  FakeRedis redis([&](Peer& peer) {
    peer.greet();
    for (Words words = peer.next(); !words.empty(); words = peer.next()) {
      if (words[0] == "ECHO") peer.write("+x\r\n");
      if (words[0] == "PING" && ++pings == 1) peer.write("+PONG\r\n");
    }
  });
  wx::test::FakeClock clock;
  ClientUnderTest under(options_for(redis.url(), milliseconds(50)), clock);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  const auto pass = [&](milliseconds span) {
    clock.advance(span);
    under.run_due();
  };
  pass(milliseconds(29'900));
  EXPECT_EQ(pings, 0);
  pass(milliseconds(200));
  ASSERT_TRUE(eventually([&] { return pings == 1; }));
  // The reply of this ECHO comes after the PONG, so the client has read the PONG.
  EXPECT_EQ(under.ask({"ECHO", "x"}), "\"x\"");
  pass(milliseconds(30'100));
  ASSERT_TRUE(eventually([&] { return pings == 2; }));
  EXPECT_EQ(under.client().state(), ConnectionState::up);
  pass(milliseconds(1'100));
  EXPECT_EQ(under.client().state(), ConnectionState::down);
}

// Timers of the system do not count the time for which a machine is suspended.
TEST(RedisClient, KeepsDeadlinesAfterTheClockHasLeftItsTimerBehind) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.ignore();
  });
  wx::test::FakeClock clock;
  wx::test::FakeClock clock_of_timers;
  ClientUnderTest under(options_for(redis.url(), milliseconds(50)), clock, clock_of_timers);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  clock.advance(std::chrono::hours(1));
  auto lost = under.send({"GET", "a"});
  clock.advance(milliseconds(60));
  clock_of_timers.advance(milliseconds(60));
  under.run_due();
  ASSERT_EQ(lost.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(ClientUnderTest::get(std::move(lost)).text, "redis-timeout");
}

TEST(RedisClient, FailsWhatIsUnderWayWhenTheConnectionIsReset) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    if (peer.number() > 1) return peer.echo();
    peer.next();
    peer.reset();
  });
  ClientUnderTest under(options_for(redis.url(), milliseconds(5000)));
  EXPECT_EQ(under.ask({"GET", "a"}), "redis-unavailable");
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_EQ(under.ask({"GET", "b"}), "\"b\"");
  EXPECT_EQ(under.count(Counter::redis_disconnects), 1U);
}

TEST(RedisClient, ClosesAConnectionThatSpeaksGarbage) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    if (peer.number() > 1) return peer.echo();
    peer.next();
    peer.write("$3\r\nabcdefgh\r\n");
    peer.ignore();
  });
  ClientUnderTest under(options_for(redis.url(), milliseconds(5000)));
  EXPECT_EQ(under.ask({"GET", "a"}), "redis-protocol");
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_EQ(under.ask({"GET", "b"}), "\"b\"");
  EXPECT_TRUE(under.log().contains("not RESP3"));
}

TEST(RedisClient, ClosesAConnectionThatAnswersUnasked) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    if (peer.number() == 1) peer.write(":1\r\n");
    peer.echo();
  });
  ClientUnderTest under(redis.url());
  ASSERT_TRUE(under.logs("no command asked for"));
  ASSERT_TRUE(eventually([&] { return redis.connections() == 2; }));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
}

TEST(RedisClient, ReadsAReplyThatTricklesIn) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.next();
    for (const char c : "$5\r\nhello\r\n"sv) {
      peer.write({&c, 1});
      std::this_thread::sleep_for(milliseconds(1));
    }
    peer.echo();
  });
  ClientUnderTest under(options_for(redis.url(), milliseconds(900)));
  EXPECT_EQ(under.ask({"GET", "a"}), "\"hello\"");
}

TEST(RedisClient, WaitsForTheVeryFirstConnection) {
  Signal go_on;
  FakeRedis redis([&](Peer& peer) {
    if (go_on.wait()) greet_and_echo(peer);
  });
  ClientUnderTest under(redis.url());
  auto early = under.send({"GET", "a"});
  auto next = under.send({"GET", "b"});
  EXPECT_EQ(under.client().state(), ConnectionState::connecting_first);
  go_on.set();
  EXPECT_EQ(ClientUnderTest::get(std::move(early)).text, "\"a\"");
  EXPECT_EQ(ClientUnderTest::get(std::move(next)).text, "\"b\"");
}

TEST(RedisClient, WaitsForTheVeryFirstConnectionNoLongerThanItMay) {
  FakeRedis redis([](Peer& peer) { peer.ignore(); });
  ClientUnderTest under(redis.url());
  const Outcome early = ClientUnderTest::get(under.send({"GET", "a"}));
  EXPECT_EQ(early.text, "redis-unavailable");
  EXPECT_GE(early.took, milliseconds(299));
  EXPECT_LT(early.took, milliseconds(900));
  // The client also gives up a server that never answers the handshake.
  ASSERT_TRUE(under.becomes(ConnectionState::down));
  EXPECT_TRUE(under.log().contains("no answer within 1s"));
}

TEST(RedisClient, FailsAtOnceWhileDown) {
  ClientUnderTest under(cat("redis://127.0.0.1:", wx::test::free_port()));
  ASSERT_TRUE(under.becomes(ConnectionState::down));
  const Outcome outcome = ClientUnderTest::get(under.send({"GET", "a"}));
  EXPECT_EQ(outcome.text, "redis-unavailable");
  EXPECT_LT(outcome.took, milliseconds(250)) << "the command does not wait";
  EXPECT_TRUE(under.log().contains("Connection refused"));
}

TEST(RedisClient, SaysOnceWhyItIsDown) {
  ClientUnderTest under(cat("redis://127.0.0.1:", wx::test::free_port()));
  ASSERT_TRUE(eventually([&] { return under.count(Counter::redis_connect_failures) >= 3; }));
  const std::string text = under.log().text();
  EXPECT_EQ(text.find("cannot be used"), text.rfind("cannot be used")) << text;
}

TEST(RedisClient, DoesNotDialAServerThatHangsUpInATightLoop) {
  FakeRedis redis([](Peer& peer) { peer.greet(); });
  ClientUnderTest under(redis.url());
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return redis.connections() == 5; }));
  // At least 25 + 50 + 100 + 200 ms of back-off.
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(370));
}

TEST(RedisClient, AsksWhetherItNeedsTlsWhenClosedRightAfterConnecting) {
  FakeRedis closing([](Peer& peer) { peer.next(); });
  ClientUnderTest closed(closing.url());
  EXPECT_TRUE(closed.logs("does it need TLS? use rediss:// or REDIS_TLS=true"));
  FakeRedis alerting([](Peer& peer) {
    peer.next();
    peer.write("\x15\x03\x01\x00\x02\x02\x46"sv);
    peer.ignore();
  });
  ClientUnderTest alerted(alerting.url());
  EXPECT_TRUE(alerted.logs("does it need TLS? use rediss:// or REDIS_TLS=true"));
}

TEST(RedisClient, LeavesAServerWithoutResp3Alone) {
  FakeRedis redis([](Peer& peer) {
    peer.next();
    peer.write("-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, \r\n");
    peer.ignore();
  });
  ClientUnderTest under(cat("redis://:hunter2@", redis.url().substr(8)));
  EXPECT_TRUE(under.logs("RESP3"));
  EXPECT_EQ(under.log().text().find("hunter2"), std::string::npos);
}

TEST(RedisClient, ComesBackToAServerThatIsLoading) {
  FakeRedis redis([](Peer& peer) {
    if (peer.number() > 1) return greet_and_echo(peer);
    peer.write("%1\r\n+version\r\n+7.0.0\r\n+OK\r\n+OK\r\n-LOADING Redis is loading the dataset in memory\r\n");
    peer.ignore();
  });
  ClientUnderTest under(redis.url());
  ASSERT_TRUE(under.logs("loading"));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
}

TEST(RedisClient, BoundsWhatIsInFlight) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.ignore();
  });
  RedisOptions made = options_for(redis.url(), milliseconds(5000));
  made.max_in_flight = 3;
  ClientUnderTest under(made);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  std::vector<std::future<Outcome>> waiting;
  waiting.reserve(3);
  for (int i = 0; i < 3; ++i) waiting.push_back(under.send({"GET", "a"}));
  EXPECT_EQ(under.ask({"GET", "b"}), "redis-unavailable");
  EXPECT_EQ(under.client().state(), ConnectionState::up);
}

TEST(RedisClient, GivesPushesToTheirHandlerBetweenReplies) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.next();
    peer.write(">3\r\n+message\r\n+ch\r\n+one\r\n:1\r\n>3\r\n+message\r\n+ch\r\n+two\r\n");
    peer.echo();
  });
  std::vector<std::string> pushes;
  Signal two;
  ClientUnderTest under(redis.url(), false);
  under.on_loop([&] {
    under.client().on_push([&](const Reply& push) {
      pushes.push_back(test::shown(push));
      if (pushes.size() == 2) two.set();
    });
  });
  under.start();
  EXPECT_EQ(under.ask({"GET", "a"}), "1");
  ASSERT_TRUE(two.wait());
  EXPECT_THAT(pushes, ElementsAre(">[\"message\",\"ch\",\"one\"]", ">[\"message\",\"ch\",\"two\"]"));
}

TEST(RedisClient, TellsOfConnectionsMadeAndLost) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.next();
    if (peer.number() > 1) peer.echo();
  });
  std::atomic<int> made{0};
  std::atomic<int> lost{0};
  ClientUnderTest under(redis.url(), false);
  under.on_loop([&] {
    under.client().on_connected([&] {
      ++made;
      under.client().subscribe("ch", [](const Result<Reply>&) {});
    });
    under.client().on_disconnected([&] { ++lost; });
  });
  under.start();
  ASSERT_TRUE(eventually([&] { return made == 2; }));
  EXPECT_EQ(lost, 1);
}

// The breaker's probe comes after the commands of the connected handler, so these are answered while it is still open.
TEST(RedisClient, TellsWhenTheServerIsAvailableAgain) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    if (peer.number() > 1) peer.echo();
  });
  std::string told;
  ClientUnderTest under(redis.url(), false);
  under.on_loop([&] {
    under.client().on_connected([&] {
      under.client().command({"PING"}, [&](const Result<Reply>&) {
        told += under.client().available("") ? "connected and available, " : "connected, ";
      });
    });
    under.client().on_available([&] { told += under.client().available("") ? "available" : "too early"; });
    // The breaker opens before the second connection.
    under.client().on_disconnected([&] {
      const Error failure{.kind = ErrorKind::redis_unavailable};
      for (int i = 0; i < 5; ++i) under.client().record("", &failure);
    });
  });
  under.start();
  EXPECT_TRUE(eventually([&] { return under.on_loop([&] { return told.ends_with("available"); }); }));
  EXPECT_EQ(under.on_loop([&] { return told; }), "connected and available, connected, available");
}

// The name may lead to a master by now, but each attempt that finds a replica again makes the next one less likely to
// succeed.
TEST(RedisClient, DialsAReplicaAnewLessAndLessOftenWhileItStaysOne) {
  FakeRedis redis([](Peer& peer) {
    for (Words words = peer.next(); !words.empty(); words = peer.next()) {
      if (words[0] == "HELLO") {
        peer.write("%2\r\n+version\r\n+7.0.0\r\n+role\r\n+replica\r\n");
      } else {
        peer.write(words[0] == "SET" ? "-READONLY You can't write against a read only replica.\r\n" : "+OK\r\n");
      }
    }
  });
  wx::test::FakeClock clock;
  ClientUnderTest under(options_for(redis.url(), milliseconds(5000)), clock);
  const auto write_after = [&](milliseconds span) {
    clock.advance(span);
    under.run_due();
    ASSERT_TRUE(under.becomes(ConnectionState::up));
    EXPECT_EQ(under.ask({"SET", "a", "b"}), "redis-error");
    under.on_loop([] {});  // the reply has been handled
  };
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  for (int i = 0; i < 19; ++i) write_after(milliseconds(6500));  // two minutes
  EXPECT_LE(redis.connections(), 6);
  const int before = redis.connections();
  for (int i = 0; i < 20; ++i) write_after(milliseconds(6500));
  EXPECT_GE(redis.connections(), before + 1) << "but it never gives up";
  EXPECT_LE(redis.connections(), before + 3);
}

TEST(RedisClient, TellsEveryCommandOnceWhenStoppedInsideACallback) {
  FakeRedis redis(greet_and_echo);
  std::vector<std::string> told;
  Signal all;
  ClientUnderTest under(options_for(redis.url(), milliseconds(5000)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  under.on_loop([&] {
    for (int i = 0; i < 3; ++i) {
      under.client().command({"GET", "a"}, [&](const Result<Reply>& reply) {
        under.client().stop();
        told.push_back(reply ? test::shown(*reply) : std::string(wx::name(reply.error().kind)));
        if (told.size() == 3) all.set();
      });
    }
  });
  ASSERT_TRUE(all.wait());
  EXPECT_EQ(told.size(), 3U);
  EXPECT_EQ(under.client().state(), ConnectionState::down);
  EXPECT_EQ(under.ask({"GET", "b"}), "redis-unavailable");
}

TEST(RedisClient, TellsWhatIsUnderWayWhenItIsDestroyed) {
  FakeRedis redis([](Peer& peer) {
    peer.greet();
    peer.ignore();
  });
  std::future<Outcome> open;
  {
    ClientUnderTest under(options_for(redis.url(), milliseconds(5000)));
    ASSERT_TRUE(under.becomes(ConnectionState::up));
    open = under.send({"GET", "a"});
  }
  EXPECT_EQ(ClientUnderTest::get(std::move(open)).text, "redis-unavailable");
}

TEST(RedisClient, CanBeDestroyedInEveryStageOfConnecting) {
  FakeRedis redis([](Peer& peer) { peer.ignore(); });
  for (int i = 0; i < 8; ++i) {
    const ClientUnderTest plain(redis.url());
    const ClientUnderTest tls(cat("rediss://127.0.0.1", redis.url().substr(17)));
    const ClientUnderTest named("redis://localhost:1");
    std::this_thread::sleep_for(std::chrono::microseconds(i * 500));
  }
}

TEST(RedisClient, NeverBlocksItsThreadForAName) {
  ClientUnderTest under("redis://no-such-host.invalid");
  const auto start = std::chrono::steady_clock::now();
  under.on_loop([] {});
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(500));
  EXPECT_TRUE(under.logs("no-such-host.invalid"));
}

TEST(RedisClient, MeasuresItsTimeoutAtTheHandshake) {
  Signal greet;
  FakeRedis quick([&](Peer& peer) {
    if (greet.wait()) greet_and_echo(peer);
  });
  ClientUnderTest near(options_for(quick.url()));
  EXPECT_EQ(near.client().command_timeout(), milliseconds(300)) << "before it has measured";
  greet.set();
  ASSERT_TRUE(near.becomes(ConnectionState::up));
  EXPECT_GE(near.client().command_timeout(), milliseconds(50));
  FakeRedis slow([](Peer& peer) {
    std::this_thread::sleep_for(milliseconds(120));
    greet_and_echo(peer);
  });
  ClientUnderTest far(options_for(slow.url()));
  ASSERT_TRUE(far.becomes(ConnectionState::up));
  EXPECT_EQ(far.client().command_timeout(), milliseconds(300));
}

}  // namespace
}  // namespace wx::redis
