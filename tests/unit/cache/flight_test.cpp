// The flight as a conversation: events in, actions out. The table is in cache/flight.hpp.
#include "cache/flight.hpp"

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"

namespace wx::cache {
namespace {

using std::chrono::seconds;

class FlightTest : public testing::Test {
 protected:
  // A copy of an entry that is fresh for 10 s, then stale for 10 s, then kept for 10 s.
  Copy copy_aged(nanoseconds age, bool early = true) {
    auto entry = std::make_shared<Entry>();
    entry->body = "{}";
    entry->spans = {seconds(10), seconds(10), seconds(10)};
    entry->early_refresh = early;
    entry->stored_at = clock_.wall() - std::chrono::duration_cast<milliseconds>(age);
    return {std::move(entry), clock_.steady() - age};
  }
  SteadyTime now() { return clock_.steady(); }

  // The loader's turn comes, this process wins the lease, and no other has stored a copy: the call of the provider
  // begins.
  void to_loading(Flight& flight) {
    const auto turn = flight.turn(true, now());
    if (turn.take_lease) {
      EXPECT_TRUE(flight.leased(LeaseSeen{.won = true}, now() + seconds(6), now()).proceed.value_or(false));
    } else {
      EXPECT_TRUE(turn.proceed.value_or(false));
    }
  }

  static constexpr FlightOptions kWithRedis{.remote = true};
  static constexpr FlightOptions kMemoryOnly{};
  test::FakeClock clock_;
};

TEST_F(FlightTest, AsksRedisFirstWhereThereIsOne) {
  Flight flight(kWithRedis, 0, std::nullopt);
  const auto actions = flight.start();
  EXPECT_TRUE(actions.read_remote);
  EXPECT_FALSE(actions.load);
  EXPECT_FALSE(actions.answer);
}

TEST_F(FlightTest, LoadsAtOnceWithoutRedis) {
  Flight flight(kMemoryOnly, 0, std::nullopt);
  const auto actions = flight.start();
  EXPECT_FALSE(actions.read_remote);
  EXPECT_TRUE(actions.load);
}

TEST_F(FlightTest, AFreshCopyFromRedisAnswersEverybodyAndEndsIt) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  const auto actions = flight.remote_read(copy_aged(seconds(3)), now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::hit);
  EXPECT_EQ(actions.answer->tier, Tier::redis);
  EXPECT_TRUE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.load);
  EXPECT_FALSE(actions.write_remote.has_value());
  EXPECT_TRUE(actions.ended);
}

TEST_F(FlightTest, AStaleCopyFromRedisAnswersAtOnceAndIsRefreshedBehind) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  const auto actions = flight.remote_read(copy_aged(seconds(13)), now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::stale_while_revalidate);
  EXPECT_TRUE(actions.load);
  EXPECT_FALSE(actions.ended);
}

TEST_F(FlightTest, AKeptCopyFromRedisLetsCallersWaitForTheLoadAndIsTheirFallback) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  auto actions = flight.remote_read(copy_aged(seconds(23)), now());
  EXPECT_FALSE(actions.answer);
  EXPECT_TRUE(actions.fallback);
  EXPECT_TRUE(actions.load);
  to_loading(flight);
  actions = flight.loaded(fail(ErrorKind::provider_timeout), false, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::stale_if_error);
  EXPECT_TRUE(actions.ended);
  EXPECT_FALSE(actions.write_remote.has_value());
}

TEST_F(FlightTest, ACopyWhoseSpansAreOverCountsAsNothing) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  (void)flight.remote_read(copy_aged(seconds(31)), now());
  to_loading(flight);
  const auto actions = flight.loaded(fail(ErrorKind::provider_timeout), false, now());
  ASSERT_TRUE(actions.answer);
  ASSERT_TRUE(actions.answer->error);
  EXPECT_EQ(actions.answer->error->kind, ErrorKind::provider_timeout);
}

TEST_F(FlightTest, ARedisErrorIsNoMissButLeadsToALoad) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  const auto actions = flight.remote_read(fail(ErrorKind::redis_timeout), now());
  EXPECT_TRUE(actions.load);
  EXPECT_TRUE(flight.redis_unavailable());
}

TEST_F(FlightTest, ALoadAnswersFillsBothTiersAndEndsIt) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  (void)flight.remote_read(std::nullopt, now());
  EXPECT_FALSE(flight.redis_unavailable());
  to_loading(flight);
  const auto actions = flight.loaded(copy_aged(seconds(0)), false, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::miss);
  EXPECT_EQ(actions.answer->tier, Tier::loader);
  EXPECT_TRUE(actions.fill_memory.has_value());
  EXPECT_TRUE(actions.write_remote.has_value());
  EXPECT_TRUE(actions.ended);
}

TEST_F(FlightTest, AFailedLoadTellsTheErrorOnceAndStoresNothing) {
  Flight flight(kMemoryOnly, 0, std::nullopt);
  (void)flight.start();
  to_loading(flight);
  auto actions = flight.loaded(fail(ErrorKind::provider_error, "500"), false, now());
  ASSERT_TRUE(actions.answer && actions.answer->error);
  EXPECT_EQ(actions.answer->error->detail, "500");
  EXPECT_FALSE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.write_remote.has_value());
  actions = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_FALSE(actions.answer) << "an ended flight ignores further events";
}

TEST_F(FlightTest, ARefreshTakesRedisCopyOnlyIfItIsYounger) {
  const auto mine = copy_aged(seconds(9));
  {
    Flight flight(kWithRedis, 0, HeldCopy{mine, Tier::memory});
    (void)flight.start();
    EXPECT_TRUE(flight.remote_read(mine, now()).load) << "the same copy is not newer";
  }
  {
    Flight flight(kWithRedis, 0, HeldCopy{mine, Tier::memory});
    (void)flight.start();
    const auto actions = flight.remote_read(copy_aged(seconds(1)), now());
    EXPECT_FALSE(actions.load);
    EXPECT_TRUE(actions.fill_memory.has_value());
    EXPECT_TRUE(actions.ended);
  }
}

TEST_F(FlightTest, WhoeverJoinsARefreshIsAnsweredWithTheCopyItReplaces) {
  Flight flight(kWithRedis, 0, HeldCopy{copy_aged(seconds(9)), Tier::memory});
  (void)flight.start();
  auto verdict = flight.join(now());
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->outcome, Outcome::hit);
  clock_.advance(seconds(2));
  verdict = flight.join(now());
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->outcome, Outcome::stale_while_revalidate);
  clock_.advance(seconds(10));
  EXPECT_FALSE(flight.join(now())) << "with a kept copy the caller waits for the load";
  EXPECT_TRUE(flight.fallback(Outcome::soft_timeout, now()));
  clock_.advance(seconds(10));
  EXPECT_FALSE(flight.fallback(Outcome::soft_timeout, now()));
}

TEST_F(FlightTest, ALateRedisCopyIsRefreshedBehindWhereNoMemoryTierWouldNotice) {
  const FlightOptions options{.remote = true, .memory = false, .early_part = 0.8};
  Flight flight(options, 0, std::nullopt);
  (void)flight.start();
  auto actions = flight.remote_read(copy_aged(milliseconds(9500)), now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::hit);
  EXPECT_TRUE(actions.load);
  EXPECT_FALSE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.ended);
  to_loading(flight);
  actions = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_TRUE(actions.write_remote.has_value());
  EXPECT_FALSE(actions.fill_memory.has_value());
}

TEST_F(FlightTest, ACopyThatWantsNoEarlyRefreshGetsNone) {
  const FlightOptions options{.remote = true, .memory = false, .early_part = 0.8};
  Flight flight(options, 0, std::nullopt);
  (void)flight.start();
  const auto actions = flight.remote_read(copy_aged(milliseconds(9900), false), now());
  EXPECT_FALSE(actions.load);
  EXPECT_TRUE(actions.ended);
}

TEST_F(FlightTest, ABypassAsksNobodyAndStoresNothing) {
  const FlightOptions options{.remote = true, .memory = false, .bypass = true};
  Flight flight(options, 0, std::nullopt);
  EXPECT_TRUE(flight.start().load);
  to_loading(flight);
  const auto actions = flight.loaded(copy_aged(seconds(0)), false, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::bypass);
  EXPECT_FALSE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.write_remote.has_value());
}

TEST_F(FlightTest, ReloadingWhatWasKeptIsToldAsSuch) {
  Flight flight(kMemoryOnly, 0, HeldCopy{copy_aged(seconds(23)), Tier::memory});
  (void)flight.start();
  to_loading(flight);
  const auto actions = flight.loaded(copy_aged(seconds(0)), false, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::revalidated);
}

TEST_F(FlightTest, PastTheAgeLimitEverybodyIsToldAndTheLateLoadIsIgnored) {
  Flight flight(kMemoryOnly, 0, std::nullopt);
  (void)flight.start();
  to_loading(flight);
  auto actions = flight.age_limit(now());
  EXPECT_TRUE(actions.ended);
  ASSERT_TRUE(actions.answer && actions.answer->error);
  EXPECT_EQ(actions.answer->error->kind, ErrorKind::deadline_exceeded);
  actions = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_FALSE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.answer);
}

// The lease.

class LeaseTest : public FlightTest {
 protected:
  Flight cold() {
    Flight flight(kWithRedis, 0, std::nullopt);
    (void)flight.start();
    (void)flight.remote_read(std::nullopt, now());
    return flight;
  }
  Flight asked() {
    auto flight = cold();
    EXPECT_TRUE(flight.turn(true, now()).take_lease);
    return flight;
  }
  Flight awaiting() {
    auto flight = asked();
    (void)flight.leased(LeaseSeen{.lease_left = seconds(5)}, now(), now());
    EXPECT_EQ(flight.state(), Flight::State::awaiting);
    return flight;
  }
};

TEST_F(LeaseTest, IsAskedForWhenTheTurnHasComeNotWhileTheLoadQueues) {
  auto flight = cold();
  EXPECT_EQ(flight.state(), Flight::State::queued);
  EXPECT_TRUE(flight.turn(true, now()).take_lease);
}

TEST_F(LeaseTest, ATurnThatNobodyWaitsForAnyMoreIsNotTaken) {
  auto flight = cold();
  const auto actions = flight.turn(false, now());
  EXPECT_EQ(actions.proceed, false);
  EXPECT_TRUE(actions.ended);
}

TEST_F(LeaseTest, WonMeansGo) {
  auto flight = asked();
  const auto actions = flight.leased(LeaseSeen{.won = true}, now() + seconds(6), now());
  EXPECT_EQ(actions.proceed, true);
  const auto stored = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_TRUE(stored.release_lease);
  EXPECT_FALSE(stored.look_before_write);
}

// In its last second, a command about it may arrive when it is another process's.
TEST_F(LeaseTest, EndsByItselfNearItsEnd) {
  for (const auto& [after, ours] : {std::pair(milliseconds(4999), true), std::pair(milliseconds(5000), false)}) {
    const auto until = now() + seconds(6);
    auto loading = asked();
    (void)loading.leased(LeaseSeen{.won = true}, until, now());
    auto failing = asked();
    (void)failing.leased(LeaseSeen{.won = true}, until, now());
    auto settled = asked();
    auto given_up = asked();
    (void)given_up.age_limit(now());
    clock_.advance(after);
    EXPECT_EQ(loading.holds_lease(now()), ours);
    const auto stored = loading.loaded(copy_aged(seconds(0)), false, now());
    EXPECT_TRUE(stored.write_remote.has_value());
    EXPECT_EQ(stored.release_lease, ours);
    EXPECT_EQ(stored.look_before_write, !ours);
    EXPECT_EQ(failing.loaded(fail(ErrorKind::provider_error), false, now()).failure_to_fleet, ours);
    EXPECT_EQ(settled.leased(LeaseSeen{.won = true, .copy = copy_aged(seconds(1))}, until, now()).release_lease, ours);
    EXPECT_EQ(given_up.leased(LeaseSeen{.won = true}, until, now()).release_lease, ours);
  }
}

TEST_F(LeaseTest, AValueThatCameMeanwhileIsTakenAndTheLeaseGivenBack) {
  for (const bool won : {true, false}) {
    auto flight = asked();
    const auto actions = flight.leased(LeaseSeen{.won = won, .copy = copy_aged(seconds(1))}, now() + seconds(6), now());
    EXPECT_EQ(actions.proceed, false);
    EXPECT_EQ(actions.release_lease, won);
    ASSERT_TRUE(actions.answer);
    EXPECT_EQ(actions.answer->outcome, Outcome::lease);
    EXPECT_TRUE(actions.fill_memory.has_value());
    EXPECT_TRUE(actions.ended);
  }
}

TEST_F(LeaseTest, LostMeansWaitingForTheOtherAndLookingNowAndThen) {
  auto flight = asked();
  auto actions = flight.leased(LeaseSeen{.lease_left = seconds(5)}, now(), now());
  EXPECT_EQ(actions.proceed, false);
  EXPECT_FALSE(actions.ended);
  milliseconds waited{0};
  std::vector<milliseconds> looks;
  while (waited < milliseconds(4500)) {
    ASSERT_TRUE(actions.await);
    waited += std::chrono::duration_cast<milliseconds>(*actions.await);
    looks.push_back(waited);
    EXPECT_TRUE(flight.look_again().look);
    actions = flight.looked(LeaseSeen{.lease_left = seconds(5) - waited}, now());
  }
  EXPECT_EQ(looks, (std::vector{milliseconds(250), milliseconds(500), milliseconds(1000), milliseconds(2000),
                                milliseconds(3000), milliseconds(4000), milliseconds(5000)}));
}

TEST_F(LeaseTest, ALeaseThatEndsEarlierIsLookedAtThen) {
  auto flight = asked();
  const auto actions = flight.leased(LeaseSeen{.lease_left = milliseconds(40)}, now(), now());
  EXPECT_EQ(actions.await, nanoseconds(milliseconds(40)));
}

TEST_F(LeaseTest, WhoLosesTheChannelLooksAndLoadsWhenRedisIsGone) {
  auto flight = awaiting();
  EXPECT_TRUE(flight.on_disconnected().look);
  EXPECT_TRUE(flight.looked(fail(ErrorKind::redis_unavailable), now()).load);
  EXPECT_EQ(flight.turn(true, now()).proceed, true);
}

TEST_F(LeaseTest, AFillIsLookedAtAndAnswersEverybody) {
  auto flight = awaiting();
  EXPECT_TRUE(flight.on_fill().look);
  const auto actions = flight.looked(LeaseSeen{.copy = copy_aged(seconds(0))}, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::lease);
  EXPECT_TRUE(actions.ended);
}

// Another process may have served a stale copy and stored it again, or a copy whose load took longer than it is fresh.
// The load that the lease is for is still to come.
TEST_F(LeaseTest, AStaleCopyOfTheOtherDoesNotEndTheWaitForItsLoad) {
  for (const auto age : {seconds(10), seconds(15), seconds(25)}) {
    auto flight = awaiting();
    EXPECT_TRUE(flight.on_fill().look);
    auto actions = flight.looked(LeaseSeen{.copy = copy_aged(age), .lease_left = seconds(3)}, now());
    EXPECT_FALSE(actions.answer) << age;
    EXPECT_FALSE(actions.ended) << age;
    EXPECT_TRUE(actions.await) << age;
    EXPECT_TRUE(flight.on_fill().look);
    actions = flight.looked(LeaseSeen{.copy = copy_aged(age)}, now());
    EXPECT_FALSE(actions.ended) << age;
    EXPECT_TRUE(actions.load) << age << ": the other's lease has ended without a fresh value";
  }
}

TEST_F(LeaseTest, AFillHeardBeforeTheLeaseAnswersCounts) {
  auto flight = asked();
  EXPECT_FALSE(flight.on_fill().look);
  const auto actions = flight.leased(LeaseSeen{.lease_left = seconds(5)}, now(), now());
  EXPECT_TRUE(actions.look);
  EXPECT_FALSE(actions.await);
}

TEST_F(LeaseTest, AFailureOfTheOtherIsEverybodysFailure) {
  auto flight = awaiting();
  EXPECT_TRUE(flight.on_fail().look);
  const FailureMemo memo{ErrorKind::provider_timeout, 2, seconds(3)};
  const auto actions = flight.looked(LeaseSeen{.failure = memo}, now());
  ASSERT_TRUE(actions.answer && actions.answer->error);
  EXPECT_EQ(actions.answer->error->kind, ErrorKind::provider_timeout);
  EXPECT_EQ(actions.answer->error->retry_after, milliseconds(seconds(3)));
  ASSERT_TRUE(actions.fleet_failure);
  EXPECT_EQ(actions.fleet_failure->count, 2);
  EXPECT_FALSE(actions.load);
}

LeaseSeen refused_by_other() {
  LeaseSeen seen;
  seen.failure = FailureMemo{.kind = std::nullopt, .count = 1, .left = seconds(200)};
  return seen;
}

TEST_F(LeaseTest, ARefusalOfTheOtherIsEverybodysWhileACopyIsKept) {
  Flight flight(kWithRedis, 0, HeldCopy{copy_aged(seconds(25)), Tier::memory});
  (void)flight.start();
  (void)flight.remote_read(std::nullopt, now());
  (void)flight.turn(true, now());
  const auto actions = flight.leased(refused_by_other(), now(), now());
  EXPECT_EQ(actions.proceed, false);
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::stale_if_error);
  ASSERT_TRUE(actions.fleet_failure);
  EXPECT_FALSE(actions.fleet_failure->kind);
  EXPECT_TRUE(actions.ended);
}

TEST_F(LeaseTest, ARefusalOfTheOtherIsAskedForAgainWhereNoCopyIsKept) {
  auto flight = awaiting();
  (void)flight.on_fail();
  const auto seen = flight.looked(refused_by_other(), now());
  EXPECT_FALSE(seen.answer) << "its reason is not known here";
  EXPECT_TRUE(seen.load);
  EXPECT_TRUE(flight.turn(true, now()).take_lease);
  EXPECT_EQ(flight.leased(refused_by_other(), now(), now()).proceed, true);
}

TEST_F(LeaseTest, WhenTheOthersLeaseEndsWithoutAWordWeLoad) {
  auto flight = awaiting();
  EXPECT_TRUE(flight.look_again().look);
  const auto actions = flight.looked(LeaseSeen{}, now());
  EXPECT_TRUE(actions.load);
  EXPECT_TRUE(flight.turn(true, now()).take_lease);
}

TEST_F(LeaseTest, ALeaseStillHeldIsWaitedForAgain) {
  auto flight = awaiting();
  (void)flight.look_again();
  const auto actions = flight.looked(LeaseSeen{.lease_left = seconds(2)}, now());
  EXPECT_TRUE(actions.await);
}

TEST_F(LeaseTest, WhenTheChannelIsBackEveryWaiterLooks) {
  auto flight = awaiting();
  EXPECT_TRUE(flight.on_listening().look);
}

TEST_F(LeaseTest, WithoutAnAnswerFromRedisTheProcessLoadsAlone) {
  auto flight = asked();
  const auto actions = flight.leased(fail(ErrorKind::redis_timeout), now(), now());
  EXPECT_EQ(actions.proceed, true);
  EXPECT_TRUE(flight.redis_unavailable());
  const auto stored = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_FALSE(stored.release_lease);
  EXPECT_TRUE(stored.look_before_write) << "others may have loaded";
}

TEST_F(LeaseTest, AFailedLoadIsRememberedByTheFleet) {
  auto flight = asked();
  (void)flight.leased(LeaseSeen{.won = true}, now() + seconds(6), now());
  const auto actions = flight.loaded(fail(ErrorKind::provider_error), false, now());
  ASSERT_TRUE(actions.failed);
  EXPECT_TRUE(actions.failure_to_fleet);
}

TEST_F(LeaseTest, ARefusalBeforeTheTurnIsNoFailureOfTheProvider) {
  auto flight = cold();
  const auto actions = flight.loaded(fail(ErrorKind::overloaded), false, now());
  EXPECT_FALSE(actions.failed);
  EXPECT_EQ(actions.refresh_after, nanoseconds(seconds(1)));
  ASSERT_TRUE(actions.answer && actions.answer->error);
  EXPECT_TRUE(actions.ended);
}

TEST_F(LeaseTest, OneClientsAllowanceIsNotTheOthersFault) {
  auto flight = cold();
  auto actions = flight.loaded(fail(ErrorKind::client_limited), true, now());
  ASSERT_TRUE(actions.answer_leader && actions.answer_leader->error);
  EXPECT_TRUE(actions.load);
  EXPECT_FALSE(actions.ended);
  actions = flight.loaded(fail(ErrorKind::client_limited), false, now());
  EXPECT_TRUE(actions.ended);
  EXPECT_FALSE(actions.failed) << "no failure is remembered";
}

TEST_F(LeaseTest, OneClientsTimeInTheQueueIsNotTheOthersEither) {
  auto flight = cold();
  auto actions = flight.loaded(fail(ErrorKind::deadline_exceeded), true, now());
  ASSERT_TRUE(actions.answer_leader && actions.answer_leader->error);
  EXPECT_TRUE(actions.load);
  EXPECT_FALSE(actions.answer);
  actions = flight.loaded(fail(ErrorKind::deadline_exceeded), false, now());
  EXPECT_TRUE(actions.answer && actions.answer->error);
  EXPECT_TRUE(actions.ended);
}

TEST_F(LeaseTest, WhoIsRefusedAloneFallsBackOnWhatIsKept) {
  Flight flight(kWithRedis, 0, HeldCopy{copy_aged(seconds(25)), Tier::memory});
  (void)flight.start();
  (void)flight.remote_read(std::nullopt, now());
  const auto actions = flight.loaded(fail(ErrorKind::client_limited), true, now());
  ASSERT_TRUE(actions.answer_leader);
  EXPECT_EQ(actions.answer_leader->outcome, Outcome::stale_if_error);
}

TEST_F(LeaseTest, GivenUpWhileItIsAskedForItIsGivenBackAndTheLoaderToldToStandDown) {
  auto flight = asked();
  EXPECT_TRUE(flight.age_limit(now()).ended);
  const auto actions = flight.leased(LeaseSeen{.won = true}, now() + seconds(6), now());
  EXPECT_EQ(actions.proceed, false);
  EXPECT_TRUE(actions.release_lease);
}

TEST_F(LeaseTest, APurgeWhileItLoadsKeepsTheLoadFromBeingStored) {
  auto flight = asked();
  (void)flight.leased(LeaseSeen{.won = true}, now() + seconds(6), now());
  flight.purge();
  const auto actions = flight.loaded(copy_aged(seconds(0)), false, now());
  ASSERT_TRUE(actions.answer && actions.answer->copy) << "the waiters are answered";
  EXPECT_FALSE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.write_remote.has_value());
  EXPECT_TRUE(actions.release_lease);
}

TEST_F(LeaseTest, APurgedCopyIsNoFallback) {
  Flight flight(kWithRedis, 0, HeldCopy{copy_aged(seconds(25)), Tier::memory});
  (void)flight.start();
  (void)flight.remote_read(std::nullopt, now());
  flight.purge();
  EXPECT_FALSE(flight.fallback(Outcome::soft_timeout, now()));
}

TEST_F(LeaseTest, ARefusalIsKeptLikeAnAnswerButNeverInPlaceOfOne) {
  const auto refusal = [&] {
    auto copy = copy_aged(seconds(0));
    auto entry = std::make_shared<Entry>(*copy.entry);
    entry->kind = EntryKind::refusal;
    entry->body = "No data";
    copy.entry = std::move(entry);
    return copy;
  };
  {
    Flight flight(kMemoryOnly, 0, std::nullopt);
    (void)flight.start();
    to_loading(flight);
    const auto actions = flight.loaded(refusal(), false, now());
    EXPECT_TRUE(actions.fill_memory.has_value());
    EXPECT_FALSE(actions.failed);
  }
  {
    Flight flight(kMemoryOnly, 0, HeldCopy{copy_aged(seconds(25)), Tier::memory});
    (void)flight.start();
    to_loading(flight);
    const auto actions = flight.loaded(refusal(), false, now());
    EXPECT_FALSE(actions.fill_memory.has_value());
    ASSERT_TRUE(actions.failed);
    ASSERT_TRUE(actions.failed->refusal);
    EXPECT_EQ(actions.failed->refusal->entry->body, "No data");
    EXPECT_FALSE(actions.failed->error);
    EXPECT_EQ(actions.answer->outcome, Outcome::stale_if_error);
  }
  for (const auto doubts : {Doubts::none, Doubts::gap}) {
    FlightOptions options = kWithRedis;
    options.doubts = doubts;
    Flight flight(options, 0, HeldCopy{copy_aged(seconds(doubts == Doubts::gap ? 3 : 25)), Tier::memory});
    (void)flight.start();
    const auto read = flight.remote_read(refusal(), now());
    EXPECT_FALSE(read.fill_memory.has_value()) << "another process's refusal";
    EXPECT_FALSE(read.answer.has_value());
    EXPECT_TRUE(read.load);
    EXPECT_EQ(flight.held()->copy.entry->kind, EntryKind::answer);
  }
  {
    Flight flight(kWithRedis, 0, std::nullopt);
    (void)flight.start();
    EXPECT_EQ(flight.remote_read(refusal(), now()).answer->copy->entry->body, "No data");
  }
}

TEST_F(LeaseTest, ACopyInDoubtIsConfirmedByRedisHoldingTheSame) {
  const auto mine = copy_aged(seconds(3));
  FlightOptions options = kWithRedis;
  options.doubts = Doubts::gap;
  Flight flight(options, 0, HeldCopy{mine, Tier::memory});
  (void)flight.start();
  EXPECT_EQ(flight.join(now())->outcome, Outcome::hit) << "a copy in doubt is still fresh";
  const auto actions = flight.remote_read(mine, now());
  EXPECT_TRUE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.load);
  EXPECT_TRUE(actions.ended);
}

// A failure is remembered, and another process has announced a value since.
TEST_F(LeaseTest, ALookPastARememberedFailureEndsWithWhatRedisHoldsOrTheFailure) {
  for (const bool stored : {false, true}) {
    Flight flight(kWithRedis, 0, std::nullopt);
    flight.look_past(Verdict{.error = Error{.kind = ErrorKind::provider_error, .remembered = true}}, clock_.wall());
    EXPECT_TRUE(flight.start().read_remote);
    const auto actions = flight.remote_read(stored ? std::optional(copy_aged(seconds(1))) : std::nullopt, now());
    EXPECT_TRUE(actions.ended);
    EXPECT_FALSE(actions.load);
    ASSERT_TRUE(actions.answer);
    EXPECT_EQ(actions.answer->copy.has_value(), stored);
    EXPECT_EQ(actions.answer->error.has_value(), !stored);
  }
}

// The same if memory does not hold what was kept when the load failed.
TEST_F(LeaseTest, ALookPastARememberedFailureServesWhatWasKeptWithoutALoad) {
  struct Case {
    seconds age;
    seconds failed;  // how long ago the failed load began
    bool ends;       // the failure is still in force
  };
  for (const auto& [age, failed, ends] : {Case{seconds(15), seconds(5), true}, Case{seconds(25), seconds(5), true},
                                          Case{seconds(15), seconds(17), false}}) {
    Flight flight(kWithRedis, 0, std::nullopt);
    flight.look_past(Verdict{.error = Error{.kind = ErrorKind::provider_error, .remembered = true}},
                     clock_.wall() - failed);
    (void)flight.start();
    const auto actions = flight.remote_read(copy_aged(age), now());
    EXPECT_EQ(actions.ended, ends);
    EXPECT_EQ(actions.load, !ends) << "a value from after the failure ends its memory";
    ASSERT_TRUE(actions.answer);
    EXPECT_EQ(actions.answer->outcome, ends ? Outcome::stale_if_error : Outcome::stale_while_revalidate);
  }
}

TEST_F(LeaseTest, APurgeEndsALookPastARememberedFailureToo) {
  for (const bool everything : {false, true}) {
    Flight flight(kWithRedis, 0, std::nullopt);
    flight.look_past(Verdict{.outcome = Outcome::stale_if_error, .tier = Tier::memory, .copy = copy_aged(seconds(100))},
                     clock_.wall());
    (void)flight.start();
    everything ? flight.new_epoch() : flight.purge();
    const auto actions = flight.remote_read(std::nullopt, now());
    EXPECT_FALSE(actions.answer) << "the purged copy";
    EXPECT_TRUE(actions.load);
  }
}

class LookOnlyTest : public LeaseTest {
 protected:
  // A flight that only looks for the value that supersedes a fresh copy, or confirms it after a gap.
  Flight look_only(Doubts doubts, seconds age = seconds(3)) {
    FlightOptions options = kWithRedis;
    options.doubts = doubts;
    options.look_only = true;
    Flight flight(options, 0, HeldCopy{copy_aged(age), Tier::memory});
    EXPECT_TRUE(flight.start().read_remote);
    return flight;
  }
};

TEST_F(LookOnlyTest, EndsWithoutALoadWhenTheAnnouncedValueIsNotThere) {
  for (const auto& found : {std::optional<Copy>(), std::optional(copy_aged(seconds(4)))}) {
    auto flight = look_only(Doubts::superseded);
    const auto actions = flight.remote_read(found, now());
    EXPECT_TRUE(actions.ended);
    EXPECT_FALSE(actions.load);
    EXPECT_FALSE(actions.fill_memory);
  }
}

TEST_F(LookOnlyTest, TakesTheAnnouncedValue) {
  auto flight = look_only(Doubts::superseded);
  const auto actions = flight.remote_read(copy_aged(seconds(1)), now());
  EXPECT_TRUE(actions.ended);
  EXPECT_FALSE(actions.load);
  EXPECT_TRUE(actions.fill_memory);
}

TEST_F(LookOnlyTest, EndsWithoutALoadWhenRedisDoesNotAnswer) {
  for (const auto doubts : {Doubts::superseded, Doubts::gap}) {
    auto flight = look_only(doubts);
    const auto actions = flight.remote_read(fail(ErrorKind::redis_timeout), now());
    EXPECT_TRUE(actions.ended);
    EXPECT_FALSE(actions.load);
    EXPECT_TRUE(actions.refresh_after) << "a hit looks again";
  }
}

TEST_F(LookOnlyTest, PutsBackAfterAGapWhatRedisHasLost) {
  for (const auto& found : {std::optional<Copy>(), std::optional(copy_aged(seconds(4)))}) {
    auto flight = look_only(Doubts::gap);
    const auto actions = flight.remote_read(found, now());
    EXPECT_TRUE(actions.ended);
    EXPECT_FALSE(actions.load);
    EXPECT_TRUE(actions.confirmed);
    EXPECT_EQ(actions.put_back, !found) << "an older value is not replaced";
  }
}

TEST_F(LookOnlyTest, LoadsAfterAGapWhatItCannotJudge) {
  auto unreadable = look_only(Doubts::gap);
  unreadable.on_unreadable();
  EXPECT_TRUE(unreadable.remote_read(std::nullopt, now()).load) << "a value of another version may follow a purge";
  auto refused = look_only(Doubts::gap);
  auto refusal = *copy_aged(seconds(1)).entry;
  refusal.kind = EntryKind::refusal;
  const auto actions = refused.remote_read(make_copy(std::make_shared<Entry>(refusal), clock_), now());
  EXPECT_TRUE(actions.load) << "so may a later refusal";
  EXPECT_FALSE(actions.confirmed);
}

TEST_F(LookOnlyTest, LoadsAfterAGapWhatWasPurgedInIt) {
  auto flight = look_only(Doubts::gap);
  flight.purge_until({.wall = clock_.wall(), .steady = now()});
  EXPECT_FALSE(flight.held());
  const auto actions = flight.remote_read(std::nullopt, now());
  EXPECT_TRUE(actions.load);
  EXPECT_FALSE(actions.put_back);
}

TEST_F(LookOnlyTest, KeepsWhatWasStoredAfterThePurge) {
  auto flight = look_only(Doubts::gap);
  flight.purge_until({.wall = clock_.wall() - seconds(4), .steady = now() - seconds(4)});
  EXPECT_TRUE(flight.held());
  EXPECT_TRUE(flight.remote_read(std::nullopt, now()).ended);
}

TEST_F(LookOnlyTest, LoadsForACallerThatCannotHaveTheCopy) {
  auto forced = look_only(Doubts::superseded);
  forced.force();
  EXPECT_TRUE(forced.remote_read(std::nullopt, now()).load);
  auto late = look_only(Doubts::superseded);
  EXPECT_TRUE(late.remote_read(std::nullopt, now() + seconds(30)).load) << "it is no longer fresh";
  auto purged = look_only(Doubts::superseded);
  purged.purge();
  EXPECT_TRUE(purged.remote_read(std::nullopt, now()).load);
}

class ForcedTest : public LeaseTest {
 protected:
  Flight forced() {
    Flight flight(FlightOptions{.remote = true, .forced = true}, 0, std::nullopt);
    EXPECT_TRUE(flight.start().read_remote) << "it reads a copy to fall back on";
    EXPECT_TRUE(flight.remote_read(std::nullopt, now()).load);
    EXPECT_TRUE(flight.turn(true, now()).take_lease);
    return flight;
  }
};

TEST_F(ForcedTest, WhatStandsInRedisAsTheLeaseIsTakenIsNotWhatWasAskedFor) {
  auto flight = forced();
  auto actions = flight.leased(LeaseSeen{.won = true, .copy = copy_aged(seconds(1))}, now() + seconds(6), now());
  EXPECT_EQ(actions.proceed, true);
  EXPECT_FALSE(actions.answer);
  actions = flight.loaded(copy_aged(seconds(0)), false, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::forced);
}

TEST_F(ForcedTest, WaitsForAnothersLoadAndTakesOnlyWhatThatStored) {
  const auto before = copy_aged(seconds(1));
  auto flight = forced();
  auto actions = flight.leased(LeaseSeen{.copy = before, .lease_left = seconds(5)}, now(), now());
  EXPECT_FALSE(actions.answer);
  EXPECT_TRUE(actions.await);
  (void)flight.look_again();
  actions = flight.looked(LeaseSeen{.copy = before, .lease_left = seconds(4)}, now());
  EXPECT_FALSE(actions.answer);
  EXPECT_TRUE(actions.await);
  (void)flight.on_fill();
  actions = flight.looked(LeaseSeen{.copy = copy_aged(seconds(0))}, now());
  ASSERT_TRUE(actions.answer);
  EXPECT_EQ(actions.answer->outcome, Outcome::lease);
}

TEST_F(ForcedTest, AFailureFromBeforeIsNoAnswerButThatOfTheLoadItWaitedForIs) {
  const FailureMemo memo{ErrorKind::provider_timeout, 2, seconds(3)};
  {
    auto flight = forced();
    const auto actions = flight.leased(LeaseSeen{.failure = memo}, now(), now());
    EXPECT_EQ(actions.proceed, true) << "it loads without a lease, whose place the memo takes";
    EXPECT_FALSE(actions.answer);
    EXPECT_FALSE(flight.loaded(copy_aged(seconds(0)), false, now()).release_lease);
  }
  {
    auto flight = forced();
    (void)flight.leased(LeaseSeen{.lease_left = seconds(5)}, now(), now());
    (void)flight.on_fail();
    const auto actions = flight.looked(LeaseSeen{.failure = memo}, now());
    ASSERT_TRUE(actions.answer && actions.answer->error);
    EXPECT_TRUE(actions.ended);
  }
}

TEST_F(ForcedTest, WhoJoinsAFlightThatReadsRedisLeavesWhatIsReadAsAFallbackOnly) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  flight.force();
  const auto read = copy_aged(seconds(1));
  const auto actions = flight.remote_read(read, now());
  EXPECT_FALSE(actions.answer);
  EXPECT_TRUE(actions.load);
  EXPECT_FALSE(actions.ended);
  EXPECT_TRUE(flight.turn(true, now()).take_lease);
  EXPECT_EQ(flight.leased(LeaseSeen{.won = true, .copy = read}, now() + seconds(6), now()).proceed, true);
  const auto failed = flight.loaded(fail(ErrorKind::provider_timeout), false, now());
  ASSERT_TRUE(failed.answer && failed.answer->copy);
  EXPECT_EQ(failed.answer->copy->entry, read.entry);
}

TEST_F(FlightTest, APurgeHeardBeforeTheCallDoesNotKeepItsResultOut) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  flight.purge();
  EXPECT_TRUE(flight.remote_read(copy_aged(seconds(1)), now()).load)
      << "a copy that was read before the purge is not used";
  to_loading(flight);
  const auto actions = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_TRUE(actions.fill_memory.has_value());
  EXPECT_TRUE(actions.write_remote.has_value());
}

TEST_F(FlightTest, ANewEpochIsAPurgeButForWhatIsBeingRead) {
  Flight reading(kWithRedis, 0, HeldCopy{copy_aged(seconds(25)), Tier::memory});
  (void)reading.start();
  reading.new_epoch();
  EXPECT_FALSE(reading.held()) << "the fallback is gone";
  const auto read = reading.remote_read(copy_aged(seconds(1)), now());
  EXPECT_TRUE(read.fill_memory.has_value());
  EXPECT_FALSE(read.load);

  Flight loading(kWithRedis, 0, std::nullopt);
  (void)loading.start();
  (void)loading.remote_read(std::optional<Copy>(), now());
  to_loading(loading);
  loading.new_epoch();
  const auto loaded = loading.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_TRUE(loaded.answer.has_value());
  EXPECT_FALSE(loaded.fill_memory.has_value());
  EXPECT_FALSE(loaded.write_remote.has_value());
}

TEST_F(FlightTest, APurgeHeardDuringTheCallKeepsItsResultOut) {
  Flight flight(kWithRedis, 0, std::nullopt);
  (void)flight.start();
  (void)flight.remote_read(std::optional<Copy>(), now());
  to_loading(flight);
  flight.purge();
  const auto actions = flight.loaded(copy_aged(seconds(0)), false, now());
  EXPECT_TRUE(actions.answer.has_value());
  EXPECT_FALSE(actions.fill_memory.has_value());
  EXPECT_FALSE(actions.write_remote.has_value());
  EXPECT_TRUE(actions.release_lease);
}

}  // namespace
}  // namespace wx::cache
