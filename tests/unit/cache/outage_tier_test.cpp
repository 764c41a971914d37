// Staged outages: of the tier alone, and as the cache's callers see them.
#include "cache/outage_tier.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

constexpr std::string_view kPrefix = "weather:mock:";
constexpr std::string_view kMock = "weather:mock:1:2";
constexpr std::string_view kReal = "weather:1:2";

TEST(OutageTest, LastsTenSecondsAndComesOnceAMinute) {
  test::FakeClock clock;
  Outage outage;
  EXPECT_FALSE(outage.is_on(clock));
  EXPECT_EQ(outage.left(clock.steady()), nanoseconds(0));
  EXPECT_EQ(outage.begin(clock.steady()), std::nullopt);
  EXPECT_TRUE(outage.is_on(clock));
  EXPECT_EQ(outage.left(clock.steady()), seconds(10));
  clock.advance(seconds(3));
  EXPECT_EQ(outage.left(clock.steady()), seconds(7));
  EXPECT_EQ(outage.begin(clock.steady()), seconds(57));
  EXPECT_EQ(outage.left(clock.steady()), seconds(7)) << "a refusal does not prolong it";
  clock.advance(seconds(7));
  EXPECT_EQ(outage.left(clock.steady()), nanoseconds(0));
  EXPECT_FALSE(outage.is_on(clock));
  EXPECT_FALSE(outage.is_on(clock));
  clock.advance(seconds(50) - milliseconds(1));
  EXPECT_EQ(outage.begin(clock.steady()), milliseconds(1));
  clock.advance(milliseconds(1));
  EXPECT_EQ(outage.begin(clock.steady()), std::nullopt);
  EXPECT_TRUE(outage.is_on(clock));
}

TEST(OutageTest, BeginsOnceHoweverManyThreadsAskForIt) {
  const test::FakeClock clock;
  for (int round = 0; round < 50; ++round) {
    Outage outage;
    std::atomic<int> begun = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
          if (!outage.begin(clock.steady())) ++begun;
        });
      }
    }
    EXPECT_EQ(begun, 1);
    EXPECT_TRUE(outage.is_on(clock));
  }
}

class OutageTierTest : public TieredCacheTest {
 protected:
  void SetUp() override { cache(&tier_); }

  void begin_outage() { ASSERT_EQ(outage_.begin(clock_.steady()), std::nullopt); }
  Entry entry() const {
    Entry entry;
    entry.body = "{}";
    entry.stored_at = clock_.wall();
    entry.spans = spans_;
    return entry;
  }
  bool leased(std::string_view key) { return fleet_.lease(std::string(key)) != nullptr; }

  void ask(Answers& answers, std::string_view key, Mode mode = Mode::normal) {
    auto asked = lookup_of(key);
    asked.mode = mode;
    cache_->get(*thread_, asked, loader(), into(answers));
  }
  Served answer_of(std::string_view key, Mode mode = Mode::normal, std::string body = "new") {
    Answers answers;
    ask(answers, key, mode);
    if (!waiting_.empty()) complete(value(std::move(body)));
    EXPECT_EQ(answers.size(), 1U);
    return answers.empty() || !answers[0] ? Served{} : *answers[0];
  }

  Outage outage_;
  OutageTier tier_{remote_, outage_, kPrefix, clock_};
};

TEST_F(OutageTierTest, FailsWhatConcernsItsKeysAndNothingElse) {
  begin_outage();
  for (const auto key : {kMock, kReal}) {
    const bool away = key == kMock;
    const auto expected = [&](const auto& result) {
      if (result) return !away;
      return away && result.error().kind == ErrorKind::redis_unavailable;
    };
    int answers = 0;
    tier_.take_lease(key, "mine", seconds(6), [&](const Result<LeaseView>& seen) {
      ++answers;
      EXPECT_TRUE(expected(seen)) << key;
    });
    EXPECT_EQ(leased(key), !away);
    tier_.look(key, [&](const Result<LeaseView>& seen) {
      ++answers;
      EXPECT_TRUE(expected(seen)) << key;
    });
    tier_.store_failure(key, {.kind = ErrorKind::provider_timeout, .left = seconds(1)});
    EXPECT_EQ(leased(key) && fleet_.lease(std::string(key))->failure, !away);
    tier_.give_back(key);
    EXPECT_FALSE(leased(key));
    tier_.put_back(key, entry());
    EXPECT_EQ(fleet_.values.erase(std::string(key)), away ? 0U : 1U);
    tier_.store(key, entry(), false, [&](const Result<void>& stored) {
      ++answers;
      EXPECT_TRUE(expected(stored)) << key;
    });
    EXPECT_EQ(fleet_.values.contains(std::string(key)), !away);
    tier_.read(key, [&](const Result<std::optional<Entry>>& found) {
      ++answers;
      EXPECT_TRUE(expected(found)) << key;
    });
    EXPECT_EQ(answers, 4);
  }
}

TEST_F(OutageTierTest, LetsPurgesPass) {
  fleet_.values[std::string(kMock)] = entry();
  fleet_.leases[std::string(kMock)] = {"", FailureMemo{.kind = ErrorKind::provider_timeout},
                                       clock_.steady() + seconds(9)};
  begin_outage();
  int done = 0;
  const auto expect_done = [&done](const Result<void>& result) { done += result ? 1 : 0; };
  tier_.bury(kMock, make_tombstone(clock_.wall(), seconds(60)), expect_done);
  EXPECT_EQ(fleet_.values[std::string(kMock)].kind, EntryKind::tombstone);
  tier_.forget_failure(kMock, expect_done);
  EXPECT_FALSE(leased(kMock));
  tier_.announce_purge(kMock, clock_.wall(), expect_done);
  EXPECT_EQ(done, 3);
  tier_.raise_epoch(7, [&](const Result<std::uint64_t>& epoch) { EXPECT_EQ(epoch, 8U); });
  remote_.later_versions.insert(std::string(kMock));
  EXPECT_TRUE(tier_.holds_later_version(kMock));
}

TEST_F(OutageTierTest, EndsByTheClock) {
  begin_outage();
  const auto reads = remote_.reads;
  clock_.advance(Outage::kSpan - nanoseconds(1));
  tier_.read(kMock, [](const Result<std::optional<Entry>>& found) { EXPECT_FALSE(found); });
  EXPECT_EQ(remote_.reads, reads);
  clock_.advance(nanoseconds(1));
  tier_.read(kMock, [](const Result<std::optional<Entry>>& found) { EXPECT_TRUE(found); });
  EXPECT_EQ(remote_.reads, reads + 1);
}

TEST_F(OutageTierTest, IsSeenByTheCallersOfTheseKeysAlone) {
  EXPECT_EQ(answer_of(kMock).outcome, Outcome::miss);
  EXPECT_EQ(answer_of(kReal).outcome, Outcome::miss);
  begin_outage();
  EXPECT_EQ(answer_of(kMock).tier, Tier::memory) << "memory answers on";
  const auto slow = answer_of(kMock, Mode::redis_only);
  EXPECT_EQ(slow.tier, Tier::loader);
  EXPECT_TRUE(slow.redis_unavailable);
  const auto real = answer_of(kReal, Mode::redis_only);
  EXPECT_EQ(real.tier, Tier::redis);
  EXPECT_FALSE(real.redis_unavailable);
  EXPECT_EQ(loads_, 3);
  clock_.advance(Outage::kSpan - milliseconds(1));
  EXPECT_TRUE(answer_of(kMock, Mode::redis_only).redis_unavailable);
  clock_.advance(milliseconds(1));
  spans_ = {seconds(30), seconds(0), seconds(0)};
  EXPECT_FALSE(answer_of(kMock, Mode::redis_only).redis_unavailable);
  EXPECT_EQ(answer_of(kMock, Mode::redis_only).tier, Tier::redis) << "it is shared again";
}

TEST_F(OutageTierTest, LeavesOneLoadToManyCallersOfAProcess) {
  begin_outage();
  Answers answers;
  for (int i = 0; i < 100; ++i) ask(answers, kMock);
  ASSERT_EQ(loads_, 1);
  complete(value("new"));
  ASSERT_EQ(answers.size(), 100U);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->entry->body.view(), "new");
  }
}

TEST_F(OutageTierTest, LosesNoPurgeOfEverything) {
  EXPECT_EQ(answer_of(kMock).outcome, Outcome::miss);
  begin_outage();
  bool purged = false;
  cache_->purge_all(*thread_, [&](const Result<void>& result) { purged = result.has_value(); });
  EXPECT_TRUE(purged);
  clock_.advance(Outage::kSpan);
  EXPECT_EQ(answer_of(kMock, Mode::redis_only).tier, Tier::loader) << "Redis holds it, of a lower epoch";
}

// Each step of a load before, during and after the outage, wherever it begins and ends.
TEST_F(OutageTierTest, EndsNoLoadWhereverItBeginsAndEnds) {
  constexpr int kSteps = 8;  // a load has fewer
  for (int begin = 0; begin < kSteps; ++begin) {
    for (int end = begin; end < kSteps; ++end) {
      SCOPED_TRACE(testing::Message() << "from step " << begin << " to step " << end);
      clock_.advance(Outage::kInterval);
      cache(&tier_);
      spans_ = {seconds(60), seconds(0), seconds(0)};
      fleet_.values.clear();
      fleet_.leases.clear();
      loads_ = 0;
      remote_.hold = true;
      Answers answers;
      int step = 0;
      const auto pass_step = [&] {
        if (step == begin) begin_outage();
        if (step == end) clock_.advance(Outage::kSpan);
        ++step;
      };
      pass_step();
      ask(answers, kMock);
      while (!remote_.held.empty() || !waiting_.empty()) {
        pass_step();
        if (remote_.held.empty()) {
          complete(value("new"));
        } else {
          auto command = std::move(remote_.held.front());
          remote_.held.pop_front();
          command();
        }
      }
      while (step < kSteps) pass_step();
      remote_.hold = false;
      ASSERT_EQ(answers.size(), 1U);
      // The clock passes ten seconds at the end of the outage, which may be the caller's deadline.
      EXPECT_TRUE(answers[0] || answers[0].error().kind == ErrorKind::deadline_exceeded);
      EXPECT_EQ(loads_, 1);
      clock_.advance(seconds(6));  // a lease that could not be released ends by itself
      EXPECT_FALSE(leased(kMock));
      EXPECT_FALSE(answer_of(kMock, Mode::redis_only).redis_unavailable);
      EXPECT_EQ(answer_of(kMock, Mode::redis_only).tier, Tier::redis);
    }
  }
}

}  // namespace
}  // namespace wx::cache
