// The backplane over a real client, against a Redis that is late or refuses on purpose.
#include "cache/backplane.hpp"

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
#include "unit/redis/fake_redis.hpp"
#include "unit/redis/options_for.hpp"

namespace wx::cache {
namespace {

using redis::test::FakeRedis;
using redis::test::Peer;
using redis::test::Words;
using std::chrono::seconds;
using test::run_until;

constexpr milliseconds kTimeout{60};

struct Listener final : FleetListener {
  void on_fill(const Fill&) override {}
  void on_fail(std::string_view) override {}
  void on_purge(std::string_view) override {}
  std::uint64_t on_epoch(std::uint64_t epoch) override { return ours = std::max(ours, epoch); }
  void on_listening() override { ++heard; }
  void on_disconnected() override { ++deaf; }
  std::uint64_t ours = 0;
  int heard = 0;
  int deaf = 0;
};

class BackplaneTest : public testing::Test {
 protected:
  ~BackplaneTest() override {
    if (client_) client_->stop();
    context_.poll();
  }

  // `before` is called with each command. It may wait before the answer, or answer itself and return true.
  void start(std::function<bool(Peer&, const Words&)> before) {
    fake_.emplace([this, before = std::move(before)](Peer& peer) {
      peer.greet();
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
    common_.emplace(redis::test::options_for(fake_->url(), kTimeout), real_clock_, metrics_, log_);
    client_.emplace(context_, *executor_, *common_);
    epoch_keeper_.emplace(*client_, "");
    backplane_.emplace(*client_, *epoch_keeper_, timers_, "", listener_, metrics_, log_);
    client_->on_connected([this] { backplane_->connected(); });
    client_->on_disconnected([this] { backplane_->disconnected(); });
    client_->on_push([this](const redis::Reply& push) { backplane_->push(push); });
    client_->start();
  }

  void expect_to_listen_by_its_timer() {
    run_until(context_, [this] { return timers_.timers() > 0; });
    EXPECT_FALSE(backplane_->listening());
    run_until(context_, [this] {
      timers_.advance(milliseconds(100));
      return backplane_->listening();
    });
    EXPECT_EQ(listener_.heard, 1);
    EXPECT_EQ(fake_->connections(), 1);
  }

  std::atomic<int> epoch_{3};
  std::atomic<int> subscribed_{0};
  std::optional<FakeRedis> fake_;
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
  start([&](Peer&, const Words& words) {
    if (words[0] == "SUBSCRIBE" && std::exchange(late, false)) std::this_thread::sleep_for(4 * kTimeout);
    return false;
  });
  expect_to_listen_by_its_timer();
  EXPECT_GE(subscribed_, 2);
  EXPECT_EQ(listener_.ours, 3U);
  EXPECT_EQ(log_.count("cannot listen"), 1);
  EXPECT_EQ(log_.count("listening to the other processes"), 1);
}

TEST_F(BackplaneTest, TriesAgainAfterAnEpochThatWasToldTooLate) {
  bool late = true;
  start([&](Peer&, const Words& words) {
    if (words[0] == "GET" && std::exchange(late, false)) std::this_thread::sleep_for(4 * kTimeout);
    return false;
  });
  expect_to_listen_by_its_timer();
  EXPECT_EQ(listener_.ours, 3U);
}

TEST_F(BackplaneTest, ReadsTheEpochNowAndThenWhereItMayNotSubscribe) {
  std::atomic<bool> allowed{false};
  start([&](Peer& peer, const Words& words) {
    if (words[0] != "SUBSCRIBE" || allowed) return false;
    peer.write("-NOPERM this user has no permissions to access one of the channels\r\n");
    return true;
  });
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
  start([](Peer&, const Words&) { return false; });
  run_until(context_, [this] { return backplane_->listening() && timers_.timers() > 0; });
  epoch_ = 4;  // its message was lost
  timers_.advance(seconds(30));
  run_until(context_, [this] { return listener_.ours == 4; });
  EXPECT_EQ(listener_.heard, 1);
  EXPECT_EQ(subscribed_, 1);
}

}  // namespace
}  // namespace wx::cache
