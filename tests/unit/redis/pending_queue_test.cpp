#include "redis/pending_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "reply_text.hpp"
#include "support/memory_log.hpp"

namespace wx::redis {
namespace {

using test::OneReply;
using testing::ElementsAre;
using Taken = PendingQueue::Taken;
using Expect = PendingQueue::Expect;

// A conversation with the queue: commands a, b, c, ..., and a record of each outcome.
class PendingQueueTest : public testing::Test {
 protected:
  Callback note(std::string name) {
    return [this, name = std::move(name)](Result<Reply> reply) {
      told_.push_back(cat(name, reply ? cat("=", test::shown(*reply)) : cat(" ", wx::name(reply.error().kind))));
    };
  }
  static SteadyTime at(int ms) { return SteadyTime(milliseconds(ms)); }
  void send(std::string name, int now, Expect expect = Expect::reply) {
    queue_.add(note(std::move(name)), nullptr, at(now), at(now + 50), expect);
  }
  void send_with_late(const std::string& name, int now) {
    queue_.add(note(name), note(cat("late ", name)), at(now), at(now + 50));
  }
  Taken reply(std::string_view bytes, int now = 0) {
    const OneReply made(bytes);
    return queue_.on_reply(*made, at(now));
  }

  wx::test::MemoryLog log_;
  CallbackGuard guard_{log_};
  PendingQueue queue_{guard_};
  std::vector<std::string> told_;
};

TEST_F(PendingQueueTest, GivesRepliesToTheirCommandsInOrder) {
  send("a", 0);
  send("b", 1);
  EXPECT_EQ(reply(":1\r\n", 3), Taken::completed);
  EXPECT_EQ(reply("-ERR no\r\n", 4), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("a=1", "b redis-error"));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(PendingQueueTest, ToldOfATimeoutTheCommandKeepsItsPlace) {
  send("a", 0);
  send("b", 30);
  EXPECT_EQ(queue_.next_deadline(), at(50));
  EXPECT_EQ(queue_.expire(at(49)), 0U);
  EXPECT_EQ(queue_.expire(at(50)), 1U);
  EXPECT_EQ(queue_.next_deadline(), at(80));
  EXPECT_EQ(queue_.size(), 2U);
  EXPECT_EQ(reply(":1\r\n", 60), Taken::late);
  EXPECT_EQ(reply(":2\r\n", 61), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("a redis-timeout", "b=2"));
}

TEST_F(PendingQueueTest, ALateReplyGoesToTheSecondCallback) {
  send_with_late("a", 0);
  send_with_late("b", 0);
  send("c", 0);
  send_with_late("d", 30);
  EXPECT_EQ(queue_.expire(at(50)), 3U);
  EXPECT_EQ(reply(":1\r\n", 60), Taken::late);
  EXPECT_EQ(reply("-ERR no\r\n", 61), Taken::late);
  EXPECT_EQ(reply(":3\r\n", 62), Taken::late);
  EXPECT_EQ(reply(":4\r\n", 63), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("a redis-timeout", "b redis-timeout", "c redis-timeout", "late a=1",
                                 "late b redis-error", "d=4"));
}

TEST_F(PendingQueueTest, ALateReplyThatIsLostGoesNowhere) {
  send_with_late("a", 0);
  EXPECT_EQ(queue_.expire(at(50)), 1U);
  queue_.fail_all(ErrorKind::redis_unavailable, "lost");
  EXPECT_THAT(told_, ElementsAre("a redis-timeout"));
}

TEST_F(PendingQueueTest, RefusesAReplyThatNobodyAskedFor) {
  EXPECT_EQ(reply(":1\r\n"), Taken::unexpected);
  send("a", 0);
  EXPECT_EQ(reply(":1\r\n"), Taken::completed);
  EXPECT_EQ(reply(":1\r\n"), Taken::unexpected);
}

TEST_F(PendingQueueTest, PushesTakeNoPlace) {
  const OneReply push(">3\r\n+message\r\n+ch\r\n+x\r\n");
  EXPECT_FALSE(queue_.on_push(*push, at(0)));
  send("a", 0);
  EXPECT_FALSE(queue_.on_push(*push, at(0)));
  EXPECT_EQ(reply(":1\r\n"), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("a=1"));
}

TEST_F(PendingQueueTest, ASubscriptionIsConfirmedByItsPush) {
  const OneReply confirmed(">3\r\n+subscribe\r\n+ch\r\n:1\r\n");
  const OneReply message(">3\r\n+message\r\n+ch\r\n+x\r\n");
  send("a", 0);
  send("s", 0, Expect::confirmation);
  send("b", 0);
  EXPECT_FALSE(queue_.on_push(*confirmed, at(0))) << "a must be answered first";
  EXPECT_EQ(reply(":1\r\n"), Taken::completed);
  EXPECT_FALSE(queue_.on_push(*message, at(0)));
  EXPECT_TRUE(queue_.on_push(*confirmed, at(0)));
  EXPECT_EQ(reply(":2\r\n"), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("a=1", "s=>[\"subscribe\",\"ch\",1]", "b=2"));
}

TEST_F(PendingQueueTest, ASubscriptionThatIsNotAllowedIsToldTheError) {
  send("s", 0, Expect::confirmation);
  EXPECT_EQ(reply("-NOPERM no\r\n"), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("s redis-error"));
  send("t", 0, Expect::confirmation);
  EXPECT_EQ(reply(":1\r\n"), Taken::unexpected);
}

TEST_F(PendingQueueTest, FailsAllThatStillWaitOnceAndInOrder) {
  send("a", 0);
  send("b", 30);
  send("c", 30);
  queue_.expire(at(60));
  queue_.fail_all(ErrorKind::redis_unavailable, "lost");
  EXPECT_THAT(told_, ElementsAre("a redis-timeout", "b redis-unavailable", "c redis-unavailable"));
  EXPECT_TRUE(queue_.empty());
  send("d", 70);
  EXPECT_EQ(reply(":4\r\n", 71), Taken::completed);
  EXPECT_EQ(told_.back(), "d=4");
}

TEST_F(PendingQueueTest, KnowsSinceWhenAReplyIsOwed) {
  EXPECT_EQ(queue_.owing_since(), std::nullopt);
  send("a", 10);
  send("b", 20);
  EXPECT_EQ(queue_.owing_since(), at(10));
  EXPECT_EQ(reply(":1\r\n", 500), Taken::completed);
  EXPECT_EQ(queue_.owing_since(), at(500)) << "the server has just answered";
  EXPECT_EQ(reply(":1\r\n", 501), Taken::completed);
  send("c", 9000);
  EXPECT_EQ(queue_.owing_since(), at(9000)) << "no command was pending in between";
}

TEST_F(PendingQueueTest, CallbacksMaySendMore) {
  queue_.add(
      [this](const Result<Reply>&) {
        for (int i = 0; i < 200; ++i) send(cat("x", i), 0);
      },
      nullptr, at(0), at(50));
  EXPECT_EQ(reply("+go\r\n"), Taken::completed);
  EXPECT_EQ(queue_.size(), 200U);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(reply(":7\r\n"), Taken::completed);
  EXPECT_EQ(told_.front(), "x0=7");
  EXPECT_EQ(told_.back(), "x199=7");
}

TEST_F(PendingQueueTest, CallbacksMaySendMoreWhenTimeIsUp) {
  queue_.add([this](const Result<Reply>&) { send("again", 60); }, nullptr, at(0), at(50));
  EXPECT_EQ(queue_.expire(at(60)), 1U);
  EXPECT_EQ(reply(":1\r\n", 61), Taken::late);
  EXPECT_EQ(reply(":2\r\n", 62), Taken::completed);
  EXPECT_THAT(told_, ElementsAre("again=2"));
}

TEST_F(PendingQueueTest, KeepsItsOrderOverManyTurnsOfTheRing) {
  int sent = 0;
  int got = 0;
  for (int round = 0; round < 500; ++round) {
    for (int i = 0; i < round % 7 + 1; ++i) send(cat(sent++), round);
    while (queue_.size() > static_cast<std::size_t>(round % 5)) {
      ASSERT_EQ(reply(":0\r\n", round), Taken::completed);
      ASSERT_EQ(told_.back(), cat(got++, "=0"));
    }
  }
}

}  // namespace
}  // namespace wx::redis
