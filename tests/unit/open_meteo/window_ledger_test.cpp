#include "open_meteo/window_ledger.hpp"

#include <deque>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Totals = std::vector<FleetTotals>;

constexpr SteadyTime kNow{std::chrono::seconds(1000)};

TEST(WindowLedger, SumsWhatAllHaveSpentAndNotGivenBack) {
  WindowLedger ledger("a");
  ledger.spend(1000);
  ledger.spend(2500);
  ledger.give_back(1000);
  EXPECT_EQ(ledger.own(), 2500);
  ledger.merge({{"b", 4000, 1000}, {"c", 500, 0}}, kNow);
  EXPECT_EQ(ledger.others(), 3500);
  EXPECT_EQ(ledger.used(), 6000);
}

TEST(WindowLedger, KeepsTheHighestTotals) {
  WindowLedger ledger("a");
  ledger.merge({{"b", 4000, 1000}}, kNow);
  ledger.merge({{"b", 3000, 0}}, kNow);  // late
  EXPECT_EQ(ledger.others(), 3000);
  ledger.merge({{"b", 4000, 1000}}, kNow);  // repeated
  EXPECT_EQ(ledger.others(), 3000);
  ledger.merge({}, kNow);  // the store is empty
  EXPECT_EQ(ledger.others(), 3000);
}

TEST(WindowLedger, WritesItsOwnTotalsAndThoseThatTheStoreLacks) {
  WindowLedger ledger("a");
  EXPECT_THAT(ledger.to_write(), IsEmpty());
  ledger.spend(1000);
  EXPECT_THAT(ledger.to_write(), ElementsAre(FleetTotals{"a", 1000, 0}));
  ledger.merge({{"b", 4000, 1000}, {"c", 500, 0}}, kNow);
  EXPECT_THAT(ledger.to_write(), ElementsAre(FleetTotals{"a", 1000, 0}));
  ledger.merge({{"a", 1000, 0}, {"b", 4000, 0}}, kNow);  // the store has lost something
  EXPECT_THAT(ledger.to_write(),
              ElementsAre(FleetTotals{"a", 1000, 0}, FleetTotals{"b", 4000, 1000}, FleetTotals{"c", 500, 0}));
  ledger.merge({{"a", 1000, 0}, {"b", 4000, 1000}, {"c", 500, 0}}, kNow);
  EXPECT_THAT(ledger.to_write(), ElementsAre(FleetTotals{"a", 1000, 0}));
}

TEST(WindowLedger, AddsToItsOwnTotalsFromBeforeItWasMadeAnewOnce) {
  WindowLedger ledger("a");
  ledger.spend(1000);
  ledger.merge({{"a", 5000, 2000}}, kNow);
  EXPECT_EQ(ledger.own(), 4000);
  EXPECT_THAT(ledger.to_write(), ElementsAre(FleetTotals{"a", 6000, 2000}));
  ledger.merge({{"a", 5000, 2000}}, kNow);
  ledger.merge({{"a", 6000, 2000}}, kNow);
  EXPECT_EQ(ledger.own(), 4000);
}

TEST(WindowLedger, IgnoresTotalsThatCannotBe) {
  WindowLedger ledger("a");
  ledger.merge({{"b", -1, 0}, {"c", 0, -1}, {"d", WindowLedger::kMost + 1, 0}, {"e", 1000, 5000}}, kNow);
  ledger.merge_plain(-1);
  ledger.merge_plain(WindowLedger::kMost + 1);
  EXPECT_EQ(ledger.used(), 0);
}

TEST(WindowLedger, RemembersNoMoreProcessesThanAFleetMayHave) {
  WindowLedger ledger("a");
  Totals many;
  for (std::size_t i = 0; i < WindowLedger::kMostIds + 100; ++i) many.push_back({cat("x", i), 1, 0});
  ledger.merge(many, kNow);
  EXPECT_EQ(ledger.others(), static_cast<std::int64_t>(WindowLedger::kMostIds));
}

TEST(WindowLedger, AddsTheCountOfProcessesThatWriteNoTotals) {
  WindowLedger ledger("a");
  ledger.merge_plain(7000);
  ledger.merge({{"b", 1000, 0}}, kNow);
  ledger.merge_plain(5000);  // lost, or late
  EXPECT_EQ(ledger.others(), 8000);
}

TEST(WindowLedger, TellsHowManyProcessesAreAtWork) {
  WindowLedger ledger("a");
  EXPECT_EQ(ledger.live(kNow), 1U);
  ledger.merge({{"b", 1000, 0}, {"c", 1000, 0}}, kNow);
  EXPECT_EQ(ledger.live(kNow), 3U);
  const auto later = kNow + std::chrono::minutes(10);
  ledger.merge({{"b", 1000, 0}, {"c", 2000, 0}}, later);
  EXPECT_EQ(ledger.live(later), 2U) << "b has not spent anything since";
}

TEST(WindowLedger, TakesNoOldTotalForAProcessAtWork) {
  WindowLedger ledger("a", WindowLedger::AtFirstLook::unknown);
  ledger.merge({{"b", 1000, 0}, {"c", 1000, 0}}, kNow);
  EXPECT_EQ(ledger.live(kNow), 1U) << "they may have ended long ago";
  EXPECT_EQ(ledger.used(), 2000);
  ledger.merge({{"b", 1000, 0}, {"c", 2000, 0}, {"d", 1000, 0}}, kNow);
  EXPECT_EQ(ledger.live(kNow), 3U) << "c grew, and d is new";
}

TEST(WindowLedger, KnowsWhatTheStoreConfirmed) {
  WindowLedger ledger("a");
  ledger.spend(3000);
  EXPECT_EQ(ledger.confirmed(), 0);
  ledger.confirm(2000);
  EXPECT_EQ(ledger.confirmed(), 2000);
  ledger.give_back(2000);
  EXPECT_EQ(ledger.confirmed(), 1000) << "never more than was used";
}

// Three processes and a store. Exchanges are lost on the way there or back, late, repeated and in any order, and the
// store forgets everything now and then.
class Exchanges {
 public:
  explicit Exchanges(std::uint64_t seed) : random_(seed) {
    for (const char* id : {"a", "b", "c"}) ledgers_.emplace_back(id);
  }

  void step() {
    const auto who = random_.next() % 3;
    switch (random_.next() % 8) {
      case 0:
      case 1:
        spend(who, static_cast<std::int64_t>(random_.next() % 3000));
        break;
      case 2:
        if (net_[who] > 0) give_back(who, static_cast<std::int64_t>(random_.next() >> 1) % (net_[who] + 1));
        break;
      case 3:
      case 4:
        requests_.push_back({who, ledgers_[who].to_write()});
        break;
      case 5:
        deliver(requests_, [this](const Message& message) { serve(message); });
        break;
      case 6:
        deliver(replies_, [this](const Message& message) { hear(message); });
        break;
      default:
        if (random_.next() % 20 == 0) store_.clear();
    }
  }
  // Everybody exchanges twice, and nothing is lost any more.
  void settle() {
    for (int round = 0; round < 3; ++round) {
      for (std::size_t who = 0; who < 3; ++who) {
        serve({who, ledgers_[who].to_write()});
        hear(replies_.back());
      }
    }
  }
  // No process counts less than its own calls and the highest totals that it has heard of each other process.
  void check_that_nothing_known_is_forgotten() const {
    for (std::size_t who = 0; who < 3; ++who) {
      std::int64_t known = net_[who];
      for (const auto& [id, totals] : heard_[who]) {
        if (id != kIds[who]) known += std::max<std::int64_t>(totals.spent - totals.given_back, 0);
      }
      ASSERT_EQ(ledgers_[who].used(), known);
    }
  }
  [[nodiscard]] std::vector<std::int64_t> used() const {
    return {ledgers_[0].used(), ledgers_[1].used(), ledgers_[2].used()};
  }
  [[nodiscard]] std::int64_t truth() const { return net_[0] + net_[1] + net_[2]; }

 private:
  struct Message {
    std::size_t who;
    Totals totals;
  };
  static constexpr std::array<std::string_view, 3> kIds{"a", "b", "c"};

  void spend(std::size_t who, std::int64_t amount) {
    ledgers_[who].spend(amount);
    net_[who] += amount;
  }
  void give_back(std::size_t who, std::int64_t amount) {
    ledgers_[who].give_back(amount);
    net_[who] -= amount;
  }
  // Takes any message and delivers, loses, or delivers and repeats it later.
  template <class Take>
  void deliver(std::deque<Message>& queue, Take take) {
    if (queue.empty()) return;
    const auto at = queue.begin() + static_cast<long>(random_.next() % queue.size());
    const Message message = *at;
    const auto fate = random_.next() % 4;
    if (fate != 0) queue.erase(at);
    if (fate != 1) take(message);
  }
  void serve(const Message& message) {
    for (const auto& totals : message.totals) {
      auto& held = store_[totals.id];
      held.id = totals.id;
      held.spent = std::max(held.spent, totals.spent);
      held.given_back = std::max(held.given_back, totals.given_back);
    }
    Totals all;
    for (const auto& [id, totals] : store_) all.push_back(totals);
    replies_.push_back({message.who, all});
  }
  void hear(const Message& message) {
    ledgers_[message.who].merge(message.totals, kNow);
    for (const auto& totals : message.totals) {
      auto& known = heard_[message.who][totals.id];
      known.spent = std::max(known.spent, totals.spent);
      known.given_back = std::max(known.given_back, totals.given_back);
    }
  }

  Random random_;
  std::vector<WindowLedger> ledgers_;
  std::array<std::int64_t, 3> net_{};
  std::array<std::map<std::string, FleetTotals>, 3> heard_;
  std::map<std::string, FleetTotals> store_;
  std::deque<Message> requests_;
  std::deque<Message> replies_;
};

TEST(WindowLedger, NeitherForgetsNorCountsTwiceWhateverHappensToItsMessages) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Exchanges exchanges(seed);
    for (int i = 0; i < 400; ++i) {
      exchanges.step();
      exchanges.check_that_nothing_known_is_forgotten();
      if (HasFatalFailure()) return;
    }
    exchanges.settle();
    const auto truth = exchanges.truth();
    ASSERT_THAT(exchanges.used(), ElementsAre(truth, truth, truth));
  }
}

}  // namespace
}  // namespace wx::open_meteo
