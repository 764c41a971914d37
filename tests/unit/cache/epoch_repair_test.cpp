// Two processes that find something wrong in the epoch's key of one Redis agree on an epoch again, with few purges.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/asio_executor.hpp"
#include "base/async.hpp"
#include "base/text.hpp"
#include "cache/backplane.hpp"
#include "cache/tiered_cache.hpp"
#include "redis/common.hpp"
#include "support/manual_executor.hpp"
#include "support/memory_log.hpp"
#include "support/redis_server.hpp"
#include "support/run_until.hpp"
#include "unit/cache/backplane_wiring.hpp"
#include "unit/redis/options_for.hpp"

namespace wx::cache {
namespace {

using std::chrono::seconds;
using test::run_until;

constexpr auto kKey = "weather:epoch";

class EpochRepairTest : public testing::Test {
 protected:
  struct Process {
    explicit Process(EpochRepairTest& test)
        : common(redis::test::options_for(test.server_.url(), seconds(5)), test.real_clock_, test.metrics_, test.log_),
          client(test.context_, *test.executor_, common),
          epoch(client, ""),
          cache(CacheOptions{}, test.real_clock_, test.metrics_, test.log_),
          backplane(client, epoch, test.timers_, "", cache.listener(), test.metrics_, test.log_) {
      wire(client, backplane);
      client.start();
    }
    redis::Common common;
    redis::Client client;
    RedisEpoch epoch;
    TieredCache cache;
    Backplane backplane;
  };

  ~EpochRepairTest() override {
    for (auto& process : processes_) {
      if (process) process->client.stop();
    }
    context_.poll();
  }

  void start(std::size_t process) {
    processes_[process].emplace(*this);
    run_until(context_, [&] { return processes_[process]->backplane.listening(); });
  }
  // Everything that was sent before has been answered, and the messages that it caused have arrived.
  void settle() {
    for (int round = 0; round < 4; ++round) {
      for (auto& process : processes_) {
        const auto answered = std::make_shared<bool>(false);
        process->client.command({"PING"}, [answered](const Result<redis::Reply>&) { *answered = true; });
        run_until(context_, [&] { return *answered; });
      }
    }
  }
  // A minute with its readings of the key.
  void pass_a_minute() {
    for (int i = 0; i < 60; ++i) {
      timers_.advance(seconds(1));
      settle();
    }
  }
  [[nodiscard]] std::uint64_t epoch_of(std::size_t process) { return processes_[process]->cache.listener().epoch(); }
  [[nodiscard]] std::string key() const { return server_.command({"GET", kKey}).value_or("nothing"); }
  // The commands that changed the key.
  [[nodiscard]] int repairs() const {
    const auto stats = server_.command({"INFO", "commandstats"}).value_or("");
    int calls = 0;
    for (const std::string_view name : {"cmdstat_incrby:calls=", "cmdstat_set:calls="}) {
      if (const auto at = stats.find(name); at != std::string::npos) calls += std::stoi(stats.substr(at + name.size()));
    }
    return calls;
  }

  const test::RedisServer server_;
  test::FakeClock clock_;
  test::ManualExecutor timers_{clock_};
  SystemClock real_clock_;
  observability::Metrics metrics_;
  test::MemoryLog log_;
  asio::io_context context_{1};
  std::unique_ptr<Executor> executor_ = make_asio_executor(context_);
  std::array<std::optional<Process>, 2> processes_;
};

// A harm to a key that held 5 while both processes knew it.
struct Harm {
  const char* name;
  std::vector<std::vector<std::string>> commands;
  bool purges;  // the processes must end in a later epoch

  friend void PrintTo(const Harm& harm, std::ostream* out) { *out << harm.name; }
};

class EpochHarmTest : public EpochRepairTest, public testing::WithParamInterface<Harm> {};

TEST_P(EpochHarmTest, IsRepairedSoonAndForGood) {
  server_.command({"SET", kKey, "5"});
  start(0);
  start(1);
  for (const auto& command : GetParam().commands) server_.command(command);
  server_.command({"CONFIG", "RESETSTAT"});
  pass_a_minute();
  EXPECT_EQ(epoch_of(0), epoch_of(1));
  EXPECT_EQ(key(), cat(epoch_of(0)));
  EXPECT_EQ(epoch_of(0) > 5, GetParam().purges) << epoch_of(0);
  EXPECT_LE(repairs(), 16) << "each of the two processes repairs at most twice, with up to four commands";
  const int before = repairs();
  pass_a_minute();
  EXPECT_EQ(repairs(), before);
  const auto raised = epoch_of(0);
  const auto purged =
      test::result_of<std::uint64_t>(context_, [&](auto done) { processes_[0]->epoch.raise(raised, std::move(done)); });
  EXPECT_TRUE(purged && *purged);
  run_until(context_, [&] { return epoch_of(1) > raised; });
}

INSTANTIATE_TEST_SUITE_P(
    Epoch, EpochHarmTest,
    testing::Values(Harm{"Lost", {{"DEL", kKey}}, false}, Harm{"Lower", {{"SET", kKey, "3"}}, true},
                    Harm{"Higher", {{"SET", kKey, "1750000000000"}}, true},
                    Harm{"NoNumber", {{"SET", kKey, "what?"}}, false}, Harm{"Negative", {{"SET", kKey, "-7"}}, false},
                    Harm{"FarTooHigh", {{"SET", kKey, "9223372036854775807"}}, false},
                    Harm{"OfAnotherType", {{"DEL", kKey}, {"LPUSH", kKey, "a list"}}, false},
                    Harm{"TalkedUp", {{"PUBLISH", "weather:events", "epoch 9"}}, true},
                    Harm{"TalkedDown", {{"PUBLISH", "weather:events", "epoch 1"}}, false},
                    Harm{"TalkedTooHigh", {{"PUBLISH", "weather:events", "epoch 9007199254740992"}}, false}),
    [](const auto& harm) { return harm.param.name; });

// The first process knows the epoch that Redis has lost, and the second one starts without it.
TEST_F(EpochRepairTest, AProcessThatStartsWithoutAnEpochLearnsThatOfTheFleet) {
  server_.command({"SET", kKey, "5"});
  start(0);
  server_.command({"DEL", kKey});
  start(1);
  EXPECT_EQ(epoch_of(1), 0U);
  pass_a_minute();
  EXPECT_EQ(epoch_of(1), 5U);
  EXPECT_EQ(key(), "5");
}

}  // namespace
}  // namespace wx::cache
