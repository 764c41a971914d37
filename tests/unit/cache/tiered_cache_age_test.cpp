// Answers as they age: early refresh, stale and kept copies, remembered failures and refusals, steps of the clock.
#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

TEST_F(TieredCacheTest, AStaleAnswerIsServedAtOnceAndRefreshedBehindOnce) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(12));
  const auto first = peek();
  ASSERT_TRUE(first.served);
  EXPECT_EQ(first.served->outcome, Outcome::stale_while_revalidate);
  EXPECT_TRUE(first.refresh);
  cache_->refresh(*thread_, lookup(), loader());
  const auto second = peek();
  EXPECT_EQ(second.served->outcome, Outcome::stale_while_revalidate);
  EXPECT_FALSE(second.refresh) << "one refresh is enough";
  EXPECT_EQ(loads_, 2);
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
  EXPECT_EQ(peek().served->outcome, Outcome::hit);
}

TEST_F(TieredCacheTest, TheAgeOfAnAnswerBeginsWhenItsSourceWasAsked) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  clock_.advance(milliseconds(500));  // spent in the queue, or on an attempt that failed
  const auto asked = clock_.steady();
  const auto asked_wall = clock_.wall();
  clock_.advance(seconds(4));
  clock_.step_wall(seconds(30));
  auto loaded = value("{1}");
  loaded.request_time = asked;
  complete(std::move(loaded));
  ASSERT_TRUE(answers.front());
  EXPECT_EQ(answers.front()->outcome, Outcome::miss);
  EXPECT_EQ(answers.front()->age, seconds(4));
  EXPECT_EQ(answers.front()->entry->stored_at, asked_wall + seconds(30)) << "by the clock that other processes see";
  clock_.advance(seconds(6) - milliseconds(1));
  EXPECT_EQ(peek().served->outcome, Outcome::hit);
  clock_.advance(milliseconds(1));
  EXPECT_EQ(peek().served->outcome, Outcome::stale_while_revalidate);
  EXPECT_EQ(peek().served->age, seconds(10));
}

TEST_F(TieredCacheTest, ALateHitStartsExactlyOneEarlyRefreshAndTheKeyStaysHit) {
  spans_ = {seconds(10), seconds(0), seconds(0)};
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  int refreshes = 0;
  for (int tenth = 0; tenth < 600; ++tenth) {  // a minute of requests every 100 ms; loads take 500 ms
    executor_.advance(milliseconds(100));
    const auto peeked = peek();
    ASSERT_TRUE(peeked.served) << "at " << tenth;
    ASSERT_EQ(peeked.served->outcome, Outcome::hit);
    if (peeked.refresh) {
      ++refreshes;
      cache_->refresh(*thread_, lookup(), loader());
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(milliseconds(9900));
  ASSERT_TRUE(peek().refresh);
  cache_->refresh(*thread_, lookup(), loader());
  EXPECT_EQ(early(), 1U);
  complete(value("{2}"));
  clock_.advance(seconds(12));
  ASSERT_TRUE(peek().refresh) << "the copy is stale";
  cache_->refresh(*thread_, lookup(), loader());
  EXPECT_EQ(early(), 1U);
  complete(value("{3}"));

  // If no memory tier notices that a copy is late, the flight that reads Redis does.
  cache(&remote_);
  cache_->get(*thread_, lookup(Mode::redis_only), loader(), into(answers));
  complete(value("{4}"));
  EXPECT_EQ(early(), 1U);
  clock_.advance(milliseconds(9900));
  cache_->get(*thread_, lookup(Mode::redis_only), loader(), into(answers));
  EXPECT_EQ(answers.back()->outcome, Outcome::hit);
  EXPECT_EQ(early(), 2U);
  complete(value("{5}"));
}

TEST_F(TieredCacheTest, AFailedRefreshIsTriedAgainAfterAPauseNotAtEveryHit) {
  spans_ = {seconds(100), seconds(0), seconds(0)};
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(90));
  EXPECT_TRUE(peek().refresh);
  cache_->refresh(*thread_, lookup(), loader());
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
    cache_->get(*thread_, lookup(), loader(), into(answers));
    complete(value("{1}"));
    clock_.advance(seconds(120));
    const auto refusing = [retry_after](LoadRequest, LoadCallback done) {
      Error error{.kind = ErrorKind::provider_limited, .retry_after = retry_after};
      done(std::unexpected(std::move(error)));
    };
    ASSERT_TRUE(peek().refresh);
    cache_->refresh(*thread_, lookup(), refusing);
    EXPECT_FALSE(peek().refresh) << "not every hit starts a refresh";
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(120));
  ASSERT_TRUE(peek().refresh);
  cache_->refresh(*thread_, lookup(), loader());
  executor_.advance(seconds(20));
  EXPECT_EQ(cache_->flight_count(), 0U);
  executor_.advance(seconds(1));
  EXPECT_TRUE(peek().refresh);
}

TEST_F(TieredCacheTest, AKeptAnswerIsWaitedWithButNotForLong) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  EXPECT_FALSE(peek().served);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.advance(milliseconds(1400));
  EXPECT_EQ(answers.size(), 1U);
  executor_.advance(milliseconds(200));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::soft_timeout);
  EXPECT_EQ(answers[1]->age, nanoseconds(milliseconds(101'500)));
  EXPECT_EQ(answers[1]->timings.load, nanoseconds(milliseconds(1500))) << "the time of the unfinished load counts";
  complete(value("{2}"));
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_EQ(peek().served->entry->body, "{2}") << "the load is stored when it ends";
}

TEST_F(TieredCacheTest, AKeptAnswerIsReplacedWithinTheWait) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.advance(milliseconds(600));
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::revalidated);
  EXPECT_EQ(answers[1]->entry->body, "{2}");
}

TEST_F(TieredCacheTest, AKeptAnswerCoversTheProvidersFailure) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*thread_, lookup(), loader(), into(answers));
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  remote_.hold = true;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.advance(milliseconds(1500));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::soft_timeout);
  EXPECT_EQ(answers[1]->timings.redis, nanoseconds(milliseconds(1500)));
  EXPECT_LT(answers[1]->timings.load, nanoseconds(0));
}

TEST_F(TieredCacheTest, WhileAFailureIsRememberedTheKeptAnswerIsServedAtOnceAndNobodyLoads) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(fail(ErrorKind::provider_timeout));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 3U) << "without CACHE_SOFT_WAIT";
  EXPECT_EQ(answers[2]->outcome, Outcome::stale_if_error);
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, ARememberedFailureIsToldAsSuch) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(fail(ErrorKind::provider_timeout));
  EXPECT_FALSE(answers[0].error().remembered);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_TRUE(answers[1].error().remembered);
  clock_.advance(milliseconds(1001));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, ARefusalIsRememberedMuchLonger) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(Loaded::refusal("No data is available for this location"));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->entry->kind, EntryKind::refusal);
  EXPECT_EQ(answers[0]->entry->spans, (Spans{.fresh_for = seconds(300)}));
  EXPECT_FALSE(answers[0]->entry->early_refresh);
  clock_.advance(seconds(290));
  EXPECT_EQ(peek().served->entry->body, "No data is available for this location");
  clock_.advance(seconds(11));
  EXPECT_FALSE(peek().served);
}

TEST_F(TieredCacheTest, ARefusalBehindAKeptAnswerIsToldOnceTheAnswerIsGone) {
  spans_ = {.fresh_for = seconds(10), .stale_for = seconds(60), .keep_for = seconds(130)};
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(Loaded::refusal("No data is available for this location"));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  clock_.advance(seconds(101));  // the answer is gone, the refusal is not
  cache_->get(*thread_, lookup(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 4U);
  for (const auto i : {1U, 2U}) {
    ASSERT_TRUE(answers[i]);
    EXPECT_EQ(answers[i]->entry->body, "{1}");
    EXPECT_EQ(answers[i]->outcome, Outcome::stale_if_error);
  }
  ASSERT_TRUE(answers[3]);
  EXPECT_EQ(answers[3]->entry->kind, EntryKind::refusal);
  EXPECT_EQ(answers[3]->entry->body, "No data is available for this location");
  EXPECT_EQ(answers[3]->outcome, Outcome::hit);
  EXPECT_EQ(answers[3]->age, nanoseconds(seconds(101)));
  EXPECT_EQ(loads_, 2);
}

TEST_F(TieredCacheTest, OnlyTheClientAtItsLimitIsRefused) {
  cache();
  Answers greedy;
  Answers others;
  const auto refusing = [](LoadRequest, LoadCallback done) { done(fail(ErrorKind::client_limited)); };
  FakeRemote slow(fleet_);
  cache(&slow);
  slow.hold = true;
  cache_->get(*thread_, lookup(), refusing, into(greedy));
  cache_->get(*thread_, lookup(), loader(), into(others));
  slow.hold = false;
  slow.release();
  ASSERT_EQ(greedy.size(), 1U);
  EXPECT_EQ(greedy[0].error().kind, ErrorKind::client_limited);
  ASSERT_EQ(loads_, 1);
  complete(value("{1}"));
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0]->entry->body, "{1}");
}

TEST_F(TieredCacheTest, RefreshingInlineLetsTheStaleHitWaitForItsRefresh) {
  CacheOptions options;
  options.inline_refresh = true;
  cache(nullptr, options);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(20));
  EXPECT_FALSE(peek().served);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_EQ(answers.size(), 1U);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::revalidated);
}

class KeptInRedisTest : public TieredCacheTest {
 protected:
  // Redis holds a copy of this age, and the memory of this process is empty.
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->get(*other_thread_, lookup(), loader(), into(answers));
  executor_.advance(milliseconds(40));  // the time that Redis takes is part of the wait
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
  EXPECT_EQ(peek().served->entry->body, "{2}") << "the load is stored when it ends";
}

TEST_F(KeptInRedisTest, AStaleCopyThatIsRefreshedInlineIsWaitedWithNoLonger) {
  CacheOptions options;
  options.inline_refresh = true;
  start(seconds(20), options);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.advance(milliseconds(1400));
  EXPECT_TRUE(answers.empty());
  executor_.advance(milliseconds(110));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->outcome, Outcome::soft_timeout);
}

TEST_F(KeptInRedisTest, ACallersOwnDeadlineIsNotPutOff) {
  start(seconds(100));
  Answers answers;
  auto hasty = lookup();
  hasty.deadline = clock_.steady() + milliseconds(700);
  cache_->get(*thread_, hasty, loader(), into(answers));
  executor_.advance(milliseconds(710));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->outcome, Outcome::soft_timeout);
}

TEST_F(KeptInRedisTest, AForcedQuestionWaitsForItsLoadUntilItsDeadline) {
  start(seconds(100));
  Answers answers;
  remote_.hold = true;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  auto forced = lookup();
  forced.forced = true;
  Answers wanted;
  cache_->get(*thread_, forced, loader(), into(wanted));
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->purge(*thread_, kKey, [](const Result<void>&) {});
  executor_.advance(seconds(2));
  EXPECT_TRUE(answers.empty());
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{2}");
}

TEST_F(TieredCacheTest, AStepOfTheWallClockMakesNothingImmortalAndNoAgeNegative) {
  spans_ = {seconds(10), seconds(10), seconds(10)};
  struct Case {
    milliseconds step;
    Outcome outcome;  // of the lookup in another process, which reads Redis after the step
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
    cache_->get(*thread_, lookup(), loader(), into(answers));
    complete(value("{1}"));
    clock_.step_wall(step);
    ASSERT_TRUE(peek().served);
    EXPECT_EQ(peek().served->outcome, Outcome::hit) << "copies in memory age by the steady clock";
    EXPECT_EQ(peek().served->age, nanoseconds(0));

    cache(&remote_);  // another process reads the copy that was stored before the step
    answers.clear();
    cache_->get(*thread_, lookup(), loader(), into(answers));
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
    // Whatever the outcome was, the copy becomes stale first. (A refresh may be under way, and never ends here.)
    ASSERT_TRUE(peek().served);
    EXPECT_EQ(peek().served->outcome, Outcome::stale_while_revalidate);
    clock_.advance(seconds(20));
    answers.clear();
    auto cached = lookup();
    cached.only_if_cached = true;
    fleet_.values.clear();  // Redis's own clock has let the copy expire
    cache_->get(*thread_, cached, loader(), into(answers));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_FALSE(answers[0]) << "gone";
    clock_.step_wall(-step);
  }
}

}  // namespace
}  // namespace wx::cache
