// One process: loads, waits, deadlines, and the tiers from which answers are read and in which they are stored.
#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

TEST_F(TieredCacheTest, LoadsOnceAndThenAnswersFromMemoryWithAnHonestAge) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
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
    cache_->get(i % 2 == 0 ? *thread_ : *other_thread_, lookup(), loader(), into(answers));
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
  EXPECT_EQ(cache_->flight_count(), 0U);
}

TEST_F(TieredCacheTest, NobodyLoadsAgainBetweenTheEndOfAFlightAndMemory) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_FALSE(peek().served);  // a caller looked before the flight ended ...
  complete(value("{1}"));
  cache_->get(*thread_, lookup(), loader(), into(answers));  // ... and asks after its end
  EXPECT_EQ(loads_, 1);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::hit);
}

TEST_F(TieredCacheTest, AsksRedisBeforeTheLoaderAndFillsMemoryFromIt) {
  cache(&remote_);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  EXPECT_EQ(remote_.writes, 1);

  // Another process: an empty memory, the same Redis.
  cache(&remote_);
  clock_.advance(seconds(4));
  cache_->get(*thread_, lookup(), loader(), into(answers));
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0]->redis_unavailable);
  EXPECT_EQ(metrics_.value(observability::Counter::cache_redis_error), 1U);
  EXPECT_EQ(metrics_.value(observability::Counter::cache_redis_miss), 0U);
}

TEST_F(TieredCacheTest, AFailureTellsEveryWaiterOnceAndLeavesTheKeyFree) {
  cache();
  Answers answers;
  for (int i = 0; i < 3; ++i) cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(fail(ErrorKind::provider_error));
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::provider_error);
  EXPECT_EQ(loads_, 1);
  EXPECT_FALSE(peek().served);
}

TEST_F(TieredCacheTest, NobodyWaitsLongerThanTheirDeadlineWhateverTheLoaderDoes) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.advance(seconds(5));
  cache_->get(*thread_, lookup(), loader(), into(answers));
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.advance(seconds(21));
  EXPECT_EQ(cache_->flight_count(), 0U);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_EQ(loads_, 2);
  complete(value("{late}"));  // the answer of the first load
  EXPECT_FALSE(peek().served) << "an abandoned load is not stored";
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
}

TEST_F(TieredCacheTest, ABypassSharesNothing) {
  cache(&remote_);
  Answers answers;
  for (int i = 0; i < 6; ++i) cache_->get(*thread_, lookup(Mode::bypass), loader(), into(answers));
  EXPECT_EQ(loads_, 6);
  for (int i = 0; i < 6; ++i) complete(value("{b}"));
  ASSERT_EQ(answers.size(), 6U);
  for (const auto& answer : answers) EXPECT_EQ(answer->outcome, Outcome::bypass);
  EXPECT_EQ(remote_.reads, 0);
  EXPECT_EQ(remote_.writes, 0);
  EXPECT_FALSE(peek().served);
}

TEST_F(TieredCacheTest, ABypassHasNoCopyToRefresh) {
  cache();
  cache_->refresh(*thread_, lookup(Mode::bypass), loader());
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(cache_->flight_count(), 0U);
}

TEST_F(TieredCacheTest, SaysThatItStoredOnlyWhereATierTookIt) {
  const auto stored = [this](RemoteTier* remote, std::size_t memory, Mode mode = Mode::normal) {
    fleet_.values.clear();
    CacheOptions options;
    options.memory.limit = memory;
    cache(remote, options);
    Answers answers;
    cache_->get(*thread_, lookup(mode), loader(), into(answers));
    complete(value(std::string(1000, 'x')));
    return answers.size() == 1 && answers[0] && answers[0]->stored;
  };
  constexpr std::size_t kMemory = std::size_t{64} << 20;
  EXPECT_TRUE(stored(nullptr, kMemory));
  EXPECT_TRUE(stored(&remote_, 0));
  EXPECT_TRUE(stored(&remote_, kMemory, Mode::redis_only));
  EXPECT_FALSE(stored(nullptr, 0)) << "no tier at all";
  EXPECT_FALSE(stored(nullptr, std::size_t{4} << 10)) << "too large for an eighth of 4 KiB";
  remote_.failing = ErrorKind::redis_timeout;
  EXPECT_FALSE(stored(&remote_, 0)) << "a Redis that has not answered";
  EXPECT_TRUE(stored(&remote_, kMemory));
}

TEST_F(TieredCacheTest, RedisOnlyNeitherReadsNorFillsMemory) {
  cache(&remote_);
  Answers answers;
  cache_->get(*thread_, lookup(Mode::redis_only), loader(), into(answers));
  complete(value("{1}"));
  EXPECT_FALSE(peek().served);
  cache_->get(*thread_, lookup(Mode::redis_only), loader(), into(answers));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::hit);
  EXPECT_EQ(answers[1]->tier, Tier::redis);
  EXPECT_FALSE(peek().served);
  fleet_.values.clear();  // redis-cli del
  cache_->get(*thread_, lookup(Mode::redis_only), loader(), into(answers));
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, EveryCallerIsAnsweredOnItsOwnThread) {
  cache();
  std::thread::id first;
  bool second = false;
  cache_->get(*thread_, lookup(), loader(), [&](Result<Served>) { first = std::this_thread::get_id(); });
  cache_->get(*other_thread_, lookup(), loader(), [&](Result<Served>) { second = true; });
  executor_.set_in_this_thread(false);
  complete(value("{1}"));  // as if on the loader's thread
  EXPECT_EQ(first, std::thread::id());
  executor_.set_in_this_thread(true);
  executor_.run_posted();
  EXPECT_EQ(first, std::this_thread::get_id());
  EXPECT_FALSE(second);
  other_executor_.run_posted();
  EXPECT_TRUE(second);
}

TEST_F(TieredCacheTest, ACallerWhoseAnswerIsStillOnItsWayAtTheDeadlineIsAnsweredOnce) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->get(*other_thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(other_executor_.posted(), 1U);  // its thread is busy, and the flight has ended
  clock_.advance(seconds(10));
  other_thread_->deadlines().run_due();
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().kind, ErrorKind::deadline_exceeded);
  other_executor_.run_posted();
  EXPECT_EQ(answers.size(), 2U);
}

TEST_F(TieredCacheTest, ACallerWhoseAnswerIsStillOnItsWayAtTheSoftDeadlineGetsIt) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));  // kept
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->get(*other_thread_, lookup(), loader(), into(answers));
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(other_executor_.posted(), 1U);  // its thread is busy, and the flight has ended
  clock_.advance(seconds(2));
  other_thread_->deadlines().run_due();
  EXPECT_EQ(answers.size(), 2U) << "not a failure in place of the answer";
  other_executor_.run_posted();
  ASSERT_EQ(answers.size(), 3U);
  ASSERT_TRUE(answers[2]);
  EXPECT_EQ(answers[2]->entry->body, "{2}");
}

TEST_F(TieredCacheTest, OnlyIfCachedNeverLoads) {
  cache(&remote_);
  Answers answers;
  auto cached = lookup();
  cached.only_if_cached = true;
  cache_->get(*thread_, cached, loader(), into(answers));
  EXPECT_EQ(answers[0].error().kind, ErrorKind::not_cached);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  cache(&remote_);  // another process, the same Redis
  cache_->get(*thread_, cached, loader(), into(answers));
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[2]->tier, Tier::redis);
  EXPECT_EQ(loads_, 1);
}

TEST_F(TieredCacheTest, OnlyIfCachedLeavesTheTimeOfTheNextRefreshAsItIs) {
  cache();
  Answers answers;
  auto cached = lookup();
  cached.only_if_cached = true;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(spans_.fresh_for);
  cache_->get(*thread_, cached, loader(), into(answers));
  EXPECT_TRUE(peek().refresh) << "it starts no refresh";
  cache_->get(*thread_, cached, loader(), into(answers));
  EXPECT_FALSE(peek().refresh) << "the hit before has started one";
  cache_->refresh(*thread_, lookup(), loader());
  complete(fail(ErrorKind::provider_error));  // the next refresh may start after a second
  cache_->get(*thread_, cached, loader(), into(answers));
  EXPECT_FALSE(peek().refresh);
  clock_.advance(seconds(1));
  EXPECT_TRUE(peek().refresh);
}

TEST_F(TieredCacheTest, OnlyIfCachedCountsItsReadOfRedisAndTellsWhenThatFails) {
  using observability::Counter;
  cache(&remote_);
  Answers answers;
  auto cached = lookup();
  cached.only_if_cached = true;
  cache_->get(*thread_, cached, loader(), into(answers));
  EXPECT_EQ(metrics_.value(Counter::cache_redis_miss), 1U);
  for (const auto kind : {ErrorKind::redis_timeout, ErrorKind::redis_unavailable, ErrorKind::redis_error}) {
    remote_.failing = kind;
    remote_.failing_detail = "WRONGTYPE";
    cache_->get(*thread_, cached, loader(), into(answers));
    EXPECT_EQ(answers.back().error().kind, ErrorKind::cache_unavailable);
    EXPECT_EQ(answers.back().error().detail, "") << "no words of Redis for a client";
  }
  EXPECT_EQ(metrics_.value(Counter::cache_redis_error), 3U);
  remote_.failing.reset();
  cache_->get(*thread_, lookup(), loader(), into(answers));  // a second miss
  complete(value("{1}"));
  cache(&remote_);  // another process, the same Redis
  remote_.hold = true;
  cache_->get(*thread_, cached, loader(), into(answers));
  clock_.advance(milliseconds(3));
  remote_.release();
  EXPECT_EQ(answers.back()->timings.redis, milliseconds(3));
  EXPECT_EQ(metrics_.value(Counter::cache_redis_hit), 1U);
  EXPECT_NE(metrics_.text().find("weather_cache_redis_duration_seconds_count 6\n"), std::string::npos)
      << "two misses, three errors, a hit";
  EXPECT_EQ(loads_, 1);
}

TEST_F(TieredCacheTest, OnlyIfCachedTakesNoRefreshFromTheNextHit) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(15));  // stale
  auto cached = lookup();
  cached.only_if_cached = true;
  cache_->get(*thread_, cached, loader(), into(answers));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::stale_if_error);
  EXPECT_EQ(loads_, 1);
  EXPECT_TRUE(peek().refresh) << "the next hit starts the refresh";
}

TEST_F(TieredCacheTest, OnlyIfCachedReadsNothingInABypass) {
  cache(&remote_);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));  // memory and Redis hold it now
  const auto reads = remote_.reads;
  auto cached = lookup(Mode::bypass);
  cached.only_if_cached = true;
  cache_->get(*thread_, cached, loader(), into(answers));
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().kind, ErrorKind::not_cached);
  EXPECT_EQ(remote_.reads, reads);
}

TEST_F(TieredCacheTest, ALoaderThatBypassesTheCacheAndDropsItsCallbackDestroysThatOfItsCaller) {
  cache(&remote_);
  bool called = false;
  auto alive = std::make_shared<int>();
  const std::weak_ptr<int> watch = alive;
  cache_->get(
      *thread_, lookup(Mode::bypass), [](LoadRequest, const LoadCallback&) {},
      [&called, alive = std::move(alive)](const Result<Served>&) { called = true; });
  executor_.advance(seconds(60));
  EXPECT_TRUE(watch.expired());
  EXPECT_FALSE(called);
}

TEST_F(TieredCacheTest, ACacheThatIsDestroyedDestroysTheCallbacksOfItsWaiters) {
  for (const bool loading : {true, false}) {
    cache(&remote_);
    remote_.hold = !loading;
    bool called = false;
    auto alive = std::make_shared<int>();
    const std::weak_ptr<int> watch = alive;
    cache_->get(*thread_, lookup(), loader(),
                [&called, alive = std::move(alive)](const Result<Served>&) { called = true; });
    cache_.reset();
    executor_.advance(seconds(60));
    waiting_.clear();
    remote_.held.clear();
    EXPECT_TRUE(watch.expired());
    EXPECT_FALSE(called);
  }
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
    cache_->get(*thread_, lookup(), loader(), into(answers));
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(milliseconds(9900));
  cache_->refresh(*thread_, lookup(), loader());
  complete(fail(ErrorKind::provider_error));
  clock_.advance(seconds(2));
  cache_->refresh(*thread_, lookup(), loader());
  complete(fail(ErrorKind::provider_error));
  clock_.advance(seconds(30));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_EQ(purposes_, (std::vector{Purpose::cold, Purpose::early, Purpose::refresh, Purpose::revalidate}));
}

// A real clock moves on between two readings. A copy that is dated by one reading and judged by an earlier one would be
// fresh for that long: HIT with no time left, and no refresh.
class TickingClock final : public Clock {
 public:
  explicit TickingClock(test::FakeClock& clock) : clock_(clock) {}
  [[nodiscard]] SteadyTime steady() const override {
    clock_.advance(std::chrono::microseconds(1));
    return clock_.steady();
  }
  [[nodiscard]] WallTime wall() const override { return clock_.wall(); }

 private:
  test::FakeClock& clock_;
};

TEST_F(TieredCacheTest, AnEntryFromTheFutureIsNeverFreshHoweverTheClockMovesOn) {
  const TickingClock ticking(clock_);
  for (const auto way : {Mode::normal, Mode::redis_only}) {
    for (const bool only_if_cached : {false, true}) {
      for (const bool stale : {true, false}) {
        thread_.emplace(executor_, &remote_, ticking);
        cache_ = std::make_unique<TieredCache>(CacheOptions{}, ticking, metrics_, log_);
        Entry entry;
        entry.body = "{future}";
        entry.etag = "f";
        entry.spans = spans_;
        if (!stale) entry.spans.stale_for = seconds(0);
        entry.stored_at = clock_.wall() + seconds(3600);
        fleet_.values[std::string(kKey)] = entry;
        fleet_.leases.clear();
        Answers answers;
        loads_ = 0;
        auto asked = lookup(way);
        asked.only_if_cached = only_if_cached;
        cache_->get(*thread_, asked, loader(), into(answers));
        EXPECT_EQ(loads_, only_if_cached ? 0 : 1);
        if (answers.empty()) {
          EXPECT_FALSE(stale) << "a kept copy is waited with";
          continue;
        }
        ASSERT_TRUE(answers[0]);
        EXPECT_NE(answers[0]->outcome, Outcome::hit);
        EXPECT_GE(answers[0]->age, spans_.fresh_for);
      }
    }
  }
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->outcome, Outcome::stale_while_revalidate);
  EXPECT_EQ(loads_, 1);
  EXPECT_GT(metrics_.value(observability::Counter::cache_ahead_of_clock), 0U);
}

}  // namespace
}  // namespace wx::cache
