// Two processes of a fleet that share one remote tier, for each implementation of RemoteTier. The contract suite
// (remote_tier_contract_test.cpp) runs over all of them.
//
// A world has: processes 0 and 1, each of which receives all messages; clock(); wait_until(); let_pass(), after which
// at least that much time has passed for everything that expires; make_endless(), which lets a lease or failure never
// end; fill_up(), after which the tier is full and refuses to store anything; cut_off(), after which no command is
// answered.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/asio_executor.hpp"
#include "base/async.hpp"
#include "base/text.hpp"
#include "cache/backplane.hpp"
#include "cache/outage_tier.hpp"
#include "cache/redis_keys.hpp"
#include "cache/redis_tier.hpp"
#include "redis/common.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_remote.hpp"
#include "support/memory_log.hpp"
#include "support/redis_server.hpp"
#include "support/run_until.hpp"
#include "unit/cache/backplane_wiring.hpp"
#include "unit/redis/options_for.hpp"

namespace wx::cache::test {

// Stores the messages that a process receives, as texts.
class Ear final : public FleetListener {
 public:
  bool on_fill(const Fill& fill) override {
    note(cat("fill ", fill.key, " ", fill.etag, " ", fill.stored_at.time_since_epoch().count(), " ",
             fill.fresh_for.count(), " ", fill.epoch.value_or(0)));
    return false;
  }
  void on_fail(std::string_view key) override { note(cat("fail ", key)); }
  void on_purge(std::string_view key, std::optional<WallTime> at) override {
    note(cat(at ? "purge " : "plain purge ", key));
  }
  Epoch::Heard on_epoch(std::uint64_t epoch) override {
    note(cat("epoch ", epoch));
    return Epoch::Heard::known;
  }
  Epoch::Repair on_epoch_key(const EpochKey&) override { return Epoch::Repair::none; }
  std::uint64_t epoch() const override { return 0; }
  void on_listening() override {}
  void on_disconnected() override {}

  std::vector<std::string> heard;
  // Called with every message.
  std::move_only_function<void(const std::string&)> then;

 private:
  void note(std::string message) {
    heard.push_back(message);
    if (then) then(message);
  }
};

// The fake that the tests of the cache use.
class FakeWorld {
 public:
  FakeWorld() { fleet_.listeners = {&ears_[0], &ears_[1]}; }

  RemoteTier& tier(std::size_t process) { return tiers_[process]; }
  Ear& ear(std::size_t process) { return ears_[process]; }
  const Clock& clock() const { return clock_; }

  template <class Condition>
  void wait_until(Condition condition) {
    ASSERT_TRUE(condition()) << "the fake must act at once";
  }
  void let_pass(milliseconds span) { clock_.advance(span); }
  void make_endless(std::string_view key) { fleet_.leases.at(std::string(key)).until = SteadyTime::max(); }
  void fill_up() {
    for (auto& tier : tiers_) tier.refusing = true;
  }
  void cut_off() {
    for (auto& tier : tiers_) tier.failing = ErrorKind::redis_unavailable;
  }

 private:
  wx::test::FakeClock clock_;
  wx::test::FakeFleet fleet_{clock_};
  std::array<wx::test::FakeRemote, 2> tiers_{wx::test::FakeRemote(fleet_), wx::test::FakeRemote(fleet_)};
  std::array<Ear, 2> ears_;
};

// RedisTier and Backplane over a redis-server.
class RedisWorld {
 public:
  RedisWorld() {
    wait_until([this] { return processes_[0].backplane.listening() && processes_[1].backplane.listening(); });
  }
  ~RedisWorld() {
    for (auto& process : processes_) process.client.stop();
    context_.poll();
  }
  RedisWorld(const RedisWorld&) = delete;
  RedisWorld& operator=(const RedisWorld&) = delete;

  RemoteTier& tier(std::size_t process) { return processes_[process].tier; }
  Ear& ear(std::size_t process) { return processes_[process].ear; }
  const Clock& clock() const { return clock_; }

  template <class Condition>
  void wait_until(Condition condition) {
    wx::test::run_until(context_, std::move(condition));
  }
  void let_pass(milliseconds span) { std::this_thread::sleep_for(span); }
  void make_endless(std::string_view key) { EXPECT_EQ(server_.command({"PERSIST", lease_key("app1:", key)}), "1"); }
  void fill_up() { server_.command({"CONFIG", "SET", "maxmemory", "1"}); }
  void cut_off() {
    server_.kill();
    wait_until([this] {
      return processes_[0].client.state() == redis::ConnectionState::down &&
             processes_[1].client.state() == redis::ConnectionState::down;
    });
  }

 private:
  struct Process {
    explicit Process(RedisWorld& world)
        : common(redis::test::options_for(world.server_.url(), std::chrono::seconds(5)), world.clock_, world.metrics_,
                 world.log_),
          client(world.context_, *world.executor_, common),
          tier(client, "app1:", world.clock_, world.metrics_, world.log_),
          backplane(client, tier.redis_epoch(), *world.executor_, "app1:", ear, world.metrics_, world.log_) {
      wire(client, backplane);
      client.start();
    }
    redis::Common common;
    redis::Client client;
    RedisTier tier;
    Ear ear;
    Backplane backplane;
  };

  wx::test::RedisServer server_;
  SystemClock clock_;
  observability::Metrics metrics_;
  wx::test::MemoryLog log_;
  asio::io_context context_{1};
  std::unique_ptr<Executor> executor_ = make_asio_executor(context_);
  std::array<Process, 2> processes_{Process(*this), Process(*this)};
};

// Another world's tiers during a staged outage of other keys than the contract's.
template <class World>
class OutageWorld : public World {
 public:
  OutageWorld() { EXPECT_FALSE(outage_.begin(this->clock().steady() + std::chrono::hours(1))) << "it lasts all along"; }

  RemoteTier& tier(std::size_t process) { return tiers_[process]; }

 private:
  OutageTier around(std::size_t process) { return {World::tier(process), outage_, "weather:mock:", this->clock()}; }

  Outage outage_;
  std::array<OutageTier, 2> tiers_{around(0), around(1)};
};

}  // namespace wx::cache::test
