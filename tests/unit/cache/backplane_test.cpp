// The backplane over a real client, against a Redis that is late or refuses on purpose.
#include "cache/backplane.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/asio_executor.hpp"
#include "base/async.hpp"
#include "base/text.hpp"
#include "redis/common.hpp"
#include "support/manual_executor.hpp"
#include "support/memory_log.hpp"
#include "support/run_until.hpp"
#include "unit/cache/backplane_wiring.hpp"
#include "unit/redis/fake_redis.hpp"
#include "unit/redis/options_for.hpp"

namespace wx::cache {
namespace {

using redis::test::FakeRedis;
using redis::test::Peer;
using redis::test::Words;
using std::chrono::seconds;
using test::run_until;

// For commands that are to be answered too late.
constexpr milliseconds kTimeout{60};

struct Listener final : FleetListener {
  bool on_fill(const Fill&) override { return false; }
  void on_fail(std::string_view) override {}
  void on_purge(std::string_view, std::optional<WallTime>) override {}
  Epoch::Heard on_epoch(std::uint64_t epoch) override {
    if (is_foreign_epoch(epoch, ours)) return Epoch::Heard::foreign;
    return std::exchange(ours, std::max(ours, epoch)) == epoch ? Epoch::Heard::known : Epoch::Heard::look;
  }
  Epoch::Repair on_epoch_key(const EpochKey& key) override {
    ours = std::max(ours, key.epoch);
    ++keys;
    return repair;
  }
  std::uint64_t epoch() const override { return ours; }
  int keys = 0;  // readings of the key
  Epoch::Repair repair = Epoch::Repair::none;
  void on_listening() override { ++heard; }
  void on_disconnected() override { ++deaf; }
  std::uint64_t ours = 0;
  int heard = 0;
  int deaf = 0;
};

// The test owns the Redis, which ends before whatever its script uses.
class BackplaneTest : public testing::Test {
 protected:
  ~BackplaneTest() override {
    if (client_) client_->stop();
    context_.poll();
  }

  // `before` is called with each command. It may wait before the answer, or answer itself and return true.
  // `role` is what a connection says of the server at the handshake.
  [[nodiscard]] FakeRedis fake(
      std::function<bool(Peer&, const Words&)> before,
      std::function<std::string_view(const Peer&)> role = [](const Peer&) { return "master"; }) {
    return FakeRedis([this, before = std::move(before), role = std::move(role)](Peer& peer) {
      peer.greet(role(peer));
      for (Words words = peer.next(); !words.empty(); words = peer.next()) {
        if (before(peer, words)) continue;
        if (words[0] == "SUBSCRIBE") {
          ++subscribed_;
          peer.write(cat(">3\r\n+subscribe\r\n+", words[1], "\r\n:1\r\n"));
        } else if (words[0] == "GET") {
          peer.write(cat("+", epoch_.load(), "\r\n"));
        } else {
          peer.write("+OK\r\n");
        }
      }
    });
  }

  // The timeout is longer than a busy machine needs.
  void start(const FakeRedis& redis, milliseconds timeout = seconds(5)) {
    common_.emplace(redis::test::options_for(redis.url(), timeout), real_clock_, metrics_, log_);
    client_.emplace(context_, *executor_, *common_);
    epoch_keeper_.emplace(*client_, "");
    backplane_.emplace(*client_, *epoch_keeper_, timers_, "", listener_, metrics_, log_);
    wire(*client_, *backplane_);
    client_->start();
  }

  void expect_to_listen_by_its_timer(const FakeRedis& redis) {
    run_until(context_, [this] { return timers_.timers() > 0; });
    EXPECT_FALSE(backplane_->listening());
    run_until(context_, [this] {
      timers_.advance(milliseconds(100));
      return backplane_->listening();
    });
    EXPECT_EQ(listener_.heard, 1);
    EXPECT_EQ(redis.connections(), 1);
  }

  // A message on the channel.
  void hear(std::string_view message) {
    constexpr std::string_view kChannel = "weather:events";
    const auto bytes = cat(">3\r\n$7\r\nmessage\r\n$", kChannel.size(), "\r\n", kChannel, "\r\n$", message.size(),
                           "\r\n", message, "\r\n");
    redis::ReplyParser parser;
    const auto room = parser.prepare();
    ASSERT_GE(room.size(), bytes.size());
    std::ranges::copy(bytes, room.data());
    parser.commit(bytes.size());
    ASSERT_EQ(parser.next(), redis::ReplyParser::Progress::reply);
    backplane_->push(parser.reply());
  }

  std::atomic<int> epoch_{3};
  std::atomic<int> subscribed_{0};
  test::FakeClock clock_;
  test::ManualExecutor timers_{clock_};
  observability::Metrics metrics_;
  test::MemoryLog log_;
  SystemClock real_clock_;
  Listener listener_;
  asio::io_context context_{1};
  std::unique_ptr<Executor> executor_ = make_asio_executor(context_);
  std::optional<redis::Common> common_;
  std::optional<redis::Client> client_;
  std::optional<RedisEpoch> epoch_keeper_;
  std::optional<Backplane> backplane_;
};

TEST_F(BackplaneTest, TriesAgainAfterASubscriptionThatWasConfirmedTooLate) {
  bool late = true;
  const FakeRedis redis = fake([&](Peer&, const Words& words) {
    if (words[0] == "SUBSCRIBE" && std::exchange(late, false)) std::this_thread::sleep_for(4 * kTimeout);
    return false;
  });
  start(redis, kTimeout);
  expect_to_listen_by_its_timer(redis);
  EXPECT_GE(subscribed_, 2);
  EXPECT_EQ(listener_.ours, 3U);
  EXPECT_EQ(log_.count("cannot listen"), 1);
  EXPECT_EQ(log_.count("listening to the other processes"), 1);
}

TEST_F(BackplaneTest, TriesAgainAfterAnEpochThatWasToldTooLate) {
  bool late = true;
  const FakeRedis redis = fake([&](Peer&, const Words& words) {
    if (words[0] == "GET" && std::exchange(late, false)) std::this_thread::sleep_for(4 * kTimeout);
    return false;
  });
  start(redis, kTimeout);
  expect_to_listen_by_its_timer(redis);
  EXPECT_EQ(listener_.ours, 3U);
}

// A master that becomes a replica refuses a write. Its name then leads to another server, or to the same again.
class FailoverTest : public BackplaneTest {
 protected:
  // How often the process's copies became doubtful after it had left the first server and come to one in this role.
  int doubts_after_moving_to(std::string_view role) {
    const FakeRedis redis = fake(
        [&](Peer& peer, const Words& words) {
          if (words[0] != "SET") return false;
          peer.write("-READONLY You can't write against a read only replica.\r\n");
          return true;
        },
        [role](const Peer& peer) { return peer.number() == 1 ? std::string_view("master") : role; });
    start(redis);
    run_until(context_, [this] { return backplane_->listening(); });
    client_->command({"SET", "a", "b"}, [](const Result<redis::Reply>&) {});
    run_until(context_, [&] { return redis.connections() == 2 && listener_.heard == 2; });
    client_->stop();
    context_.poll();
    return listener_.deaf;
  }
};

TEST_F(FailoverTest, AnotherServerInPlaceOfTheReplicaIsAGap) {
  EXPECT_EQ(doubts_after_moving_to("master"), 1);
}

TEST_F(FailoverTest, TheSameReplicaAgainIsNone) {
  EXPECT_EQ(doubts_after_moving_to("replica"), 0);
}

TEST_F(BackplaneTest, ReadsTheEpochNowAndThenWhereItMayNotSubscribe) {
  std::atomic<bool> allowed{false};
  const FakeRedis redis = fake([&](Peer& peer, const Words& words) {
    if (words[0] != "SUBSCRIBE" || allowed) return false;
    peer.write("-NOPERM this user has no permissions to access one of the channels\r\n");
    return true;
  });
  start(redis);
  for (const int epoch : {3, 4, 5}) {
    epoch_ = epoch;
    run_until(context_, [&] { return listener_.ours == static_cast<std::uint64_t>(epoch) && timers_.timers() > 0; });
    EXPECT_FALSE(backplane_->listening());
    timers_.advance(seconds(15));
  }
  EXPECT_EQ(log_.count("cannot listen"), 1) << log_.text();
  allowed = true;
  run_until(context_, [this] { return timers_.timers() > 0; });
  timers_.advance(seconds(15));
  run_until(context_, [this] { return backplane_->listening(); });
}

TEST_F(BackplaneTest, LooksAtTheEpochEvenIfNobodyTellsOfIt) {
  const FakeRedis redis = fake([](Peer&, const Words&) { return false; });
  start(redis);
  run_until(context_, [this] { return backplane_->listening() && timers_.timers() > 0; });
  epoch_ = 4;  // its message was lost
  timers_.advance(seconds(30));
  run_until(context_, [this] { return listener_.ours == 4; });
  EXPECT_EQ(listener_.heard, 1);
  EXPECT_EQ(subscribed_, 1);
}

TEST_F(BackplaneTest, LooksAtTheEpochOnceASecondHoweverManyMessagesAreOfAnother) {
  const FakeRedis redis = fake([](Peer&, const Words&) { return false; });
  start(redis);
  run_until(context_, [this] { return backplane_->listening() && timers_.timers() > 0; });
  const int before = listener_.keys;
  for (int second = 1; second <= 3; ++second) {
    for (int i = 0; i < 1000; ++i) hear("epoch 2");
    run_until(context_, [&] { return listener_.keys == before + second; });
    timers_.advance(seconds(1));
  }
  run_until(context_, [&] { return listener_.keys == before + 4; });  // for the messages of the last second
  timers_.advance(seconds(20));
  const auto answered = std::make_shared<bool>(false);  // and with it everything that was asked before
  client_->command({"PING"}, [answered](const Result<redis::Reply>&) { *answered = true; });
  run_until(context_, [&] { return *answered; });
  EXPECT_EQ(listener_.keys, before + 4);
}

TEST_F(BackplaneTest, IgnoresMessagesThatNoProcessSendsAndLogsOne) {
  const FakeRedis redis = fake([](Peer&, const Words&) { return false; });
  start(redis);
  run_until(context_, [this] { return backplane_->listening(); });
  const int before = listener_.keys;
  for (const auto* message : {"epoch 18446744073709551615", "epoch 99999999999999999999", "epoch -1", "epoch ", "epoch",
                              "hello", "", "fill", "fill k e x y", "fill k e 1 2 three"}) {
    hear(message);
  }
  EXPECT_EQ(metrics_.value(observability::Counter::cache_messages_unknown), 10U);
  EXPECT_EQ(log_.count("ignored a message"), 1) << log_.text();
  EXPECT_EQ(listener_.ours, 3U);
  EXPECT_EQ(listener_.keys, before);
}

}  // namespace
}  // namespace wx::cache
