// Two processes that share one Redis: one load for both, purges, epochs, copies in doubt.
#include <atomic>
#include <thread>

#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

TEST_F(FleetTest, OneLoadServesBothProcesses) {
  Answers answers;
  ask_both(answers);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(stood_down_, 1) << "the other process gives its turn at the provider back";
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
  cache_.reset();  // kill -9: no fill and no fail is ever published
  waiting_.clear();
  executor_.advance(milliseconds(5900));
  EXPECT_EQ(loads_, 1);
  executor_.advance(milliseconds(200));
  EXPECT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{2}");
}

// The parameter: the process is told that its channel is lost.
class RedisDiesTest : public FleetTest, public testing::WithParamInterface<bool> {};

TEST_P(RedisDiesTest, WhoWaitsForAnotherLoads) {
  Answers answers;
  ask_both(answers);
  EXPECT_EQ(loads_, 1);
  remote_.failing = second_remote_.failing = ErrorKind::redis_unavailable;
  if (GetParam()) {
    second_->listener().on_disconnected();
    executor_.run_posted();
  } else {
    executor_.advance(milliseconds(280));
  }
  EXPECT_EQ(loads_, 2) << "at once when the channel is lost, else at the first look";
  complete(value("{1}"));
  complete(value("{2}"));
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) EXPECT_TRUE(answer);
}

INSTANTIATE_TEST_SUITE_P(Fleet, RedisDiesTest, testing::Bool());

// The memo of a failure does not outlive the news of a newer value.
TEST_F(FleetTest, AFillLetsTheNextQuestionLookPastARememberedFailure) {
  Answers answers;
  ask_both(answers);
  complete(fail(ErrorKind::provider_error));
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 2U);
  fleet_.leases.clear();  // the fleet's memo is lost, so that the first process loads again
  clock_.advance(milliseconds(1));
  cache_->get(
      *thread_,
      [&] {
        auto forced = lookup();
        forced.forced = true;
        return forced;
      }(),
      loader(), into(answers));
  complete(value("{1}"));
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_TRUE(answers[2]);
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 4U);
  ASSERT_TRUE(answers[3]) << "not the remembered failure";
  EXPECT_EQ(answers[3]->entry->body, "{1}");
  EXPECT_EQ(loads_, 2);
}

// A process without a memory tier.
TEST_F(FleetTest, AValueInRedisEndsTheMemoOfAProcessWithoutMemory) {
  CacheOptions options;
  options.memory.limit = 0;
  cache(&remote_, options);
  fleet_.listeners = {&cache_->listener(), &second_->listener()};
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(fail(ErrorKind::provider_error));
  fleet_.leases.clear();
  clock_.advance(milliseconds(1));
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  executor_.run_posted();
  for (int i = 0; i < 3; ++i) cache_->get(*thread_, lookup(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 5U);
  for (int i = 1; i < 5; ++i) EXPECT_TRUE(answers[static_cast<std::size_t>(i)]) << i;
  EXPECT_EQ(loads_, 2);
}

// A memo holds no copy. What was kept is served from memory, or if memory has evicted it or is off, from Redis.
TEST_F(FleetTest, WhatIsKeptInRedisIsServedWhileAFailureIsRemembered) {
  for (const bool memory : {true, false}) {
    CacheOptions options;
    options.memos.first = seconds(10);
    if (!memory) options.memory.limit = 0;
    cache(&remote_, options);
    fleet_.values.clear();
    fleet_.leases.clear();
    fleet_.listeners = {&cache_->listener()};
    loads_ = 0;
    Answers answers;
    cache_->get(*thread_, lookup(), loader(), into(answers));
    complete(value("{1}"));
    clock_.advance(seconds(100));  // kept
    cache_->get(*thread_, lookup(), loader(), into(answers));
    complete(fail(ErrorKind::provider_error));
    if (memory) cache_->memory().erase(kKey, hash64(kKey));
    const auto entry = std::weak_ptr(answers[0]->entry);
    answers.clear();
    EXPECT_TRUE(entry.expired()) << "nothing but memory holds a copy";
    remote_.hold = true;
    for (int i = 0; i < 3; ++i) cache_->get(*thread_, lookup(), loader(), into(answers));
    EXPECT_EQ(remote_.held.size(), 1U) << "one look for all";
    remote_.hold = false;
    remote_.release();
    cache_->get(*thread_, lookup(), loader(), into(answers));
    ASSERT_EQ(answers.size(), 4U);
    for (const auto& answer : answers) {
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->outcome, Outcome::stale_if_error);
      EXPECT_EQ(answer->entry->body, "{1}");
    }
    EXPECT_EQ(loads_, 2) << "the failure is in force";
    // Redis has lost it.
    if (memory) cache_->memory().erase(kKey, hash64(kKey));
    fleet_.values.clear();
    const auto reads = remote_.reads;
    for (int i = 0; i < 3; ++i) cache_->get(*thread_, lookup(), loader(), into(answers));
    for (std::size_t i = 4; i < 7; ++i) EXPECT_FALSE(answers[i]);
    EXPECT_EQ(remote_.reads, reads + 1) << "Redis is asked once";
    EXPECT_EQ(loads_, 2);
  }
}

// The provider rejects what it had answered before, and the kept answer ends before the memo does. A look in Redis that
// finds nothing does not end the memo.
TEST_F(FleetTest, ARememberedRejectionIsNoNewValue) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  executor_.advance(seconds(660));  // of 670 for which the answer may be served
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(Loaded::refusal(std::string("No data")));
  executor_.advance(seconds(20));  // of 300 for which the rejection is remembered
  for (int i = 0; i < 3; ++i) {
    announce("another", clock_.wall());
    cache_->get(*thread_, lookup(), loader(), into(answers));
    ASSERT_EQ(loads_, 2) << "the rejection is remembered";
    ASSERT_TRUE(answers.back());
    EXPECT_EQ(answers.back()->entry->body, "No data");
  }
}

// The channel comes back while a load is under way. A purge that was missed before may concern what it brings.
TEST_F(FleetTest, ALoadThatBeganBeforeAGapEndedIsDoubtful) {
  Answers answers;
  cache_->listener().on_listening();
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->listener().on_disconnected();
  clock_.advance(milliseconds(10));
  cache_->listener().on_listening();
  clock_.advance(milliseconds(10));
  complete(value("{1}"));
  const auto doubted = peek();
  EXPECT_EQ(doubted.served->outcome, Outcome::hit);
  EXPECT_TRUE(doubted.refresh);
}

TEST_F(FleetTest, AnAnnouncementWithoutAValueLeavesARememberedFailureInForce) {
  Answers answers;
  ask_both(answers);
  complete(fail(ErrorKind::provider_error));
  executor_.run_posted();
  announce("other", clock_.wall());
  const int before = remote_.reads;
  for (int i = 0; i < 5; ++i) cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 7U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::provider_error);
  EXPECT_EQ(remote_.reads - before, 1) << "one look";
  EXPECT_EQ(loads_, 1);
}

TEST_F(FleetTest, AProcessThatEndsGivesTheLeasesOfItsThreadBack) {
  Answers answers;
  ask_both(answers);
  EXPECT_EQ(loads_, 1);
  second_->give_leases_back(*second_thread_);
  cache_->give_leases_back(*other_thread_);
  EXPECT_FALSE(fleet_.leases.empty()) << "the lease of another process, of another thread";
  cache_->give_leases_back(*thread_);
  EXPECT_TRUE(fleet_.leases.empty());
  executor_.run_posted();
  EXPECT_EQ(loads_, 2) << "the process that waits is told, and loads";
}

TEST_F(FleetTest, ALostMessageCostsTheNextLookNotTheAnswer) {
  Answers answers;
  ask_both(answers);
  fleet_.lose_messages = true;
  complete(value("{1}"));
  EXPECT_EQ(answers.size(), 1U);
  executor_.advance(milliseconds(280));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::lease);
  EXPECT_EQ(loads_, 1);
}

TEST_F(FleetTest, AFailureIsTriedOncePerMemoByTheWholeFleetAndBacksOff) {
  Answers answers;
  std::vector<SteadyTime> tries;
  const auto begin = clock_.steady();
  for (int i = 0; i < 600; ++i) {  // a minute of requests to both processes, ten per second
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

// After a failure that the whole fleet remembers for 10 s.
class RememberedFailureTest : public FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    CacheOptions options;
    options.memos.first = seconds(10);
    cache(&remote_, options);
    second_ = std::make_unique<TieredCache>(options, clock_, metrics_, log_);
    fleet_.listeners = {&cache_->listener(), &second_->listener()};
    begin_failure();
    EXPECT_EQ(loads_, 1);
    ask_both(answers_);
    EXPECT_EQ(loads_, 1) << "both processes remember it";
    answers_.clear();
  }
  void begin_failure() {
    ask_both(answers_);
    complete(fail(ErrorKind::provider_error));
    settle();
  }
  // Time for the looks after a lost lease.
  void settle() {
    executor_.run_posted();
    executor_.advance(milliseconds(100));
  }
  // Both processes ask, and get this answer of one load.
  void expect_one_load() {
    loads_ = 0;
    answers_.clear();
    ask_both(answers_);
    settle();
    ASSERT_EQ(loads_, 1);
    complete(value("{1}"));
    settle();
    ASSERT_EQ(answers_.size(), 2U);
    for (const auto& answer : answers_) {
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->entry->body, "{1}");
    }
    EXPECT_EQ(loads_, 1);
  }

  // Both processes ask, and get an answer.
  void expect_no_failure() {
    answers_.clear();
    ask_both(answers_);
    settle();
    while (!waiting_.empty()) complete(value("{1}"));
    settle();
    ASSERT_EQ(answers_.size(), 2U);
    for (const auto& answer : answers_) EXPECT_TRUE(answer);
  }

  Answers answers_;
};

TEST_F(RememberedFailureTest, EndsWithAPurgeOfItsKey) {
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_FALSE(fleet_.lease(std::string(kKey)));
  expect_one_load();
}

TEST_F(RememberedFailureTest, EndsWithAPurgeOfEverything) {
  second_->purge_all(*second_thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  expect_one_load();
}

TEST_F(RememberedFailureTest, EndsWithAPurgeOfEverythingForAProcessThatKnowsNothing) {
  second_->purge_all(*second_thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  cache(&remote_);  // a new process
  fleet_.listeners = {&cache_->listener(), &second_->listener()};
  learn_epoch();
  expect_one_load();
}

TEST_F(RememberedFailureTest, IsRememberedAnewAfterAPurge) {
  for (const bool everything : {false, true}) {
    if (everything) {
      second_->purge_all(*second_thread_, [](const Result<void>&) {});
    } else {
      second_->purge(*second_thread_, kKey, [](const Result<void>&) {});
    }
    loads_ = 0;
    ask_both(answers_);
    settle();
    ASSERT_EQ(loads_, 1);
    complete(fail(ErrorKind::provider_error));
    settle();
    for (int i = 0; i < 20; ++i) {  // 4 s, and the readings that follow a purge
      ask_both(answers_);
      executor_.advance(milliseconds(200));
    }
    EXPECT_EQ(loads_, 1) << "everything: " << everything;
  }
}

TEST_F(RememberedFailureTest, IsNoneOfALoadThatBeganBeforeThePurge) {
  for (const bool everything : {false, true}) {
    executor_.advance(seconds(40));
    ask_both(answers_);
    settle();
    ASSERT_EQ(waiting_.size(), 1U);
    if (everything) {
      second_->purge_all(*second_thread_, [](const Result<void>&) {});
    } else {
      second_->purge(*second_thread_, kKey, [](const Result<void>&) {});
    }
    complete(fail(ErrorKind::provider_error));
    settle();
    while (!waiting_.empty()) complete(value("{1}"));  // the other process may have begun its own load by now
    settle();
    expect_no_failure();
  }
}

TEST_F(FleetTest, APurgeReachesEveryProcess) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  EXPECT_TRUE(peek().served);
  bool done = false;
  second_->purge(*second_thread_, kKey, [&](const Result<void>& result) { done = result.has_value(); });
  EXPECT_TRUE(done);
  EXPECT_FALSE(peek().served);
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
}

TEST_F(FleetTest, PurgingAllMakesEverythingAMissWithoutScanning) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  second_->purge_all(*second_thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_FALSE(peek().served);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_EQ(loads_, 2) << "the copy in Redis has an older epoch";
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  ASSERT_EQ(answers.size(), 4U) << "the process that purged shares copies again";
  EXPECT_EQ(answers[3]->entry->body, "{2}");
  EXPECT_EQ(answers[3]->tier, Tier::redis);
  EXPECT_TRUE(peek().served) << "and no process drops its copy";
  EXPECT_EQ(loads_, 2);
}

TEST_F(FleetTest, EveryProcessIsInTheSameEpochAfterManyPurgesWhoeverMadeThem) {
  for (int i = 1; i <= 4; ++i) {
    auto& purging = i % 2 == 0 ? *cache_ : *second_;
    purging.purge_all(i % 2 == 0 ? *thread_ : *second_thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
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
  cache_->purge_all(*thread_, [&](const Result<void>& result) { told = result.error().kind; });
  EXPECT_EQ(told, ErrorKind::redis_unavailable);
  EXPECT_FALSE(peek().served);
  executor_.advance(milliseconds(1));
  EXPECT_TRUE(second_->peek(kKey, hash64(kKey), clock_.steady()).served) << "the purge could not be published";

  // Meanwhile another process purges and arrives at the same number, but that is a different purge.
  second_->purge_all(*second_thread_, [](const Result<void>&) {});
  EXPECT_EQ(fleet_.epoch, 1U);
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  complete(value("{2}"));
  remote_.failing.reset();
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.epoch, 2U);
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{3}"));
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  EXPECT_EQ(answers.back()->entry->body, "{3}");
  EXPECT_EQ(loads_, 3);
  executor_.advance(seconds(30));
  EXPECT_EQ(fleet_.epoch, 2U) << "once";
}

TEST_F(FleetTest, ARedisThatRefusesAPurgeIsNotAskedAllTheTime) {
  remote_.failing = ErrorKind::redis_error;
  remote_.failing_detail = "NOPERM this user has no permissions to run the 'incrby' command";
  cache_->purge_all(*thread_, [](const Result<void>&) {});
  executor_.advance(seconds(5));  // the purge is repeated and refused
  remote_.hold = true;
  executor_.advance(seconds(24));
  EXPECT_TRUE(remote_.held.empty());
  executor_.advance(std::chrono::minutes(2));
  EXPECT_EQ(remote_.held.size(), 1U) << "one attempt at a time";
  remote_.hold = false;
  remote_.failing.reset();
  remote_.release();
  EXPECT_EQ(fleet_.epoch, 1U);
  executor_.advance(std::chrono::minutes(2));
  EXPECT_EQ(fleet_.epoch, 1U);
}

TEST_F(FleetTest, AFullRedisGetsAPurgeSoonAfterItHasRoom) {
  remote_.failing = ErrorKind::redis_error;
  remote_.failing_detail = "OOM command not allowed when used memory > 'maxmemory'.";
  cache_->purge_all(*thread_, [](const Result<void>&) {});
  executor_.advance(seconds(20));  // the purge is repeated and refused each time
  EXPECT_EQ(fleet_.epoch, 0U);
  remote_.failing.reset();
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.epoch, 1U);
}

// The others have raised the epoch, of which this process has heard nothing, and Redis has lost it. A new number that
// is lower than theirs makes none of their values a miss.
TEST_F(FleetTest, WhoHasPurgedEverythingServesNothingFromBeforeWhateverItsEpoch) {
  Entry theirs;
  theirs.body = "{purged}";
  theirs.spans = spans_;
  theirs.stored_at = clock_.wall();
  theirs.epoch = 7;
  fleet_.values[std::string(kKey)] = theirs;
  clock_.advance(milliseconds(10));
  cache_->purge_all(*thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_LT(fleet_.epoch, 7U);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  EXPECT_TRUE(answers.empty());
  complete(value("{new}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{new}");
}

TEST_F(FleetTest, APurgeReachesEveryProcessThoughRedisHasLostItsEpoch) {
  for (int i = 0; i < 3; ++i) second_->purge_all(*second_thread_, [](const Result<void>&) {});
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  fleet_.epoch = 0;
  fleet_.values.clear();  // FLUSHALL
  cache_->purge_all(*thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_FALSE(peek().served);
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
  EXPECT_EQ(fleet_.epoch, 4U);
}

TEST_F(FleetTest, WhatIsReadWhileTheEpochIsLearnedIsJudgedByItsOwn) {
  second_->purge_all(*second_thread_, [](const Result<void>&) {});
  Answers answers;
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));

  fleet_.listeners = {&second_->listener()};
  cache(&remote_);  // a new process, which reads Redis before it knows the epoch
  remote_.hold = true;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  learn_epoch();
  remote_.release();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->tier, Tier::redis);
  EXPECT_TRUE(peek().served);

  cache(&remote_);
  fleet_.epoch = 5;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  learn_epoch();
  remote_.release();
  EXPECT_EQ(loads_, 1) << "the copy has an older epoch, so the process asks for the lease";
  remote_.hold = false;
  remote_.release();
  EXPECT_EQ(loads_, 2);
}

TEST_F(FleetTest, APurgeOfEverythingDuringALoadKeepsItFromBeingStored) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  second_->purge_all(*second_thread_, [](const Result<void>&) {});
  complete(value("{old}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{old}");
  EXPECT_FALSE(answers[0]->stored);
  EXPECT_FALSE(peek().served);
  EXPECT_TRUE(fleet_.values.empty());
}

TEST_F(FleetTest, APurgeDuringALoadKeepsItFromBeingStored) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  second_->purge(*second_thread_, kKey, [](const Result<void>&) {});
  complete(value("{old}"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->entry->body, "{old}");
  EXPECT_FALSE(answers[0]->stored);
  EXPECT_FALSE(peek().served);
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
}

TEST_F(FleetTest, ARefreshIsNotBegunForACopyThatAnotherProcessHasRenewedMeanwhile) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(20));
  ASSERT_TRUE(peek().refresh) << "stale";
  // Received on another thread, just now.
  announce("e", clock_.wall());
  cache_->refresh(*thread_, lookup(), loader());
  executor_.run_posted();
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(cache_->flight_count(), 0U);
  clock_.advance(milliseconds(9900));
  EXPECT_TRUE(peek().refresh) << "the next refresh still starts";
}

TEST_F(FleetTest, WhatWasHeldWhileDeafIsDoubtedOnceAndConfirmedByRedisWithoutALoad) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  cache_->listener().on_disconnected();
  EXPECT_EQ(peek().served->outcome, Outcome::hit) << "a copy is served while the channel is down";
  clock_.advance(milliseconds(10));
  cache_->listener().on_listening();
  const auto doubted = peek();
  EXPECT_EQ(doubted.served->outcome, Outcome::hit);
  EXPECT_TRUE(doubted.refresh) << "but a refresh confirms it in the background";
  EXPECT_FALSE(peek().refresh) << "once";
  cache_->refresh(*thread_, lookup(), loader());
  EXPECT_FALSE(peek().refresh);
  EXPECT_EQ(loads_, 1);
}

TEST_F(FleetTest, AFillWithAnotherTagMakesTheOlderCopyDoubtfulAndWithTheSameRenewsIt) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(5));
  const auto now_ms = clock_.wall();
  announce("e", now_ms);
  EXPECT_EQ(peek().served->age, nanoseconds(0));
  clock_.advance(seconds(1));
  announce("other", now_ms);
  EXPECT_FALSE(peek().refresh) << "an older message is ignored";
  Entry stored;
  stored.body = "{2}";
  stored.etag = "other";
  stored.spans = spans_;
  stored.stored_at = clock_.wall();
  second_remote_.store(kKey, stored, false, [](const Result<void>&) {});
  executor_.run_posted();
  const auto doubted = peek();
  EXPECT_EQ(doubted.served->entry->body, "{1}");
  ASSERT_TRUE(doubted.refresh);
  EXPECT_FALSE(peek().refresh) << "one caller looks";
  cache_->refresh(*thread_, lookup(), loader());
  executor_.run_posted();
  const auto renewed = peek();
  EXPECT_EQ(renewed.served->entry->body, "{2}");
  EXPECT_FALSE(renewed.refresh) << "it is in doubt no more";
  EXPECT_EQ(loads_, 1) << "Redis has the value";
}

TEST_F(FleetTest, AnAnswerSurvivesAFillWhoseValueIsOutOfReach) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(1));
  announce("other", clock_.wall());
  remote_.failing = ErrorKind::redis_unavailable;
  for (int i = 0; i < 3; ++i) {
    const auto peeked = peek();
    ASSERT_TRUE(peeked.served) << i;
    EXPECT_EQ(peeked.served->outcome, Outcome::hit);
    EXPECT_EQ(peeked.refresh, i == 0);
    if (peeked.refresh) cache_->refresh(*thread_, lookup(), loader());
    executor_.run_posted();
  }
  EXPECT_EQ(loads_, 1) << "the provider is not asked because of a message";
  EXPECT_EQ(cache_->flight_count(), 0U);

  Entry stored;
  stored.body = "{2}";
  stored.etag = "other";
  stored.spans = spans_;
  stored.stored_at = clock_.wall();
  fleet_.values[std::string(kKey)] = stored;
  remote_.failing.reset();
  clock_.advance(seconds(1));
  ASSERT_TRUE(peek().refresh) << "the second look";
  cache_->refresh(*thread_, lookup(), loader());
  executor_.run_posted();
  EXPECT_EQ(peek().served->entry->body, "{2}");
  EXPECT_EQ(loads_, 1);
}

TEST_F(FleetTest, ManyMessagesCauseFewLooks) {
  Answers answers;
  for (int i = 0; i < 1000; ++i) {
    const auto key = key_of(i);
    cache_->get(*thread_, lookup_of(key), loader(), into(answers));
    complete(value("{1}"));
  }
  executor_.run_posted();
  clock_.advance(milliseconds(10));
  const int before = remote_.reads;
  for (int i = 0; i < 1000; ++i) {
    const auto key = key_of(i);
    announce("other", clock_.wall(), key);
    const auto peeked = cache_->peek(key, hash64(key), clock_.steady());
    ASSERT_TRUE(peeked.served);
    EXPECT_EQ(peeked.served->outcome, Outcome::hit);
    ASSERT_TRUE(peeked.refresh);
    cache_->refresh(*thread_, lookup_of(key), loader());
  }
  executor_.run_posted();
  EXPECT_EQ(remote_.reads - before, 200) << "in one second";
  EXPECT_EQ(loads_, 1000);
}

// Four questions a second to each of two processes, for the fresh span of an answer. A load is answered at once.
class BusyFleetTest : public FleetTest {
 protected:
  BusyFleetTest() { spans_.fresh_for = seconds(60); }

  void ask(TieredCache& cache, CacheThread& thread) {
    const auto peeked = cache.peek(kKey, hash64(kKey), clock_.steady());
    if (!peeked.served) cache.get(thread, lookup(), loader(), into(answers_));
    if (peeked.refresh) cache.refresh(thread, lookup(), loader());
    executor_.run_posted();
    while (!waiting_.empty()) complete(value("{" + std::to_string(loads_) + "}"));
    executor_.run_posted();
  }
  void ask_for(seconds span) {
    for (int i = 0; i < 4 * span.count(); ++i) {
      executor_.advance(milliseconds(125));
      ask(*cache_, *thread_);
      executor_.advance(milliseconds(125));
      ask(*second_, *second_thread_);
    }
    for (const auto& answer : answers_) EXPECT_TRUE(answer);
  }

  Answers answers_;
};

TEST_F(BusyFleetTest, ARedisThatRefusesWritesCostsOneLoadPerProcessAndSpan) {
  remote_.refusing = second_remote_.refusing = true;
  ask_for(seconds(40));
  EXPECT_EQ(loads_, 2);
}

TEST_F(BusyFleetTest, ARedisThatRefusesAPurgeOfEverythingCostsOneLoad) {
  ask_for(seconds(5));
  EXPECT_EQ(loads_, 1);
  remote_.refusing_purges = true;
  cache_->purge_all(*thread_, [](const Result<void>& result) { EXPECT_FALSE(result); });
  EXPECT_FALSE(peek().served);
  ask_for(seconds(15));
  EXPECT_EQ(loads_, 2) << "the process that purged loads";
  EXPECT_EQ(peek().served->entry->body, "{2}");
  remote_.refusing_purges = false;
  ask_for(seconds(61));
  EXPECT_EQ(fleet_.epoch, 1U) << "the purge is everybody's at last";
}

TEST_F(BusyFleetTest, AnEpochThatIsLostWhileAProcessRestartsCostsOneLoad) {
  second_->purge_all(*second_thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  ask_for(seconds(5));
  EXPECT_EQ(loads_, 1);
  fleet_.epoch = 0;
  fleet_.values.clear();  // FLUSHALL
  cache(&remote_);        // the first process restarts, and finds no epoch
  fleet_.listeners = {&cache_->listener(), &second_->listener()};
  learn_epoch();
  ask_for(seconds(15));
  EXPECT_EQ(loads_, 2);
}

TEST_F(BusyFleetTest, AValueOfALaterEpochIsTakenAndItsEpochLearned) {
  ask_for(seconds(1));
  fleet_.lose_messages = true;
  second_->purge_all(*second_thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  ask(*second_, *second_thread_);
  EXPECT_EQ(loads_, 2);
  clock_.advance(seconds(70));  // both copies are late, so the first process reads Redis
  auto later = fleet_.values[std::string(kKey)];
  later.stored_at = clock_.wall();
  later.body = "{later}";
  fleet_.values[std::string(kKey)] = later;
  ask(*cache_, *thread_);
  EXPECT_EQ(peek().served->entry->body, "{later}");
  EXPECT_EQ(cache_->listener().epoch(), fleet_.epoch);
  EXPECT_EQ(loads_, 2);
}

TEST_F(FleetTest, AForeignEpochOnTheChannelEndsNoPurges) {
  fleet_.publish("epoch 18446744073709551615");
  EXPECT_EQ(cache_->listener().epoch(), 0U) << "nothing is purged";
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  fleet_.publish("epoch 18446744073709551615");
  EXPECT_TRUE(peek().served);
  cache_->purge_all(*thread_, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_FALSE(peek().served);
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
}

// It may have missed purges like any other gap.
TEST_F(FleetTest, WhatIsLoadedBeforeTheFirstConnectionIsDoubtful) {
  Answers answers;
  remote_.failing = ErrorKind::redis_unavailable;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  EXPECT_FALSE(peek().refresh);
  clock_.advance(milliseconds(10));
  remote_.failing.reset();
  cache_->listener().on_listening();
  const auto doubted = peek();
  EXPECT_EQ(doubted.served->outcome, Outcome::hit);
  EXPECT_TRUE(doubted.refresh);
  cache_->refresh(*thread_, lookup(), loader());
  EXPECT_EQ(loads_, 1) << "nobody has purged it meanwhile";
  EXPECT_EQ(fleet_.values.count(std::string(kKey)), 1U) << "and Redis gets it";
}

TEST_F(FleetTest, WhatAnotherProcessPurgesBeforeTheFirstConnectionIsLoadedAgain) {
  Answers answers;
  remote_.failing = ErrorKind::redis_unavailable;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  fleet_.listeners = {&second_->listener()};
  clock_.advance(milliseconds(10));
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  remote_.failing.reset();
  cache_->listener().on_listening();
  ASSERT_TRUE(peek().refresh);
  cache_->refresh(*thread_, lookup(), loader());
  EXPECT_EQ(loads_, 2);
  EXPECT_FALSE(peek().served) << "the purged version";
  complete(value("{2}"));
  EXPECT_EQ(peek().served->entry->body, "{2}");
  EXPECT_EQ(fleet_.values[std::string(kKey)].body, "{2}");
}

// --- purges of one key ---

// The first process's SET is caught on its way until the second has purged the key.
TEST_F(FleetTest, AProcessNeverServesWhatItHasPurgedAlthoughALateSetBringsItBack) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  remote_.hold = true;
  complete(value("{1}"));  // answered, in memory, on its way to Redis
  clock_.advance(milliseconds(10));
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(fleet_.values[std::string(kKey)].body, "{1}");
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  executor_.run_posted();
  EXPECT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->entry->body, "{2}");
}

TEST_F(FleetTest, APurgeIsRepeatedAfterALateSet) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  remote_.hold = true;
  complete(value("{1}"));
  clock_.advance(milliseconds(10));
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  remote_.hold = false;
  remote_.release();
  executor_.advance(milliseconds(2100));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{2}"));
  executor_.advance(seconds(30));
  EXPECT_EQ(fleet_.values[std::string(kKey)].body, "{2}") << "a later value stays";
}

TEST_F(FleetTest, APurgeWithoutRedisIsOwedAndObeyedHereMeanwhile) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(milliseconds(10));
  remote_.failing = ErrorKind::redis_unavailable;
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_FALSE(result); });
  remote_.failing.reset();
  clock_.advance(milliseconds(1));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.run_posted();
  EXPECT_EQ(loads_, 2) << "not what Redis still holds";
  EXPECT_TRUE(second_->peek(kKey, hash64(kKey), clock_.steady()).served) << "the purge could not be published";
  executor_.advance(seconds(1));
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
  complete(value("{2}"));
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.values[std::string(kKey)].body, "{2}") << "the value that was loaded after the purge";
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  executor_.run_posted();
  EXPECT_EQ(answers.back()->entry->body, "{2}");
  EXPECT_EQ(loads_, 2);
}

// The purge is owed, and meanwhile the other process has stored a value.
class OwedPurgeTest : public FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    remote_.failing = ErrorKind::redis_unavailable;
    cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_FALSE(result); });
    clock_.advance(milliseconds(10));
    second_->get(*second_thread_, lookup(), loader(), into(answers_));
    complete(value("{2}"));
  }
  // Redis can be reached again.
  const Entry& left_in_redis() {
    remote_.failing.reset();
    executor_.advance(seconds(5));
    return fleet_.values[std::string(kKey)];
  }

  Answers answers_;
};

TEST_F(OwedPurgeTest, LeavesALaterValueAlone) {
  EXPECT_EQ(left_in_redis().body, "{2}");
}

// Whatever came in between, a purge ends what the fleet remembers of failures: here of a load from before the purge.
TEST_F(OwedPurgeTest, EndsARememberedFailureBesideALaterValue) {
  const cache::FailureMemo failure{.kind = ErrorKind::provider_error, .left = seconds(60), .epoch = 0};
  fleet_.leases[std::string(kKey)] = {"", failure, clock_.steady() + seconds(60)};
  EXPECT_EQ(left_in_redis().body, "{2}");
  EXPECT_FALSE(fleet_.lease(std::string(kKey)));
}

TEST_F(OwedPurgeTest, LeavesALeaseAlone) {
  fleet_.leases[std::string(kKey)] = {"token", std::nullopt, clock_.steady() + seconds(60)};
  EXPECT_EQ(left_in_redis().body, "{2}");
  EXPECT_TRUE(fleet_.lease(std::string(kKey)));
}

// What this version has stored beside a value of a later version does not tell whether that one was purged.
TEST_F(OwedPurgeTest, ReachesAValueOfALaterVersion) {
  remote_.later_versions.insert(std::string(kKey));
  EXPECT_EQ(left_in_redis().kind, EntryKind::tombstone);
}

// A full Redis takes the deletion and the message, but not the tombstone. The message must not be repeated: every
// process drops its copy because of it.
TEST_F(BusyFleetTest, ARedisThatRefusesTombstonesCostsOneLoadPerProcess) {
  ask_for(seconds(2));
  EXPECT_EQ(loads_, 1);
  remote_.refusing = second_remote_.refusing = true;
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_FALSE(result); });
  ask_for(seconds(40));
  EXPECT_EQ(loads_, 3);
  remote_.refusing = second_remote_.refusing = false;
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
}

// Redis is first heard, and the fleet's time is not that of the machine.
TEST_F(FleetTest, APurgeIsAMomentWhateverTheClockSays) {
  for (const auto step : {std::chrono::hours(-1), std::chrono::hours(1)}) {
    SCOPED_TRACE(step.count());
    Answers answers;
    remote_.failing = ErrorKind::redis_unavailable;
    cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_FALSE(result); });
    clock_.step_wall(step);
    remote_.failing.reset();
    clock_.advance(milliseconds(10));
    cache_->get(*thread_, lookup(), loader(), into(answers));
    complete(value("{new}"));
    executor_.advance(seconds(5));
    EXPECT_EQ(fleet_.values[std::string(kKey)].body, "{new}");
    EXPECT_TRUE(peek().served);
    cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
    clock_.advance(milliseconds(10));
  }
}

// A process that has not heard Redis yet, and whose clock is 10 minutes ahead, loads a value.
class WronglyDatedTest : public FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    remote_.failing = ErrorKind::redis_unavailable;
    clock_.step_wall(kAhead);
    cache_->get(*thread_, lookup(), loader(), into(answers_));
    complete(value("{1}"));
    clock_.step_wall(-kAhead);
    clock_.advance(kBefore);
    fleet_.listeners = {&second_->listener()};
  }
  void connect() {
    remote_.failing.reset();
    fleet_.listeners = {&cache_->listener(), &second_->listener()};
    cache_->listener().on_listening();
  }
  void purge(bool accepted) {
    second_->purge(*second_thread_, kKey, [=](const Result<void>& result) { EXPECT_EQ(result.has_value(), accepted); });
  }
  void look() {
    ASSERT_TRUE(peek().refresh);
    cache_->refresh(*thread_, lookup(), loader());
    executor_.run_posted();
  }

  static constexpr std::chrono::minutes kAhead{10};
  static constexpr seconds kBefore{1};  // less than clocks may differ
  Answers answers_;
};

TEST_F(WronglyDatedTest, AValueMeetsTheTombstoneOfAPurge) {
  purge(true);
  connect();
  look();
  EXPECT_EQ(loads_, 2);
  EXPECT_FALSE(peek().served);
}

TEST_F(WronglyDatedTest, AValueIsDroppedByThePurgesMessage) {
  connect();
  purge(true);
  EXPECT_FALSE(peek().served);
}

TEST_F(WronglyDatedTest, AValueIsPutBackWithARightDateAndCanBePurged) {
  second_remote_.failing = ErrorKind::redis_unavailable;
  purge(false);  // owed
  connect();
  look();
  EXPECT_EQ(fleet_.values[std::string(kKey)].stored_at, clock_.wall() - kBefore) << "it is put back";
  EXPECT_FALSE(peek().refresh) << "and confirmed";
  second_remote_.failing.reset();
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
  EXPECT_FALSE(peek().served);
  second_->get(*second_thread_, lookup(), loader(), into(answers_));
  executor_.run_posted();
  EXPECT_EQ(loads_, 2);
}

// Redis's time steps (a failover to a machine with another clock) after a purge and the load that followed it.
TEST_F(FleetTest, WhatWasLoadedAfterAPurgeIsKeptWhenTheTimeSteps) {
  Answers answers;
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  clock_.advance(milliseconds(10));
  auto loaded = value("{1}");
  loaded.request_time = clock_.steady();
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(std::move(loaded));
  clock_.step_wall(seconds(100));
  clock_.advance(milliseconds(10));
  cache_->listener().on_disconnected();
  cache_->listener().on_listening();
  ASSERT_TRUE(peek().refresh);
  cache_->refresh(*thread_, lookup(), loader());  // reads Redis, whose value looks purged
  EXPECT_TRUE(peek().served) << "the copy in memory does not";
}

// Redis is away for one purge, and refuses another for good.
TEST_F(FleetTest, AnOwedPurgeDoesNotWaitForOneThatIsRefusedForGood) {
  const std::string other = "weather:3:4";
  remote_.failing = ErrorKind::redis_error;
  remote_.failing_detail = "NOPERM this user has no permissions";
  cache_->purge(*thread_, other, [](const Result<void>& result) { EXPECT_FALSE(result); });
  remote_.failing = ErrorKind::redis_unavailable;
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_FALSE(result); });
  remote_.failing.reset();
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
  EXPECT_EQ(fleet_.values[other].kind, EntryKind::tombstone);
}

// Redis is full: it takes the message, which one process misses, but not the tombstone, so that the process looks and
// finds nothing.
TEST_F(FleetTest, ATombstoneThatComesLateIsAnnouncedAgain) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  second_->listener().on_disconnected();
  fleet_.listeners = {&cache_->listener()};
  clock_.advance(milliseconds(10));
  remote_.refusing = second_remote_.refusing = true;
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_FALSE(result); });
  fleet_.listeners = {&cache_->listener(), &second_->listener()};
  second_->listener().on_listening();
  ASSERT_TRUE(second_->peek(kKey, hash64(kKey), clock_.steady()).refresh);
  second_->refresh(*second_thread_, lookup(), loader());
  executor_.run_posted();
  remote_.refusing = second_remote_.refusing = false;
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
  EXPECT_FALSE(second_->peek(kKey, hash64(kKey), clock_.steady()).served);
}

// The load begins before the purge and ends after it, and the message comes last.
TEST_F(FleetTest, ALoadThatBeganBeforeAPurgeIsOlderThanThePurge) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  auto loaded = value("{1}");
  loaded.request_time = clock_.steady();
  clock_.advance(milliseconds(10));
  fleet_.lose_messages = true;
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  const auto at = clock_.wall();
  clock_.advance(milliseconds(1));
  complete(std::move(loaded));
  fleet_.lose_messages = false;
  cache_->listener().on_purge(kKey, at);
  EXPECT_FALSE(peek().served);
  executor_.advance(seconds(9));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone) << "the second look";
}

// A third process's SET arrives after all readings of the purging process, which has ended.
TEST_F(FleetTest, WhoHasHeardOfAPurgeTakesNothingFromBeforeIt) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  const auto purged = fleet_.values[std::string(kKey)];
  clock_.advance(milliseconds(10));
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  executor_.advance(seconds(20));
  fleet_.values[std::string(kKey)] = purged;
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  executor_.run_posted();
  EXPECT_EQ(loads_, 2);
  complete(fail(ErrorKind::provider_error));
  executor_.advance(seconds(3));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone) << "and purges it again";
}

// A load that outlasts its lease.
class LateLoadTest : public FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    begin();
  }
  // The first process asks the source, and its lease ends before the answer comes.
  void begin() {
    cache_->get(*thread_, lookup(), loader(), into(answers_));
    late_ = value("{late}");
    late_.request_time = clock_.steady();
    clock_.advance(milliseconds(5500));
  }
  // The second process asks the source and gets an answer at once.
  void others_load() {
    clock_.advance(seconds(1));
    second_->get(*second_thread_, lookup(), loader(), into(answers_));
    ASSERT_EQ(waiting_.size(), 2U);
    std::swap(waiting_.front(), waiting_.back());
    complete(value("{later}"));
  }
  void answer_comes() {
    complete(std::move(late_));
    executor_.run_posted();
    ASSERT_FALSE(answers_.empty());
    EXPECT_EQ(answers_.back()->entry->body, "{late}") << "the caller gets what it waited for";
  }
  const Entry& in_redis() { return fleet_.values[std::string(kKey)]; }
  Entry value_of(std::string body) {
    Entry entry;
    entry.body = std::move(body);
    entry.spans = spans_;
    return entry;
  }

  Answers answers_;
  Loaded late_;
};

TEST_F(LateLoadTest, IsStoredWhereRedisHoldsNothingAndItsLeaseEndsByItself) {
  answer_comes();
  EXPECT_EQ(in_redis().body, "{late}");
  EXPECT_EQ(fleet_.leases.size(), 1U);
}

TEST_F(LateLoadTest, ReplacesAnOlderValue) {
  Entry older = value_of("{older}");
  older.stored_at = clock_.wall() - seconds(30);
  fleet_.values[std::string(kKey)] = older;
  answer_comes();
  EXPECT_EQ(in_redis().body, "{late}");
}

TEST_F(LateLoadTest, DoesNotReplaceALaterValue) {
  others_load();
  answer_comes();
  EXPECT_EQ(in_redis().body, "{later}");
  EXPECT_EQ(metrics_.value(observability::Counter::cache_write_ok), 1U) << "that of the other process";
}

// What was purged with everything is no later value, whatever its date.
TEST_F(LateLoadTest, ReplacesAValueOfALowerEpoch) {
  answer_comes();
  fleet_.leases.clear();
  fleet_.epoch = 7;
  learn_epoch();
  begin();
  Entry purged = value_of("{purged}");
  purged.stored_at = clock_.wall();
  fleet_.values[std::string(kKey)] = purged;
  answer_comes();
  EXPECT_EQ(in_redis().body, "{late}");
}

TEST_F(LateLoadTest, MeetsATombstoneThatItHasNotHeardOf) {
  fleet_.lose_messages = true;
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  answer_comes();
  EXPECT_EQ(in_redis().kind, EntryKind::tombstone);
  EXPECT_FALSE(peek().served) << "memory forgets it, too";
}

TEST_F(LateLoadTest, IsPurgedWhileItLooks) {
  remote_.hold_replies = true;
  answer_comes();
  clock_.advance(milliseconds(10));
  second_->purge(*second_thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  ASSERT_EQ(remote_.replies.size(), 1U);
  remote_.replies.front()();
  EXPECT_EQ(in_redis().kind, EntryKind::tombstone);
}

// 0.1.0 and people send purges that name no moment.
TEST_F(LateLoadTest, HearsOfAPurgeWhileItLooks) {
  remote_.hold_replies = true;
  answer_comes();
  cache_->listener().on_purge(kKey, std::nullopt);
  remote_.replies.front()();
  EXPECT_FALSE(fleet_.values.contains(std::string(kKey)));
}

TEST_F(LateLoadTest, HearsOfAPurgeOfEverythingWhileItLooks) {
  remote_.hold_replies = true;
  answer_comes();
  fleet_.epoch = 7;
  learn_epoch();
  remote_.replies.front()();
  EXPECT_FALSE(fleet_.values.contains(std::string(kKey)));
}

TEST_F(LateLoadTest, LearnsOfAPurgeOfEverythingFromALaterValue) {
  Entry later = value_of("{later}");
  later.epoch = 7;
  later.stored_at = clock_.wall() - seconds(30);
  fleet_.values[std::string(kKey)] = later;
  answer_comes();
  EXPECT_EQ(in_redis().body, "{later}") << "ours is from before the purge";
}

TEST_F(LateLoadTest, DoesNotReplaceAnAnswerByARefusal) {
  Entry older = value_of("{older}");
  older.stored_at = clock_.wall() - seconds(30);
  fleet_.values[std::string(kKey)] = older;
  complete(Loaded::refusal("No data is available for this location"));
  EXPECT_EQ(in_redis().body, "{older}");
}

TEST_F(LateLoadTest, IsAnsweredAfterItsWriteWhereTheProcessMayBeFrozen) {
  CacheOptions options;
  options.write_wait = milliseconds(200);
  cache(&remote_, options);
  fleet_.listeners = {&cache_->listener(), &second_->listener()};
  waiting_.clear();
  answers_.clear();
  fleet_.leases.clear();
  begin();
  remote_.hold_replies = true;
  complete(std::move(late_));
  EXPECT_TRUE(answers_.empty());
  remote_.replies.front()();
  EXPECT_EQ(answers_.size(), 1U);
  EXPECT_EQ(in_redis().body, "{late}");
  EXPECT_EQ(metrics_.value(observability::Counter::cache_write_ok), 1U);
}

TEST_F(LateLoadTest, IsNotStoredWhereRedisCannotSayWhatItHolds) {
  remote_.failing = ErrorKind::redis_timeout;
  answer_comes();
  EXPECT_EQ(remote_.writes, 0);
  EXPECT_TRUE(peek().served) << "this process has it";
}

TEST_F(FleetTest, ATombstoneThatIsLostIsLeftAgain) {
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  fleet_.values.clear();
  executor_.advance(milliseconds(2100));
  EXPECT_EQ(fleet_.values[std::string(kKey)].kind, EntryKind::tombstone);
}

// Something keeps bringing an old value back.
TEST_F(FleetTest, APurgeIsNotRepeatedForEver) {
  Answers answers;
  ask_both(answers);
  complete(value("{1}"));
  executor_.run_posted();
  const auto old = fleet_.values[std::string(kKey)];
  clock_.advance(milliseconds(10));
  cache_->purge(*thread_, kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  int purges = 0;
  for (int second = 0; second < 60; ++second) {
    purges += fleet_.values[std::string(kKey)].kind == EntryKind::tombstone ? 1 : 0;
    fleet_.values[std::string(kKey)] = old;
    executor_.advance(seconds(1));
  }
  EXPECT_EQ(purges, 7) << "the purge itself, and three times in a row after each of its two readings";
}

TEST_F(FleetTest, ManyOwedPurgesBecomeOneOfEverything) {
  remote_.failing = ErrorKind::redis_unavailable;
  for (int i = 0; i <= 1000; ++i) {
    cache_->purge(*thread_, key_of(i), [](const Result<void>& result) { EXPECT_FALSE(result); });
  }
  remote_.failing.reset();
  executor_.advance(seconds(5));
  EXPECT_EQ(fleet_.epoch, 1U);
  EXPECT_TRUE(fleet_.values.empty());
}

TEST_F(FleetTest, WhatRedisHasLostIsPutBackFromMemoryWithoutALoad) {
  Answers answers;
  for (int i = 0; i < 200; ++i) {
    const auto key = key_of(i);
    cache_->get(*thread_, lookup_of(key), loader(), into(answers));
    complete(value("{1}"));
  }
  executor_.run_posted();
  cache_->listener().on_disconnected();
  fleet_.values.clear();  // Redis was restarted empty
  clock_.advance(milliseconds(10));
  cache_->listener().on_listening();
  const auto ask_all = [&] {
    for (int i = 0; i < 200; ++i) {
      const auto key = key_of(i);
      const auto peeked = cache_->peek(key, hash64(key), clock_.steady());
      ASSERT_TRUE(peeked.served);
      if (peeked.refresh) cache_->refresh(*thread_, lookup_of(key), loader());
    }
    executor_.run_posted();
  };
  ask_all();
  EXPECT_EQ(fleet_.values.size(), 100U) << "in one second";
  clock_.advance(seconds(1));
  ask_all();
  EXPECT_EQ(fleet_.values.size(), 200U);
  const int before = remote_.reads;
  clock_.advance(seconds(1));
  ask_all();
  EXPECT_EQ(remote_.reads, before) << "each copy is looked up until it is put back";
  EXPECT_EQ(loads_, 200);
}

// A clock that holds one thread at its nth reading.
class HoldingClock final : public Clock {
 public:
  explicit HoldingClock(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] SteadyTime steady() const override {
    hold_if_due();
    return clock_.steady();
  }
  [[nodiscard]] WallTime wall() const override {
    hold_if_due();
    return clock_.wall();
  }

  // Holds the calling thread at its `look`-th reading from now on.
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
  void hold_if_due() const {
    if (std::this_thread::get_id() != held_ || --looks_left_ != 0) return;
    holding_ = true;
    go_on_.wait(false);
    holding_ = false;
  }

  const Clock& clock_;
  std::atomic<std::thread::id> held_;
  mutable std::atomic<int> looks_left_{0};
  mutable std::atomic<bool> holding_{false};
  std::atomic<bool> go_on_{false};
};

// A purge raises the epoch first, then notifies the flights, shard by shard. A load that ends between the two began
// before the purge, so it must not be stored.
TEST_F(TieredCacheTest, ALoadThatEndsWhileThePurgeOfEverythingIsOnItsWayIsNotStored) {
  const auto shard_of = [](std::string_view key) { return hash64(key) >> 58; };
  std::string before = "weather:0:0";  // in a shard that is notified earlier
  for (int i = 0; shard_of(before) >= shard_of(kKey); ++i) before = "weather:" + std::to_string(i) + ":0";
  int held_up = 0;
  for (int look = 1; look <= 8; ++look) {
    SCOPED_TRACE(look);
    HoldingClock holding(clock_);
    observability::Metrics metrics;
    cache_ = std::make_unique<TieredCache>(CacheOptions{}, holding, metrics, log_);
    CacheThread thread(executor_, nullptr, holding);
    CacheThread beside(other_executor_, nullptr, holding);
    waiting_.clear();
    Answers answers;
    cache_->get(thread, lookup(), loader(), into(answers));
    auto load = std::move(waiting_.front());
    waiting_.clear();
    cache_->get(beside, {.key = before, .hash = hash64(before), .deadline = clock_.steady() + seconds(10)}, loader(),
                into(answers));

    std::atomic<bool> ended{false};
    std::thread in_its_shard([&] {
      holding.hold_me_at(look);
      waiting_.front()(value("{}"));
      ended = true;
    });
    while (!holding.holding() && !ended) std::this_thread::yield();
    std::atomic<bool> told{false};
    std::thread purging([&] {
      (void)cache_->listener().on_epoch(1);
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
    EXPECT_EQ(cache_->flight_count(), 0U);
  }
  EXPECT_GT(held_up, 0) << "no load ended during a purge";
}

}  // namespace
}  // namespace wx::cache
