// The cache with a scripted Redis and a scripted loader, on a clock that the test moves.
#include "cache/tiered_cache.hpp"

#include <atomic>
#include <deque>
#include <thread>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "support/fake_remote.hpp"
#include "support/manual_executor.hpp"

namespace wx::cache {
namespace {

using std::chrono::seconds;
using test::FakeFleet;
using test::FakeRemote;

class TieredCacheTest : public testing::Test {
 protected:
  static constexpr std::string_view kKey = "weather:1:2";

  TieredCache& cache(RemoteTier* remote = nullptr, CacheOptions options = {}) {
    worker_.emplace(executor_, remote, clock_);
    other_worker_.emplace(other_executor_, remote, clock_);
    cache_ = std::make_unique<TieredCache>(options, clock_, metrics_);
    return *cache_;
  }

  Question question(Mode mode = Mode::normal) { return {kKey, hash64(kKey), mode, clock_.steady() + seconds(10)}; }

  // A loader whose answers the test gives by hand.
  Loader loader() {
    return [this](LoadRequest request, LoadCallback done) {
      purposes_.push_back(request.purpose);
      request.turn([this, done = std::move(done)](bool go) mutable {
        if (!go) {
          ++stood_down_;
          return;
        }
        ++loads_;
        waiting_.push_back(std::move(done));
      });
    };
  }

  Loaded value(std::string body) const {
    Loaded loaded;
    loaded.body = std::move(body);
    loaded.content_type = "application/json";
    loaded.etag = "e";
    loaded.spans = spans_;
    return loaded;
  }

  // The oldest load that is under way gets this answer.
  void complete(Result<Loaded> result) {
    ASSERT_FALSE(waiting_.empty());
    auto done = std::move(waiting_.front());
    waiting_.pop_front();
    done(std::move(result));
  }

  using Answers = std::vector<Result<Served>>;
  GetCallback into(Answers& answers) {
    return [&answers](Result<Served> served) { answers.push_back(std::move(served)); };
  }

  TieredCache::Peeked peek() { return cache_->peek(kKey, hash64(kKey), clock_.steady()); }

  test::FakeClock clock_;
  test::ManualExecutor executor_{clock_};
  test::ManualExecutor other_executor_{clock_};
  observability::Metrics metrics_;
  FakeFleet fleet_{clock_};
  FakeRemote remote_{fleet_};
  Spans spans_{seconds(10), seconds(60), seconds(600)};
  std::optional<Worker> worker_;
  std::optional<Worker> other_worker_;
  std::unique_ptr<TieredCache> cache_;
  std::deque<LoadCallback> waiting_;
  int loads_ = 0;
  int stood_down_ = 0;
  std::vector<Purpose> purposes_;
};

TEST_F(TieredCacheTest, LoadsOnceAndThenAnswersFromMemoryWithAnHonestAge) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->outcome, Outcome::miss);
  EXPECT_TRUE(answers[0]->stored);
  clock_.advance(seconds(3));
  const auto peeked = peek();
  ASSERT_TRUE(peeked.served);
  EXPECT_EQ(peeked.served->tier, Tier::memory);
  EXPECT_EQ(peeked.served->age, nanoseconds(seconds(3)));
  EXPECT_EQ(peeked.served->entry->body, "{1}");
  EXPECT_EQ(loads_, 1);
}

TEST_F(TieredCacheTest, FiveHundredCallersOfAColdKeyShareOneLoadAndOneAnswer) {
  cache();
  Answers answers;
  for (int i = 0; i < 500; ++i) {
    cache_->get(i % 2 == 0 ? *worker_ : *other_worker_, question(), loader(), into(answers));
  }
  EXPECT_EQ(loads_, 1);
  complete(value("{1}"));
  other_executor_.run_posted();
  ASSERT_EQ(answers.size(), 500U);
  int leaders = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->entry, answers[0]->entry);
    leaders += answer->outcome == Outcome::miss ? 1 : 0;
    if (answer->outcome != Outcome::miss) {
      EXPECT_EQ(answer->outcome, Outcome::collapsed);
    }
  }
  EXPECT_EQ(leaders, 1);
  EXPECT_EQ(cache_->flights(), 0U);
}

TEST_F(TieredCacheTest, NobodyLoadsAgainBetweenTheEndOfAFlightAndMemory) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_FALSE(peek().served);  // somebody looked before the flight ended ...
  complete(value("{1}"));
  cache_->get(*worker_, question(), loader(), into(answers));  // ... and asks after it
  EXPECT_EQ(loads_, 1);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::hit);
}

TEST_F(TieredCacheTest, AsksRedisBeforeTheLoaderAndFillsMemoryFromIt) {
  cache(&remote_);
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  EXPECT_EQ(remote_.writes, 1);

  // Another process: an empty memory, the same Redis.
  cache(&remote_);
  clock_.advance(seconds(4));
  cache_->get(*worker_, question(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::hit);
  EXPECT_EQ(answers[1]->tier, Tier::redis);
  EXPECT_EQ(answers[1]->age, nanoseconds(seconds(4)));
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(peek().served->tier, Tier::memory);
}

TEST_F(TieredCacheTest, AFailingRedisCostsALoadAndIsTold) {
  cache(&remote_);
  remote_.failing = ErrorKind::redis_timeout;
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0]->redis_unavailable);
  EXPECT_EQ(metrics_.value(observability::Counter::cache_redis_error), 1U);
  EXPECT_EQ(metrics_.value(observability::Counter::cache_redis_miss), 0U);
}

TEST_F(TieredCacheTest, AFailureTellsEveryWaiterOnceAndLeavesTheKeyFree) {
  cache();
  Answers answers;
  for (int i = 0; i < 3; ++i) cache_->get(*worker_, question(), loader(), into(answers));
  complete(fail(ErrorKind::provider_error));
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::provider_error);
  EXPECT_EQ(loads_, 1);
  EXPECT_FALSE(peek().served);
}

TEST_F(TieredCacheTest, AStaleAnswerIsServedAtOnceAndRefreshedBehindOnce) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(12));
  const auto first = peek();
  ASSERT_TRUE(first.served);
  EXPECT_EQ(first.served->outcome, Outcome::stale_while_revalidate);
  EXPECT_TRUE(first.refresh);
  cache_->refresh(*worker_, question(), loader());
  const auto second = peek();
  EXPECT_EQ(second.served->outcome, Outcome::stale_while_revalidate);
  EXPECT_FALSE(second.refresh) << "one refresh is enough";
  EXPECT_EQ(loads_, 2);
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
  EXPECT_EQ(peek().served->outcome, Outcome::hit);
}

TEST_F(TieredCacheTest, ALateHitStartsExactlyOneEarlyRefreshAndTheKeyStaysHit) {
  spans_ = {seconds(10), seconds(0), seconds(0)};
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  int refreshes = 0;
  for (int tenth = 0; tenth < 600; ++tenth) {  // a minute of requests every 100 ms; loads take 500 ms
    executor_.advance(milliseconds(100));
    const auto peeked = peek();
    ASSERT_TRUE(peeked.served) << "at " << tenth;
    ASSERT_EQ(peeked.served->outcome, Outcome::hit);
    if (peeked.refresh) {
      ++refreshes;
      cache_->refresh(*worker_, question(), loader());
    }
    if (!waiting_.empty() && tenth % 5 == 0) complete(value("{n}"));
  }
  EXPECT_GE(refreshes, 5);
  EXPECT_LE(refreshes, 8);
}

TEST_F(TieredCacheTest, OnlyARefreshBeforeAnEntryEndedCountsAsEarly) {
  const auto early = [this] { return metrics_.value(observability::Counter::cache_early_refresh); };
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(milliseconds(9900));
  ASSERT_TRUE(peek().refresh);
  cache_->refresh(*worker_, question(), loader());
  EXPECT_EQ(early(), 1U);
  complete(value("{2}"));
  clock_.advance(seconds(12));
  ASSERT_TRUE(peek().refresh) << "stale by now";
  cache_->refresh(*worker_, question(), loader());
  EXPECT_EQ(early(), 1U);
  complete(value("{3}"));

  // Where no memory tier notices that it is late, the flight that reads Redis does.
  cache(&remote_);
  cache_->get(*worker_, question(Mode::redis_only), loader(), into(answers));
  complete(value("{4}"));
  EXPECT_EQ(early(), 1U);
  clock_.advance(milliseconds(9900));
  cache_->get(*worker_, question(Mode::redis_only), loader(), into(answers));
  EXPECT_EQ(answers.back()->outcome, Outcome::hit);
  EXPECT_EQ(early(), 2U);
  complete(value("{5}"));
}

TEST_F(TieredCacheTest, AFailedRefreshIsTriedAgainAfterAPauseNotAtEveryHit) {
  spans_ = {seconds(100), seconds(0), seconds(0)};
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(90));
  EXPECT_TRUE(peek().refresh);
  cache_->refresh(*worker_, question(), loader());
  complete(fail(ErrorKind::provider_error));
  EXPECT_FALSE(peek().refresh);
  clock_.advance(milliseconds(1100));
  EXPECT_TRUE(peek().refresh);
}

TEST_F(TieredCacheTest, ARefreshThatWasRefusedBeforeItsTurnIsTriedAgainSoon) {
  spans_ = {seconds(100), seconds(100), seconds(0)};
  struct Case {
    std::optional<milliseconds> retry_after;
    milliseconds pause;
  };
  for (const auto& [retry_after, pause] : {Case{std::nullopt, milliseconds(1000)},
                                           {milliseconds(500), milliseconds(500)},
                                           {milliseconds(50'000), milliseconds(1000)}}) {
    cache();
    Answers answers;
    cache_->get(*worker_, question(), loader(), into(answers));
    complete(value("{1}"));
    clock_.advance(seconds(120));
    const auto refusing = [retry_after](LoadRequest, LoadCallback done) {
      Error error{ErrorKind::provider_limited, {}, retry_after, 0, false};
      done(std::unexpected(std::move(error)));
    };
    ASSERT_TRUE(peek().refresh);
    cache_->refresh(*worker_, question(), refusing);
    EXPECT_FALSE(peek().refresh) << "not at every hit";
    clock_.advance(pause - milliseconds(1));
    EXPECT_FALSE(peek().refresh);
    clock_.advance(milliseconds(1));
    EXPECT_TRUE(peek().refresh);
  }
}

TEST_F(TieredCacheTest, ARefreshThatEndsAtItsAgeLimitIsTriedAgainSoon) {
  spans_ = {seconds(100), seconds(100), seconds(0)};
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(120));
  ASSERT_TRUE(peek().refresh);
  cache_->refresh(*worker_, question(), loader());
  executor_.advance(seconds(20));
  EXPECT_EQ(cache_->flights(), 0U);
  executor_.advance(seconds(1));
  EXPECT_TRUE(peek().refresh);
}

TEST_F(TieredCacheTest, AKeptAnswerIsWaitedWithButNotForLong) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  EXPECT_FALSE(peek().served);
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(1400));
  EXPECT_EQ(answers.size(), 1U);
  executor_.advance(milliseconds(200));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::soft_timeout);
  EXPECT_EQ(answers[1]->age, nanoseconds(milliseconds(101'500)));
  EXPECT_EQ(answers[1]->timings.load, nanoseconds(milliseconds(1500))) << "what was waited for in vain took its time";
  complete(value("{2}"));
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_EQ(peek().served->entry->body, "{2}") << "the load was not in vain";
}

TEST_F(TieredCacheTest, AKeptAnswerIsReplacedWithinTheWait) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(600));
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::revalidated);
  EXPECT_EQ(answers[1]->entry->body, "{2}");
}

TEST_F(TieredCacheTest, AKeptAnswerCoversTheProvidersFailure) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(300));
  complete(fail(ErrorKind::provider_timeout));
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_TRUE(answers[1]);
  EXPECT_EQ(answers[1]->outcome, Outcome::stale_if_error);
  EXPECT_EQ(answers[1]->timings.load, nanoseconds(milliseconds(300)));
}

TEST_F(TieredCacheTest, TellsWhetherRedisOrTheLoadWasWaitedForInVain) {
  cache(&remote_);
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  remote_.hold = true;
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(1500));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::soft_timeout);
  EXPECT_EQ(answers[1]->timings.redis, nanoseconds(milliseconds(1500)));
  EXPECT_LT(answers[1]->timings.load, nanoseconds(0));
}

TEST_F(TieredCacheTest, NobodyWaitsLongerThanTheirDeadlineWhateverTheLoaderDoes) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(seconds(5));
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(5010));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().kind, ErrorKind::deadline_exceeded);
  executor_.advance(seconds(5));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(loads_, 1);
}

TEST_F(TieredCacheTest, AHungLoadFreesItsKeyAtTheAgeLimit) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(seconds(21));
  EXPECT_EQ(cache_->flights(), 0U);
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_EQ(loads_, 2);
  complete(value("{late}"));  // of the first
  EXPECT_FALSE(peek().served) << "a load that was given up is not stored";
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
}

TEST_F(TieredCacheTest, ABypassSharesNothing) {
  cache(&remote_);
  Answers answers;
  for (int i = 0; i < 6; ++i) cache_->get(*worker_, question(Mode::bypass), loader(), into(answers));
  EXPECT_EQ(loads_, 6);
  for (int i = 0; i < 6; ++i) complete(value("{b}"));
  ASSERT_EQ(answers.size(), 6U);
  for (const auto& answer : answers) EXPECT_EQ(answer->outcome, Outcome::bypass);
  EXPECT_EQ(remote_.reads, 0);
  EXPECT_EQ(remote_.writes, 0);
  EXPECT_FALSE(peek().served);
}

TEST_F(TieredCacheTest, SaysThatItStoredOnlyWhereATierTookIt) {
  const auto stored = [this](RemoteTier* remote, std::size_t memory, Mode mode = Mode::normal) {
    fleet_.values.clear();
    CacheOptions options;
    options.memory.limit = memory;
    cache(remote, options);
    Answers answers;
    cache_->get(*worker_, question(mode), loader(), into(answers));
    complete(value(std::string(1000, 'x')));
    return answers.size() == 1 && answers[0] && answers[0]->stored;
  };
  constexpr std::size_t kMemory = std::size_t{64} << 20;
  EXPECT_TRUE(stored(nullptr, kMemory));
  EXPECT_TRUE(stored(&remote_, 0));
  EXPECT_TRUE(stored(&remote_, kMemory, Mode::redis_only));
  EXPECT_FALSE(stored(nullptr, 0)) << "no tier at all";
  EXPECT_FALSE(stored(nullptr, std::size_t{64} << 10)) << "too large for a shard of 1 KiB";
  remote_.failing = ErrorKind::redis_timeout;
  EXPECT_FALSE(stored(&remote_, 0)) << "a Redis that has not answered";
  EXPECT_TRUE(stored(&remote_, kMemory));
}

TEST_F(TieredCacheTest, RedisOnlyNeitherReadsNorFillsMemory) {
  cache(&remote_);
  Answers answers;
  cache_->get(*worker_, question(Mode::redis_only), loader(), into(answers));
  complete(value("{1}"));
  EXPECT_FALSE(peek().served);
  cache_->get(*worker_, question(Mode::redis_only), loader(), into(answers));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::hit);
  EXPECT_EQ(answers[1]->tier, Tier::redis);
  EXPECT_FALSE(peek().served);
  fleet_.values.clear();  // redis-cli del
  cache_->get(*worker_, question(Mode::redis_only), loader(), into(answers));
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, EveryCallerIsAnsweredOnItsOwnThread) {
  cache();
  std::thread::id first;
  bool second = false;
  cache_->get(*worker_, question(), loader(), [&](Result<Served>) { first = std::this_thread::get_id(); });
  cache_->get(*other_worker_, question(), loader(), [&](Result<Served>) { second = true; });
  executor_.set_in_this_thread(false);
  complete(value("{1}"));  // "on the loader's thread"
  EXPECT_EQ(first, std::thread::id());
  executor_.set_in_this_thread(true);
  executor_.run_posted();
  EXPECT_EQ(first, std::this_thread::get_id());
  EXPECT_FALSE(second);
  other_executor_.run_posted();
  EXPECT_TRUE(second);
}

// Two processes that share one Redis: each with its own memory and flights.
class FleetTest : public TieredCacheTest {
 protected:
  void SetUp() override {
    cache(&remote_);
    second_worker_.emplace(executor_, &second_remote_, clock_);
    second_ = std::make_unique<TieredCache>(CacheOptions{}, clock_, metrics_);
    fleet_.listeners = {&cache_->listener(), &second_->listener()};
  }
  void ask_both(Answers& answers) {
    cache_->get(*worker_, question(), loader(), into(answers));
    second_->get(*second_worker_, question(), loader(), into(answers));
    executor_.run_posted();
  }

  FakeRemote second_remote_{fleet_};
  std::optional<Worker> second_worker_;
  std::unique_ptr<TieredCache> second_;
};

TEST_F(FleetTest, OneLoadServesBothProcesses) {
  Answers answers;
  ask_both(answers);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(stood_down_, 1) << "the other gives its turn with the provider back";
  complete(value("{1}"));
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]->outcome, Outcome::miss);
  EXPECT_EQ(answers[1]->outcome, Outcome::lease);
  EXPECT_EQ(answers[1]->entry->body, "{1}");
  EXPECT_TRUE(fleet_.leases.empty());
}

TEST_F(FleetTest, WhenTheHolderDiesTheOtherTakesOverAtTheLeasesEnd) {
  Answers answers;
  ask_both(answers);
  fleet_.listeners = {&second_->listener()};
  cache_.reset();  // kill -9: neither fill nor fail is ever heard
  waiting_.clear();
  executor_.advance(milliseconds(5900));
  EXPECT_EQ(loads_, 1);
  executor_.advance(milliseconds(200));
  EXPECT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{2}");
}

TEST_F(FleetTest, ALostMessageCostsTheLeasesEndNotTheAnswer) {
  Answers answers;
  ask_both(answers);
  fleet_.lose_messages = true;
  complete(value("{1}"));
  EXPECT_EQ(answers.size(), 1U);
  executor_.advance(seconds(7));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::lease);
  EXPECT_EQ(loads_, 1);
}

TEST_F(FleetTest, AFailureIsTriedOncePerMemoByTheWholeFleetAndBacksOff) {
  Answers answers;
  std::vector<SteadyTime> tries;
  const auto begin = clock_.steady();
  for (int i = 0; i < 600; ++i) {  // a minute of questions to both, ten a second
    ask_both(answers);
    if (!waiting_.empty()) {
      tries.push_back(clock_.steady());
      complete(fail(ErrorKind::provider_error));
    }
    executor_.advance(milliseconds(100));
  }
  EXPECT_EQ(answers.size(), 1200U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::provider_error);
  // At 0, 1, 3, 7, 15, 31 s, and then every 30 s.
  ASSERT_EQ(tries.size(), 6U);
  EXPECT_LT(tries[2] - begin, seconds(4));
  EXPECT_GT(tries[5] - begin, seconds(30));
}

TEST_F(FleetTest, APurgeReachesEveryProcess) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  EXPECT_TRUE(peek().served);
  bool done = false;
  second_->purge(*second_worker_, kKey, [&](const Result<void>& result) { done = result.has_value(); });
  EXPECT_TRUE(done);
  EXPECT_FALSE(peek().served);
  EXPECT_TRUE(fleet_.values.empty());
}

TEST_F(FleetTest, PurgingAllMakesEverythingAMissWithoutScanning) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  second_->purge_all(*second_worker_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_FALSE(peek().served);
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_EQ(loads_, 2) << "what Redis still holds is of another epoch";
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
  second_->get(*second_worker_, question(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 4U) << "the process that purged shares with the others again";
  EXPECT_EQ(answers[3]->entry->body, "{2}");
  EXPECT_EQ(answers[3]->tier, Tier::redis);
  EXPECT_TRUE(peek().served) << "and drops nobody's copy";
  EXPECT_EQ(loads_, 2);
}

TEST_F(FleetTest, EveryProcessIsInTheSameEpochAfterManyPurgesWhoeverMadeThem) {
  for (int i = 1; i <= 4; ++i) {
    auto& purging = i % 2 == 0 ? *cache_ : *second_;
    purging.purge_all(i % 2 == 0 ? *worker_ : *second_worker_, [](const Result<void>& result) { EXPECT_TRUE(result); });
    Answers answers;
    ask_both(answers);
    complete(value("{" + std::to_string(i) + "}"));
    executor_.run_posted();
    ASSERT_EQ(answers.size(), 2U);
    for (const auto& answer : answers) EXPECT_EQ(answer->entry->body, "{" + std::to_string(i) + "}");
    EXPECT_EQ(loads_, i);
  }
}

TEST_F(FleetTest, APurgeWithoutRedisIsThisProcesssOwnUntilRedisIsBackAndThenEverybodys) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  remote_.failing = ErrorKind::redis_unavailable;
  std::optional<ErrorKind> told;
  cache_->purge_all(*worker_, [&](const Result<void>& result) { told = result.error().kind; });
  EXPECT_EQ(told, ErrorKind::redis_unavailable);
  EXPECT_FALSE(peek().served);
  executor_.advance(seconds(9));
  EXPECT_TRUE(second_->peek(kKey, hash64(kKey), clock_.steady()).served) << "it could not be told";

  // Another process purges meanwhile and comes to the same number: that is not our purge.
  second_->purge_all(*second_worker_, [](const Result<void>&) {});
  EXPECT_EQ(fleet_.epoch, 1U);
  second_->get(*second_worker_, question(), loader(), into(answers));
  complete(value("{2}"));
  remote_.failing.reset();
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.epoch, 2U);
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{3}"));
  second_->get(*second_worker_, question(), loader(), into(answers));
  EXPECT_EQ(answers.back()->entry->body, "{3}");
  EXPECT_EQ(loads_, 3);
  executor_.advance(seconds(30));
  EXPECT_EQ(fleet_.epoch, 2U) << "once";
}

TEST_F(FleetTest, ARedisThatRefusesAPurgeIsNotAskedAllTheTime) {
  remote_.failing = ErrorKind::redis_error;
  cache_->purge_all(*worker_, [](const Result<void>&) {});
  executor_.advance(seconds(5));  // tried again, and refused
  remote_.hold = true;
  executor_.advance(seconds(24));
  EXPECT_TRUE(remote_.held.empty());
  executor_.advance(std::chrono::minutes(2));
  EXPECT_EQ(remote_.held.size(), 1U) << "one at a time";
  remote_.hold = false;
  remote_.failing.reset();
  remote_.release();
  EXPECT_EQ(fleet_.epoch, 2U) << "above what this process came to by itself";
  executor_.advance(std::chrono::minutes(2));
  EXPECT_EQ(fleet_.epoch, 2U);
}

TEST_F(FleetTest, APurgeReachesEveryProcessThoughRedisHasLostItsEpoch) {
  for (int i = 0; i < 3; ++i) second_->purge_all(*second_worker_, [](const Result<void>&) {});
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  fleet_.epoch = 0;
  fleet_.values.clear();  // FLUSHALL
  cache_->purge_all(*worker_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_FALSE(peek().served);
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
  EXPECT_EQ(fleet_.epoch, 4U);
}

TEST_F(FleetTest, WhatIsReadWhileTheEpochIsLearnedIsJudgedByItsOwn) {
  second_->purge_all(*second_worker_, [](const Result<void>&) {});
  Answers answers;
  second_->get(*second_worker_, question(), loader(), into(answers));
  complete(value("{1}"));

  fleet_.listeners = {&second_->listener()};
  cache(&remote_);  // a fresh process, which asks before it knows
  remote_.hold = true;
  cache_->get(*worker_, question(), loader(), into(answers));
  cache_->listener().on_epoch(fleet_.epoch);
  remote_.release();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->tier, Tier::redis);
  EXPECT_TRUE(peek().served);

  cache(&remote_);
  fleet_.epoch = 5;
  cache_->get(*worker_, question(), loader(), into(answers));
  cache_->listener().on_epoch(fleet_.epoch);
  remote_.release();
  EXPECT_EQ(loads_, 1) << "of another epoch: its lease is asked for";
  remote_.hold = false;
  remote_.release();
  EXPECT_EQ(loads_, 2);
}

TEST_F(FleetTest, APurgeOfEverythingDuringALoadKeepsItFromBeingStored) {
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  second_->purge_all(*second_worker_, [](const Result<void>&) {});
  complete(value("{old}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{old}");
  EXPECT_FALSE(answers[0]->stored);
  EXPECT_FALSE(peek().served);
  EXPECT_TRUE(fleet_.values.empty());
}

TEST_F(FleetTest, APurgeDuringALoadKeepsItFromBeingStored) {
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  second_->purge(*second_worker_, kKey, [](const Result<void>&) {});
  complete(value("{old}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{old}");
  EXPECT_FALSE(answers[0]->stored);
  EXPECT_FALSE(peek().served);
  EXPECT_TRUE(fleet_.values.empty());
}

TEST_F(FleetTest, ARefreshIsNotBegunForACopyThatAnotherProcessHasRenewedMeanwhile) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(20));
  ASSERT_TRUE(peek().refresh) << "stale";
  cache_->listener().on_fill({kKey, "e", clock_.wall(), seconds(10)});  // heard on another thread, just now
  cache_->refresh(*worker_, question(), loader());
  executor_.run_posted();
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(cache_->flights(), 0U);
  clock_.advance(milliseconds(9900));
  EXPECT_TRUE(peek().refresh) << "the next one is not lost by it";
}

TEST_F(FleetTest, WhatWasHeldWhileDeafIsDoubtedOnceAndConfirmedByRedisWithoutALoad) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  cache_->listener().on_deaf();
  EXPECT_EQ(peek().served->outcome, Outcome::hit) << "deaf is not wrong";
  clock_.advance(milliseconds(10));
  cache_->listener().on_listening();
  const auto doubted = peek();
  EXPECT_EQ(doubted.served->outcome, Outcome::hit);
  EXPECT_TRUE(doubted.refresh) << "but looked at behind";
  EXPECT_FALSE(peek().refresh) << "once";
  cache_->refresh(*worker_, question(), loader());
  EXPECT_FALSE(peek().refresh);
  EXPECT_EQ(loads_, 1);
}

TEST_F(FleetTest, AFillWithAnotherTagDropsTheOlderCopyAndWithTheSameRenewsIt) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(5));
  const auto now_ms = clock_.wall();
  cache_->listener().on_fill({kKey, "e", now_ms, seconds(10)});
  EXPECT_EQ(peek().served->age, nanoseconds(0));
  clock_.advance(seconds(1));
  cache_->listener().on_fill({kKey, "other", now_ms, seconds(10)});
  EXPECT_TRUE(peek().served) << "an older message is ignored";
  cache_->listener().on_fill({kKey, "other", clock_.wall(), seconds(10)});
  EXPECT_FALSE(peek().served);
}

// A clock that holds up one thread, at one of the times that it looks.
class HoldingClock final : public Clock {
 public:
  explicit HoldingClock(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] SteadyTime steady() const override {
    if (std::this_thread::get_id() == held_ && --looks_left_ == 0) {
      holding_ = true;
      go_on_.wait(false);
      holding_ = false;
    }
    return clock_.steady();
  }
  [[nodiscard]] WallTime wall() const override { return clock_.wall(); }

  // The calling thread is held up when it looks for the `look`-th time from now.
  void hold_me_at(int look) {
    looks_left_ = look;
    held_ = std::this_thread::get_id();
  }
  [[nodiscard]] bool holding() const { return holding_; }
  void let_go() {
    go_on_ = true;
    go_on_.notify_all();
  }

 private:
  const Clock& clock_;
  std::atomic<std::thread::id> held_;
  mutable std::atomic<int> looks_left_{0};
  mutable std::atomic<bool> holding_{false};
  std::atomic<bool> go_on_{false};
};

// The epoch is raised first, then the flights hear of it, shard by shard. A load that ends between the two began before
// the purge all the same.
TEST_F(TieredCacheTest, ALoadThatEndsWhileThePurgeOfEverythingIsOnItsWayIsNotStored) {
  const auto shard_of = [](std::string_view key) { return hash64(key) >> 58; };
  std::string before = "weather:0:0";  // in a shard that hears of it earlier
  for (int i = 0; shard_of(before) >= shard_of(kKey); ++i) before = "weather:" + std::to_string(i) + ":0";
  int held_up = 0;
  for (int look = 1; look <= 8; ++look) {
    SCOPED_TRACE(look);
    HoldingClock holding(clock_);
    observability::Metrics metrics;
    cache_ = std::make_unique<TieredCache>(CacheOptions{}, holding, metrics);
    Worker worker(executor_, nullptr, holding);
    Worker beside(other_executor_, nullptr, holding);
    waiting_.clear();
    Answers answers;
    cache_->get(worker, question(), loader(), into(answers));
    auto load = std::move(waiting_.front());
    waiting_.clear();
    cache_->get(beside, {before, hash64(before), Mode::normal, clock_.steady() + seconds(10)}, loader(), into(answers));

    std::atomic<bool> ended{false};
    std::thread in_its_shard([&] {
      holding.hold_me_at(look);
      waiting_.front()(value("{}"));
      ended = true;
    });
    while (!holding.holding() && !ended) std::this_thread::yield();
    std::atomic<bool> told{false};
    std::thread purging([&] {
      cache_->listener().on_epoch(1);
      told = true;
    });
    while (metrics.value(observability::Counter::cache_purges) == 0) std::this_thread::yield();
    const auto soon = std::chrono::steady_clock::now() + milliseconds(20);
    while (!told && std::chrono::steady_clock::now() < soon) std::this_thread::yield();
    held_up += told ? 0 : 1;
    load(value("{old}"));
    EXPECT_FALSE(peek().served);
    holding.let_go();
    in_its_shard.join();
    purging.join();
    EXPECT_FALSE(peek().served);
    EXPECT_EQ(cache_->flights(), 0U);
  }
  EXPECT_GT(held_up, 0) << "the purge was never on its way";
}

TEST_F(TieredCacheTest, WhileAFailureIsRememberedTheKeptAnswerIsServedAtOnceAndNobodyLoads) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(fail(ErrorKind::provider_timeout));
  cache_->get(*worker_, question(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 3U) << "without CACHE_SOFT_WAIT";
  EXPECT_EQ(answers[2]->outcome, Outcome::stale_if_error);
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, ARememberedFailureIsToldAsSuch) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(fail(ErrorKind::provider_timeout));
  EXPECT_FALSE(answers[0].error().remembered);
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_TRUE(answers[1].error().remembered);
  clock_.advance(milliseconds(1001));
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, ARefusalIsRememberedMuchLonger) {
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(fail(ErrorKind::provider_refused, "No data is available for this location"));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->entry->kind, EntryKind::refusal);
  clock_.advance(seconds(290));
  EXPECT_EQ(peek().served->entry->body, "No data is available for this location");
  clock_.advance(seconds(11));
  EXPECT_FALSE(peek().served);
}

TEST_F(TieredCacheTest, OnlyTheClientAtItsLimitIsRefused) {
  cache();
  Answers greedy;
  Answers others;
  const auto refusing = [](LoadRequest, LoadCallback done) { done(fail(ErrorKind::client_limited)); };
  FakeRemote slow(fleet_);
  cache(&slow);
  slow.hold = true;
  cache_->get(*worker_, question(), refusing, into(greedy));
  cache_->get(*worker_, question(), loader(), into(others));
  slow.hold = false;
  slow.release();
  ASSERT_EQ(greedy.size(), 1U);
  EXPECT_EQ(greedy[0].error().kind, ErrorKind::client_limited);
  ASSERT_EQ(loads_, 1);
  complete(value("{1}"));
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0]->entry->body, "{1}");
}

// Loads that wait in the provider's queue until the test says what becomes of them.
class QueueTest : public TieredCacheTest {
 protected:
  struct Queued {
    LoadRequest request;
    LoadCallback done;
  };
  Loader queue() {
    return [this](LoadRequest request, LoadCallback done) { queued_.push_back({std::move(request), std::move(done)}); };
  }
  Question patient_for(milliseconds patience) {
    auto patient = question();
    patient.deadline = clock_.steady() + patience;
    return patient;
  }
  // As the source does it with what it could not start in time.
  void expire() {
    ASSERT_FALSE(queued_.empty());
    auto late = std::move(queued_.front());
    queued_.pop_front();
    ASSERT_GE(clock_.steady(), late.request.deadline);
    late.done(fail(ErrorKind::deadline_exceeded));
  }
  void start_queued() {
    ASSERT_FALSE(queued_.empty());
    auto first = std::move(queued_.front());
    queued_.pop_front();
    first.request.turn([this, done = std::move(first.done)](bool go) mutable {
      ASSERT_TRUE(go);
      waiting_.push_back(std::move(done));
    });
  }

  std::deque<Queued> queued_;
};

TEST_F(QueueTest, WhoJoinsLateIsNotFailedByTheDeadlineOfWhoeverBeganTheFlight) {
  cache();
  Answers first;
  Answers late;
  cache_->get(*worker_, patient_for(seconds(1)), queue(), into(first));
  executor_.advance(milliseconds(900));
  const auto joiner = patient_for(seconds(5));
  cache_->get(*worker_, joiner, queue(), into(late));
  executor_.advance(milliseconds(100));
  expire();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].error().kind, ErrorKind::deadline_exceeded);
  EXPECT_TRUE(late.empty());
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_EQ(queued_[0].request.deadline, joiner.deadline);
  start_queued();
  complete(value("{2}"));
  ASSERT_EQ(late.size(), 1U);
  ASSERT_TRUE(late[0]);
  EXPECT_EQ(late[0]->outcome, Outcome::miss) << "the load is its own now";
}

TEST_F(QueueTest, ALoadThatIsQueuedAgainHasItsWholeAgeBeforeIt) {
  cache();  // a flight is given up after 20 s
  Answers first;
  Answers late;
  cache_->get(*worker_, patient_for(seconds(10)), queue(), into(first));
  executor_.advance(seconds(9));
  cache_->get(*worker_, patient_for(seconds(15)), queue(), into(late));
  executor_.advance(seconds(1));
  expire();
  executor_.advance(seconds(11));
  EXPECT_TRUE(late.empty());
  start_queued();
  complete(value("{2}"));
  ASSERT_EQ(late.size(), 1U);
  EXPECT_TRUE(late[0]);
  EXPECT_TRUE(peek().served);
}

TEST_F(QueueTest, WhenTheQueueWasTooLongForEverybodyEverybodyIsTold) {
  cache();
  Answers answers;
  cache_->get(*worker_, patient_for(seconds(1)), queue(), into(answers));
  cache_->get(*worker_, patient_for(seconds(1)), queue(), into(answers));
  clock_.advance(seconds(1));
  expire();
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::deadline_exceeded);
  EXPECT_TRUE(queued_.empty());
  EXPECT_EQ(cache_->flights(), 0U);
}

TEST_F(QueueTest, ALoadIsQueuedForAsLongAsAnybodyWaitsForIt) {
  cache(&remote_);
  remote_.hold = true;
  Answers answers;
  cache_->get(*worker_, patient_for(seconds(1)), queue(), into(answers));
  const auto joiner = patient_for(seconds(5));
  cache_->get(*worker_, joiner, queue(), into(answers));
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_EQ(queued_[0].request.deadline, joiner.deadline);
}

TEST_F(TieredCacheTest, OnlyIfCachedNeverLoads) {
  cache(&remote_);
  Answers answers;
  auto cached = question();
  cached.only_if_cached = true;
  cache_->get(*worker_, cached, loader(), into(answers));
  EXPECT_EQ(answers[0].error().kind, ErrorKind::not_cached);
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  cache(&remote_);  // another process, the same Redis
  cache_->get(*worker_, cached, loader(), into(answers));
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[2]->tier, Tier::redis);
  EXPECT_EQ(loads_, 1);
}

TEST_F(TieredCacheTest, AForcedQuestionLoadsAlthoughAFreshAnswerIsThere) {
  cache(&remote_);
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(milliseconds(5));
  auto forced = question();
  forced.forced = true;
  cache_->get(*worker_, forced, loader(), into(answers));
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::forced);
  EXPECT_EQ(peek().served->entry->body, "{2}");
}

TEST_F(FleetTest, AForcedQuestionLoadsAlthoughAnotherProcessHasFilledRedis) {
  Answers answers;
  second_->get(*second_worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(2));
  for (const auto mode : {Mode::normal, Mode::redis_only}) {
    auto forced = question(mode);
    forced.forced = true;
    answers.clear();
    cache_->get(*worker_, forced, loader(), into(answers));
    complete(value("{2}"));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0]->outcome, Outcome::forced);
    EXPECT_EQ(answers[0]->entry->body, "{2}");
    EXPECT_EQ(fleet_.values[std::string(kKey)].body, "{2}");
    EXPECT_TRUE(fleet_.leases.empty());
  }
}

TEST_F(FleetTest, AForcedQuestionIsNotAnsweredWithAFailureThatTheFleetRemembers) {
  Answers answers;
  second_->get(*second_worker_, question(), loader(), into(answers));
  complete(fail(ErrorKind::provider_error));
  executor_.run_posted();
  auto forced = question();
  forced.forced = true;
  cache_->get(*worker_, forced, loader(), into(answers));
  ASSERT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->entry->body, "{2}");
}

TEST_F(FleetTest, AForcedQuestionWhoseLoadFailsFallsBackOnWhatRedisHolds) {
  for (const auto age : {seconds(2), seconds(100)}) {
    Answers answers;
    cache_->listener().on_purge(kKey);
    second_->listener().on_purge(kKey);
    fleet_.leases.clear();
    second_->get(*second_worker_, question(), loader(), into(answers));
    complete(value("{1}"));
    executor_.run_posted();
    clock_.advance(age);
    auto forced = question();
    forced.forced = true;
    answers.clear();
    cache_->get(*worker_, forced, loader(), into(answers));
    complete(fail(ErrorKind::provider_error));
    ASSERT_EQ(answers.size(), 1U);
    ASSERT_TRUE(answers[0]);
    EXPECT_EQ(answers[0]->outcome, Outcome::stale_if_error);
    EXPECT_EQ(answers[0]->tier, Tier::redis);
    fleet_.values.clear();
  }
}

TEST_F(QueueTest, AForcedQuestionThatIsRefusedInTheQueueFallsBackOnWhatRedisHolds) {
  cache(&remote_);
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  cache(&remote_);  // another process, the same Redis
  auto forced = question();
  forced.forced = true;
  answers.clear();
  cache_->get(*worker_, forced, queue(), into(answers));
  ASSERT_EQ(queued_.size(), 1U);
  queued_.front().done(fail(ErrorKind::provider_limited));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->outcome, Outcome::stale_if_error);
}

TEST_F(FleetTest, AForcedQuestionThatJoinsAFlightIsNotAnsweredWithWhatThatReadsInRedis) {
  Answers answers;
  second_->get(*second_worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(2));
  answers.clear();
  remote_.hold = true;
  cache_->get(*worker_, question(), loader(), into(answers));
  auto forced = question();
  forced.forced = true;
  cache_->get(*worker_, forced, loader(), into(answers));
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) EXPECT_EQ(answer->entry->body, "{2}");
}

TEST_F(TieredCacheTest, RefreshingInlineLetsTheStaleHitWaitForItsRefresh) {
  CacheOptions options;
  options.inline_refresh = true;
  cache(nullptr, options);
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(20));
  EXPECT_FALSE(peek().served);
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_EQ(answers.size(), 1U);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::revalidated);
}

class KeptInRedisTest : public TieredCacheTest {
 protected:
  // Redis holds a copy of this age; the memory of the process that is asked is empty.
  void start(seconds age, CacheOptions options = {}) {
    cache(&remote_, options);
    Entry entry;
    entry.body = "{1}";
    entry.etag = "e";
    entry.spans = spans_;
    entry.stored_at = clock_.wall() - age;
    fleet_.values[std::string(kKey)] = entry;
  }
};

TEST_F(KeptInRedisTest, ACopyThatComesFromRedisIsWaitedWithButNotForLong) {
  start(seconds(100));
  Answers answers;
  remote_.hold = true;
  cache_->get(*worker_, question(), loader(), into(answers));
  cache_->get(*other_worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(40));  // Redis takes its time, which is part of the wait
  remote_.hold = false;
  remote_.release();
  other_executor_.run_posted();
  EXPECT_EQ(loads_, 1);
  executor_.advance(milliseconds(1440));
  other_executor_.run_due();
  EXPECT_TRUE(answers.empty());
  executor_.advance(milliseconds(30));
  ASSERT_EQ(answers.size(), 1U);
  other_executor_.run_due();
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->outcome, Outcome::soft_timeout);
    EXPECT_EQ(answer->tier, Tier::redis);
    EXPECT_GE(answer->age, nanoseconds(milliseconds(101'500)));
  }
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}") << "the load was not in vain";
}

TEST_F(KeptInRedisTest, AStaleCopyThatIsRefreshedInlineIsWaitedWithNoLonger) {
  CacheOptions options;
  options.inline_refresh = true;
  start(seconds(20), options);
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  executor_.advance(milliseconds(1400));
  EXPECT_TRUE(answers.empty());
  executor_.advance(milliseconds(110));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->outcome, Outcome::soft_timeout);
}

TEST_F(KeptInRedisTest, ACallersOwnDeadlineIsNotPutOff) {
  start(seconds(100));
  Answers answers;
  auto hasty = question();
  hasty.deadline = clock_.steady() + milliseconds(700);
  cache_->get(*worker_, hasty, loader(), into(answers));
  executor_.advance(milliseconds(710));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->outcome, Outcome::soft_timeout);
}

TEST_F(KeptInRedisTest, AForcedQuestionWaitsForItsLoadUntilItsDeadline) {
  start(seconds(100));
  Answers answers;
  remote_.hold = true;
  cache_->get(*worker_, question(), loader(), into(answers));
  auto forced = question();
  forced.forced = true;
  Answers wanted;
  cache_->get(*worker_, forced, loader(), into(wanted));
  remote_.hold = false;
  remote_.release();
  executor_.advance(seconds(2));
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_TRUE(wanted.empty());
  complete(value("{2}"));
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0]->entry->body, "{2}");
}

TEST_F(KeptInRedisTest, APurgeGivesTheRestOfThePatienceBackToTheLoad) {
  start(seconds(100));
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  cache_->purge(*worker_, kKey, [](const Result<void>&) {});
  executor_.advance(seconds(2));
  EXPECT_TRUE(answers.empty());
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{2}");
}

TEST_F(TieredCacheTest, WritingBeforeTheAnswerHoldsItButNotForLong) {
  CacheOptions options;
  options.write_wait = milliseconds(20);
  for (const bool redis_answers : {true, false}) {
    cache(&remote_, options);
    fleet_.values.clear();
    fleet_.leases.clear();
    Answers answers;
    waiting_.clear();
    cache_->get(*worker_, question(), loader(), into(answers));
    remote_.hold = true;
    complete(value("{1}"));
    EXPECT_TRUE(answers.empty());
    if (redis_answers) {
      remote_.release();
    } else {
      executor_.advance(milliseconds(21));
    }
    EXPECT_EQ(answers.size(), 1U);
    remote_.hold = false;
    remote_.release();
    EXPECT_EQ(answers.size(), 1U);
  }
}

TEST_F(TieredCacheTest, TellsTheLoaderHowUrgentItIs) {
  spans_ = {seconds(10), seconds(10), seconds(100)};
  cache();
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(milliseconds(9900));
  cache_->refresh(*worker_, question(), loader());
  complete(fail(ErrorKind::provider_error));
  clock_.advance(seconds(2));
  cache_->refresh(*worker_, question(), loader());
  complete(fail(ErrorKind::provider_error));
  clock_.advance(seconds(30));
  cache_->get(*worker_, question(), loader(), into(answers));
  EXPECT_EQ(purposes_, (std::vector{Purpose::cold, Purpose::early, Purpose::refresh, Purpose::revalidate}));
}

TEST_F(TieredCacheTest, AnEntryFromTheFutureIsServedStaleRefreshedAndCounted) {
  cache(&remote_);
  Entry entry;
  entry.body = "{future}";
  entry.etag = "f";
  entry.spans = spans_;
  entry.stored_at = clock_.wall() + seconds(3600);
  fleet_.values[std::string(kKey)] = entry;
  Answers answers;
  cache_->get(*worker_, question(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->outcome, Outcome::stale_while_revalidate);
  EXPECT_EQ(loads_, 1);
  EXPECT_GT(metrics_.value(observability::Counter::cache_ahead_of_clock), 0U);
}

TEST_F(TieredCacheTest, AStepOfTheWallClockMakesNothingImmortalAndNoAgeNegative) {
  spans_ = {seconds(10), seconds(10), seconds(10)};
  struct Case {
    milliseconds step;
    Outcome outcome;  // of what another process reads in Redis after the step
    milliseconds age;
  };
  for (const auto& [step, outcome, age] : {Case{seconds(3600), Outcome::miss, seconds(0)},
                                           {seconds(25), Outcome::revalidated, seconds(0)},
                                           {seconds(15), Outcome::stale_while_revalidate, seconds(15)},
                                           {seconds(-1), Outcome::hit, seconds(0)},
                                           {seconds(-3600), Outcome::stale_while_revalidate, seconds(10)}}) {
    SCOPED_TRACE(step.count());
    cache(&remote_);
    fleet_.values.clear();
    waiting_.clear();
    Answers answers;
    cache_->get(*worker_, question(), loader(), into(answers));
    complete(value("{1}"));
    clock_.step_wall(step);
    ASSERT_TRUE(peek().served);
    EXPECT_EQ(peek().served->outcome, Outcome::hit) << "memory ages by the steady clock";
    EXPECT_EQ(peek().served->age, nanoseconds(0));

    cache(&remote_);  // another process reads what was stored before the step
    answers.clear();
    cache_->get(*worker_, question(), loader(), into(answers));
    if (answers.empty()) complete(value("{2}"));
    ASSERT_EQ(answers.size(), 1U);
    ASSERT_TRUE(answers[0]);
    EXPECT_EQ(answers[0]->outcome, outcome);
    EXPECT_EQ(answers[0]->age, nanoseconds(age));
    if (age < seconds(10)) {
      clock_.advance(seconds(4));
      ASSERT_TRUE(peek().served);
      EXPECT_EQ(peek().served->age, nanoseconds(seconds(4)));
      clock_.advance(seconds(6));
    }
    // Whatever it was and whenever it is over, it is stale first (a refresh may be under way: it never ends here).
    ASSERT_TRUE(peek().served);
    EXPECT_EQ(peek().served->outcome, Outcome::stale_while_revalidate);
    clock_.advance(seconds(20));
    answers.clear();
    auto cached = question();
    cached.only_if_cached = true;
    fleet_.values.clear();  // Redis's own clock has let go of it
    cache_->get(*worker_, cached, loader(), into(answers));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_FALSE(answers[0]) << "gone";
    clock_.step_wall(-step);
  }
}

}  // namespace
}  // namespace wx::cache
