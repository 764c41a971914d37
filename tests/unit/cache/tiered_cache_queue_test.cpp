// Loads that wait in the provider's queue, and lookups that force a load.
#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

TEST_F(QueueTest, WhoJoinsLateIsNotFailedByTheDeadlineOfWhoeverBeganTheFlight) {
  cache();
  Answers first;
  Answers late;
  cache_->get(*thread_, patient_for(seconds(1)), queue(), into(first));
  executor_.advance(milliseconds(900));
  const auto joiner = patient_for(seconds(5));
  cache_->get(*thread_, joiner, queue(), into(late));
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
  EXPECT_EQ(late[0]->outcome, Outcome::miss) << "the late caller leads the load now";
}

// --- Callers that go ---

// Callers that may leave, all at the same time.
class LeavingTest : public QueueTest {
 protected:
  void ask(int callers, bool forced = false) {
    for (int i = 0; i < callers; ++i) {
      auto asked = patient_for(seconds(10));
      asked.forced = forced;
      asked.gone = gone_;
      cache_->get(*thread_, asked, queue(), into(answers_));
    }
  }
  void leave() { *gone_ = true; }

  Answers answers_;

 private:
  std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
};

TEST_F(LeavingTest, ALoadWhoseCallersHaveAllGoneDoesNotBegin) {
  cache();
  ask(2);
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_TRUE(queued_.front().request.wanting->wanted());
  leave();
  EXPECT_FALSE(queued_.front().request.wanting->wanted());
  take_turn();
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(stood_down_, 1);
  ASSERT_EQ(answers_.size(), 2U);
  for (const auto& answer : answers_) EXPECT_EQ(answer.error().kind, ErrorKind::deadline_exceeded);
  EXPECT_EQ(cache_->flight_count(), 0U);
  // It is not a failure to remember: the next caller gets a load.
  Answers next;
  cache_->get(*thread_, patient_for(seconds(10)), queue(), into(next));
  take_turn();
  EXPECT_EQ(loads_, 1);
}

TEST_F(LeavingTest, ALoadBeginsForTheOneCallerThatHasNotGone) {
  cache();
  ask(1);
  cache_->get(*thread_, patient_for(seconds(10)), queue(), into(answers_));
  leave();
  EXPECT_TRUE(queued_.front().request.wanting->wanted());
  take_turn();
  ASSERT_EQ(loads_, 1);
  complete(value("{2}"));
  ASSERT_EQ(answers_.size(), 2U);
  for (const auto& answer : answers_) EXPECT_TRUE(answer) << "who has only ended its side gets the answer, too";
}

TEST_F(LeavingTest, ALoadThatHasBegunIsKeptForOthersWhenItsCallersGo) {
  cache();
  ask(1);
  take_turn();
  leave();
  complete(value("{2}"));
  EXPECT_TRUE(peek().served);
}

// Whose loader runs is charged for the load.
class LeaderTest : public LeavingTest {
 protected:
  // Notes its name when it is called, and waits in the queue.
  Loader named(std::string name) {
    return [this, name = std::move(name)](LoadRequest request, LoadCallback done) {
      led_by_.push_back(name);
      queued_.push_back({std::move(request), std::move(done)});
    };
  }
  void ask_as(std::string name, milliseconds patience) {
    cache_->get(*thread_, patient_for(patience), named(std::move(name)), into(answers_));
  }
  void release() {
    remote_.hold = false;
    remote_.release();
  }

  std::vector<std::string> led_by_;
};

TEST_F(LeaderTest, ACallerThatStaysLeadsInsteadOfOneThatHasGone) {
  cache(&remote_);
  remote_.hold = true;
  ask(1);  // begins the flight
  ask_as("stays", seconds(10));
  leave();
  release();
  EXPECT_EQ(led_by_, std::vector<std::string>{"stays"});
  remote_.hold = false;
  take_turn();
  complete(value("{2}"));
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[1]->outcome, Outcome::miss);
}

TEST_F(LeaderTest, ACallerThatStaysLeadsInsteadOfOneWhoseTimeIsOver) {
  cache(&remote_);
  remote_.hold = true;
  ask_as("late", seconds(1));
  ask_as("stays", seconds(10));
  executor_.advance(seconds(1));
  ASSERT_EQ(answers_.size(), 1U);
  release();
  EXPECT_EQ(led_by_, std::vector<std::string>{"stays"});
}

TEST_F(LeaderTest, TheNextLeaderIsOneThatHasNotGone) {
  cache();
  ask_as("limited", seconds(20));
  ask(1);  // for 10 s
  ask_as("stays", seconds(5));
  leave();
  auto refused = std::move(queued_.front());
  queued_.pop_front();
  refused.done(fail(ErrorKind::client_limited));
  EXPECT_EQ(led_by_, (std::vector<std::string>{"limited", "stays"}));
}

// Another process has the lease, so the load stands down at its turn. It is queued again when the lease has ended
// without a value.
class LostLeaseTest : public LeaderTest {
 protected:
  void SetUp() override {
    cache(&remote_);
    fleet_.leases[std::string(kKey)] = {"another", std::nullopt, clock_.steady() + seconds(3)};
  }
  void lose_and_load_again() {
    take_turn();
    EXPECT_EQ(stood_down_, 1);
    executor_.advance(seconds(4));
    ASSERT_EQ(queued_.size(), 1U);
    EXPECT_TRUE(queued_.front().request.for_client);
  }
};

TEST_F(LostLeaseTest, ACallerThatStaysLeadsInsteadOfOneThatHasGone) {
  ask(1);  // begins the flight
  ask_as("stays", seconds(10));
  leave();
  lose_and_load_again();
  EXPECT_EQ(led_by_, std::vector<std::string>{"stays"});
  take_turn();
  complete(value("{2}"));
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[1]->outcome, Outcome::miss);
}

TEST_F(LostLeaseTest, ACallerThatStaysLeadsInsteadOfOneWhoseTimeIsOver) {
  ask_as("late", seconds(1));
  ask_as("stays", seconds(10));
  lose_and_load_again();
  EXPECT_EQ(led_by_, (std::vector<std::string>{"late", "stays"}));
}

TEST_F(LostLeaseTest, TheLeaderThatStaysLeadsAgain) {
  ask_as("first", seconds(10));
  ask_as("second", seconds(10));
  lose_and_load_again();
  EXPECT_EQ(led_by_, (std::vector<std::string>{"first", "first"}));
}

// The queue was full, and the provider has refused a load that nobody wants.
TEST_F(LeavingTest, ALoadThatIsRefusedBecauseItsCallersHaveGoneIsNotQueuedForTheNextOfThem) {
  cache();
  ask(3);
  leave();
  auto refused = std::move(queued_.front());
  queued_.pop_front();
  refused.done(fail(ErrorKind::deadline_exceeded));
  EXPECT_EQ(answers_.size(), 3U);
  EXPECT_TRUE(queued_.empty());
  EXPECT_EQ(cache_->flight_count(), 0U);
}

TEST_F(QueueTest, ARefreshIsWantedWithoutACaller) {
  cache();
  Answers answers;
  cache_->get(*thread_, patient_for(seconds(10)), queue(), into(answers));
  take_turn();
  complete(value("{1}"));
  clock_.advance(spans_.fresh_for + seconds(1));
  cache_->refresh(*thread_, lookup(), queue());
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_TRUE(queued_.front().request.wanting->wanted());
  take_turn();
  EXPECT_EQ(loads_, 2);
}

TEST_F(QueueTest, ALoadThatIsQueuedAgainHasItsWholeAgeBeforeIt) {
  cache();  // a flight is abandoned after 20 s
  Answers first;
  Answers late;
  cache_->get(*thread_, patient_for(seconds(10)), queue(), into(first));
  executor_.advance(seconds(9));
  cache_->get(*thread_, patient_for(seconds(15)), queue(), into(late));
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
  cache_->get(*thread_, patient_for(seconds(1)), queue(), into(answers));
  cache_->get(*thread_, patient_for(seconds(1)), queue(), into(answers));
  clock_.advance(seconds(1));
  expire();
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::deadline_exceeded);
  EXPECT_TRUE(queued_.empty());
  EXPECT_EQ(cache_->flight_count(), 0U);
}

// A load is a client's if there is nothing else to serve, or if the client demands it. Else it renews what is cached.
TEST_F(QueueTest, ALoadIsAClientsOnlyIfItDoesNotRenewWhatMayBeServed) {
  CacheOptions options;
  options.inline_refresh = true;
  cache(nullptr, options);
  Answers answers;
  // Waits after this time for an answer, and returns whose the load is.
  const auto load_after = [&](seconds span, bool forced) {
    executor_.advance(span);
    auto asked = lookup();
    asked.forced = forced;
    cache_->get(*thread_, asked, queue(), into(answers));
    EXPECT_EQ(queued_.size(), 1U);
    if (queued_.empty()) return false;
    const bool for_client = queued_.front().request.for_client;
    take_turn();
    complete(value("{1}"));
    return for_client;
  };
  EXPECT_TRUE(load_after(seconds(0), false)) << "nothing is cached";
  EXPECT_FALSE(load_after(seconds(11), false)) << "stale: the caller waits for a refresh";
  EXPECT_TRUE(load_after(seconds(11), true));
  EXPECT_TRUE(load_after(seconds(100), false)) << "kept for failures only";
}

// Whoever has gone, and whoever has got the kept answer, waits no longer. The load goes on as the cache's refresh.
TEST_F(LeavingTest, ALoadIsNoClientsIfOnlyTheCacheWantsIt) {
  cache(&remote_);
  cache_->get(*thread_, lookup(), loader(), into(answers_));
  complete(value("{1}"));
  executor_.advance(seconds(100));  // kept
  remote_.hold = true;
  ask(1, /*forced=*/true);
  cache_->get(*thread_, lookup(), queue(), into(answers_));
  executor_.advance(seconds(2));
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[1]->outcome, Outcome::soft_timeout);
  leave();
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_FALSE(queued_.front().request.for_client);
  EXPECT_EQ(queued_.front().request.purpose, Purpose::refresh);
  EXPECT_TRUE(queued_.front().request.wanting->wanted());
}

// Else clients that leave at once could fill the queue with more loads than they may cause.
TEST_F(LeavingTest, ALoadThatNobodyWantsIsStillThatOfTheClientThatHasGone) {
  cache(&remote_);
  remote_.hold = true;
  ask(1);
  leave();
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_TRUE(queued_.front().request.for_client);
  EXPECT_FALSE(queued_.front().request.wanting->wanted());
}

// Whoever gets the kept answer waits no longer, but the load that was waited for goes on as a refresh.
TEST_F(QueueTest, ALoadIsMadeAlthoughEverybodyGotTheKeptAnswerMeanwhile) {
  cache();
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(seconds(100));  // kept
  cache_->get(*thread_, lookup(), queue(), into(answers));
  executor_.advance(seconds(2));
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_TRUE(answers[1]);
  EXPECT_EQ(answers[1]->outcome, Outcome::soft_timeout);
  start_queued();
  complete(value("{2}"));
  ASSERT_TRUE(peek().served);
  EXPECT_EQ(peek().served->entry->body, "{2}");
}

TEST_F(QueueTest, ALoadIsQueuedForAsLongAsAnybodyWaitsForIt) {
  cache(&remote_);
  remote_.hold = true;
  Answers answers;
  cache_->get(*thread_, patient_for(seconds(1)), queue(), into(answers));
  const auto joiner = patient_for(seconds(5));
  cache_->get(*thread_, joiner, queue(), into(answers));
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(queued_.size(), 1U);
  EXPECT_EQ(queued_[0].request.deadline, joiner.deadline);
}

TEST_F(TieredCacheTest, AForcedQuestionLoadsAlthoughAFreshAnswerIsThere) {
  cache(&remote_);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  clock_.advance(milliseconds(5));
  auto forced = lookup();
  forced.forced = true;
  cache_->get(*thread_, forced, loader(), into(answers));
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->outcome, Outcome::forced);
  EXPECT_EQ(peek().served->entry->body, "{2}");
}

TEST_F(FleetTest, AForcedQuestionLoadsAlthoughAnotherProcessHasFilledRedis) {
  Answers answers;
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(2));
  for (const auto mode : {Mode::normal, Mode::redis_only}) {
    auto forced = lookup(mode);
    forced.forced = true;
    answers.clear();
    cache_->get(*thread_, forced, loader(), into(answers));
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
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  complete(fail(ErrorKind::provider_error));
  executor_.run_posted();
  auto forced = lookup();
  forced.forced = true;
  cache_->get(*thread_, forced, loader(), into(answers));
  ASSERT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1]->entry->body, "{2}");
}

TEST_F(FleetTest, AForcedQuestionWhoseLoadFailsFallsBackOnWhatRedisHolds) {
  for (const auto age : {seconds(2), seconds(100)}) {
    Answers answers;
    cache_->listener().on_purge(kKey, std::nullopt);
    second_->listener().on_purge(kKey, std::nullopt);
    fleet_.leases.clear();
    second_->get(*second_thread_, lookup(), loader(), into(answers));
    complete(value("{1}"));
    executor_.run_posted();
    clock_.advance(age);
    auto forced = lookup();
    forced.forced = true;
    answers.clear();
    cache_->get(*thread_, forced, loader(), into(answers));
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
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  cache(&remote_);  // another process, the same Redis
  auto forced = lookup();
  forced.forced = true;
  answers.clear();
  cache_->get(*thread_, forced, queue(), into(answers));
  ASSERT_EQ(queued_.size(), 1U);
  queued_.front().done(fail(ErrorKind::provider_limited));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->outcome, Outcome::stale_if_error);
}

TEST_F(FleetTest, AForcedQuestionThatJoinsAFlightIsNotAnsweredWithWhatThatReadsInRedis) {
  Answers answers;
  second_->get(*second_thread_, lookup(), loader(), into(answers));
  complete(value("{1}"));
  executor_.run_posted();
  clock_.advance(seconds(2));
  answers.clear();
  remote_.hold = true;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  auto forced = lookup();
  forced.forced = true;
  cache_->get(*thread_, forced, loader(), into(answers));
  remote_.hold = false;
  remote_.release();
  ASSERT_EQ(loads_, 2);
  complete(value("{2}"));
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) EXPECT_EQ(answer->entry->body, "{2}");
}

}  // namespace
}  // namespace wx::cache
