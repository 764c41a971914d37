// The promises of remote_tier.hpp, checked for every implementation: the fake that the tests of the cache use, Redis,
// and both during a staged outage of other keys.
#include "remote_tier_contract.hpp"

#include <gmock/gmock.h>

namespace wx::cache {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr std::string_view kKey = "weather:52.52:13.41";
constexpr std::string_view kOther = "weather:48.85:2.35";
// Long enough for any machine: a span that does not end during a test.
constexpr seconds kLong{60};
// Short enough to wait for.
constexpr milliseconds kShort{50};
// A purge of everything raises the epoch by at most this much.
constexpr std::uint64_t kLargestStep = std::uint64_t{1} << 20;
// Redis may read its clock this much earlier than we read ours.
constexpr milliseconds kGrain{20};

template <class World>
class RemoteTierContract : public testing::Test {
 protected:
  // Calls `ask` with a callback, waits, and returns the value that the callback got.
  template <class Value, class Ask>
  Result<Value> result_of(Ask ask) {
    struct Told {
      std::optional<Result<Value>> result;
      int calls = 0;
    };
    const auto told = std::make_shared<Told>();  // the callback may be called later than this waits
    ask([told](Result<Value> got) {
      told->result = std::move(got);
      ++told->calls;
    });
    world_.wait_until([&] { return told->result.has_value(); });
    EXPECT_EQ(told->calls, 1);
    return told->result ? std::move(*told->result) : fail(ErrorKind::internal);
  }
  RemoteTier& tier(std::size_t process) { return world_.tier(process); }

  Result<std::optional<Entry>> try_read(std::size_t process, std::string_view key = kKey) {
    return result_of<std::optional<Entry>>([&](auto done) { tier(process).read(key, std::move(done)); });
  }
  std::optional<Entry> read(std::size_t process, std::string_view key = kKey) {
    auto found = try_read(process, key);
    EXPECT_TRUE(found);
    return found ? std::move(*found) : std::nullopt;
  }
  Result<LeaseView> take_lease(std::size_t process, std::string_view token, milliseconds span = kLong) {
    return result_of<LeaseView>([&](auto done) { tier(process).take_lease(kKey, token, span, std::move(done)); });
  }
  Result<LeaseView> look(std::size_t process) {
    return result_of<LeaseView>([&](auto done) { tier(process).look(kKey, std::move(done)); });
  }
  Result<void> store(std::size_t process, const Entry& entry, bool release = false) {
    return result_of<void>([&](auto done) { tier(process).store(kKey, entry, release, std::move(done)); });
  }
  Result<void> bury(std::size_t process) {
    return result_of<void>([&](auto done) {
      tier(process).bury(kKey, make_tombstone(std::chrono::floor<milliseconds>(world_.clock().wall()), kLong),
                         std::move(done));
    });
  }
  Result<void> purge(std::size_t process) {
    auto buried = bury(process);
    const auto announced = result_of<void>([&](auto done) {
      tier(process).announce_purge(kKey, std::chrono::floor<milliseconds>(world_.clock().wall()), std::move(done));
    });
    return buried ? announced : buried;
  }
  Result<std::uint64_t> raise_epoch(std::size_t process, std::uint64_t ours) {
    return result_of<std::uint64_t>([&](auto done) { tier(process).raise_epoch(ours, std::move(done)); });
  }

  // Equal at each call.
  Entry entry(milliseconds fresh_for = kLong) const {
    Entry entry;
    entry.body = "{\"latitude\":52.52}";
    entry.content_type = "application/json";
    entry.etag = "5f2a";
    entry.stored_at = began_;
    entry.spans.fresh_for = fresh_for;
    entry.epoch = 3;
    return entry;
  }
  std::string fill_of(const Entry& entry) const {
    return cat("fill ", kKey, " ", entry.etag, " ", entry.stored_at.time_since_epoch().count(), " ",
               entry.spans.fresh_for.count(), " ", entry.epoch);
  }
  // Waits until a process has received the message.
  void expect_heard(std::size_t process, const std::string& message) {
    const auto& heard = world_.ear(process).heard;
    world_.wait_until([&] { return std::ranges::find(heard, message) != heard.end(); });
  }

  World world_;
  const WallTime began_ = std::chrono::floor<milliseconds>(world_.clock().wall());
};

using Worlds = testing::Types<test::FakeWorld, test::RedisWorld, test::OutageWorld<test::FakeWorld>,
                              test::OutageWorld<test::RedisWorld>>;
TYPED_TEST_SUITE(RemoteTierContract, Worlds);

// --- values ---

TYPED_TEST(RemoteTierContract, AStoredEntryIsReadByEveryProcess) {
  EXPECT_FALSE(this->read(0));
  const auto entry = this->entry();
  ASSERT_TRUE(this->store(0, entry));
  EXPECT_EQ(this->read(0), entry);
  EXPECT_EQ(this->read(1), entry);
  EXPECT_FALSE(this->read(1, kOther));
}

TYPED_TEST(RemoteTierContract, ALaterEntryReplacesAnEarlierOne) {
  ASSERT_TRUE(this->store(0, this->entry(kShort)));
  auto later = this->entry();
  later.body = "{}";
  ASSERT_TRUE(this->store(1, later));
  this->world_.let_pass(kShort + kGrain);
  EXPECT_EQ(this->read(0), later) << "with the spans of its own entry";
}

TYPED_TEST(RemoteTierContract, AnEntryEndsWithItsSpans) {
  auto entry = this->entry(milliseconds(20));
  entry.spans.stale_for = milliseconds(20);
  entry.spans.keep_for = milliseconds(10);
  ASSERT_TRUE(this->store(0, entry));
  this->world_.let_pass(kShort + kGrain);
  EXPECT_FALSE(this->read(1));
}

TYPED_TEST(RemoteTierContract, TheAgeOfAnEntryCounts) {
  auto entry = this->entry();
  entry.stored_at -= kLong - kShort;
  ASSERT_TRUE(this->store(0, entry));
  this->world_.let_pass(kShort + kGrain);
  EXPECT_FALSE(this->read(1));
}

TYPED_TEST(RemoteTierContract, AnEntryFromTheFutureLivesNoLongerThanItsSpans) {
  auto entry = this->entry(kShort);
  entry.stored_at += kLong;
  ASSERT_TRUE(this->store(0, entry));
  this->world_.let_pass(kShort + kGrain);
  EXPECT_FALSE(this->read(1));
}

TYPED_TEST(RemoteTierContract, AnEntryThatIsOverIsNotStoredAndNotAnnounced) {
  auto over = this->entry();
  over.stored_at -= kLong;
  EXPECT_TRUE(this->store(0, over));
  EXPECT_FALSE(this->read(1));
  ASSERT_TRUE(this->purge(0));
  this->expect_heard(1, cat("purge ", kKey));
  EXPECT_THAT(this->world_.ear(1).heard, ElementsAre(cat("purge ", kKey)));
}

TYPED_TEST(RemoteTierContract, APurgeLeavesATombstoneInsteadOfTheValueAndNoMore) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  ASSERT_TRUE(this->store(0, this->entry()));
  const auto before = this->world_.clock().wall();
  ASSERT_TRUE(this->purge(1));
  for (const std::size_t process : {0, 1}) {
    const auto found = this->read(process);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, EntryKind::tombstone);
    EXPECT_GE(found->stored_at, std::chrono::floor<milliseconds>(before));
    EXPECT_TRUE(found->body.empty());
  }
  EXPECT_EQ(this->look(0)->entry->kind, EntryKind::tombstone);
  EXPECT_TRUE(this->look(0)->lease_left) << "the lease stays";
  EXPECT_TRUE(this->purge(1)) << "of nothing";
}

TYPED_TEST(RemoteTierContract, AValueReplacesATombstoneButIsNotPutBackOverOne) {
  ASSERT_TRUE(this->purge(0));
  this->tier(1).put_back(kKey, this->entry());
  EXPECT_EQ(this->read(1)->kind, EntryKind::tombstone);
  ASSERT_TRUE(this->store(1, this->entry()));
  EXPECT_EQ(this->read(0), this->entry());
}

TYPED_TEST(RemoteTierContract, WhatIsLostIsPutBackAndNothingIsReplaced) {
  const auto mine = this->entry();
  this->tier(0).put_back(kKey, mine);
  EXPECT_EQ(this->read(0), mine);
  auto other = mine;
  other.body = "{}";
  this->tier(0).put_back(kKey, other);
  EXPECT_EQ(this->read(0), mine);
  auto over = this->entry();
  over.stored_at -= kLong;
  this->tier(0).put_back(kOther, over);
  EXPECT_FALSE(this->read(0, kOther)) << "it is over";
  EXPECT_TRUE(this->world_.ear(1).heard.empty()) << "nobody is told";
}

// --- leases ---

TYPED_TEST(RemoteTierContract, OneProcessGetsALeaseAndTheOtherLearnsWhenItEnds) {
  const auto mine = this->take_lease(0, "mine");
  ASSERT_TRUE(mine);
  EXPECT_TRUE(mine->won);
  EXPECT_FALSE(mine->entry);
  EXPECT_FALSE(mine->failure);
  EXPECT_FALSE(mine->lease_left) << "it is not somebody else's";
  const auto yours = this->take_lease(1, "yours");
  ASSERT_TRUE(yours);
  EXPECT_FALSE(yours->won);
  EXPECT_FALSE(yours->failure);
  ASSERT_TRUE(yours->lease_left);
  EXPECT_GT(*yours->lease_left, kLong / 2);
  EXPECT_LE(*yours->lease_left, kLong);
}

TYPED_TEST(RemoteTierContract, ALeaseIsTakenOnceByWhichProcessEver) {
  ASSERT_TRUE(this->take_lease(0, "first")->won);
  EXPECT_FALSE(this->take_lease(0, "second")->won) << "another attempt of the holder fails, too";
}

TYPED_TEST(RemoteTierContract, ALeaseEndsByItself) {
  ASSERT_TRUE(this->take_lease(0, "mine", kShort)->won);
  this->world_.let_pass(kShort + kGrain);
  const auto seen = this->look(1);
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->lease_left);
  EXPECT_TRUE(this->take_lease(1, "yours")->won);
}

TYPED_TEST(RemoteTierContract, TheWinnerAndTheLoserBothGetTheValue) {
  const auto entry = this->entry();
  ASSERT_TRUE(this->store(1, entry));
  const auto won = this->take_lease(0, "mine");
  ASSERT_TRUE(won && won->won);
  EXPECT_EQ(won->entry, entry);
  const auto lost = this->take_lease(1, "yours");
  ASSERT_TRUE(lost && !lost->won);
  EXPECT_EQ(lost->entry, entry);
}

TYPED_TEST(RemoteTierContract, ALookTakesNothing) {
  const auto nothing = this->look(0);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->won || nothing->entry || nothing->failure || nothing->lease_left);
  ASSERT_TRUE(this->take_lease(1, "yours")->won);
  const auto entry = this->entry();
  ASSERT_TRUE(this->store(1, entry));
  const auto seen = this->look(0);
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->won);
  EXPECT_EQ(seen->entry, entry);
  ASSERT_TRUE(seen->lease_left);
  EXPECT_LE(*seen->lease_left, kLong);
}

TYPED_TEST(RemoteTierContract, AStoreGivesTheLeaseBackIfAsked) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  ASSERT_TRUE(this->store(0, this->entry(), false));
  EXPECT_FALSE(this->take_lease(1, "yours")->won);
  ASSERT_TRUE(this->store(0, this->entry(), true));
  EXPECT_TRUE(this->take_lease(1, "yours")->won);
}

TYPED_TEST(RemoteTierContract, AStoreOfAnEntryThatIsOverGivesTheLeaseBackToo) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  auto over = this->entry();
  over.stored_at -= kLong;
  ASSERT_TRUE(this->store(0, over, true));
  EXPECT_TRUE(this->take_lease(0, "again")->won);
}

TYPED_TEST(RemoteTierContract, ALeaseGivenBackIsFree) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(0).give_back(kKey);
  EXPECT_FALSE(this->look(0)->lease_left);
  EXPECT_TRUE(this->take_lease(1, "yours")->won);
}

// --- failures ---

TYPED_TEST(RemoteTierContract, AFailureTakesTheLeasesPlace) {
  ASSERT_TRUE(this->take_lease(0, "mine", 10 * kLong)->won);
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 3, kLong});
  ASSERT_TRUE(this->look(0));  // it has arrived
  for (const auto& seen : {this->take_lease(1, "yours"), this->look(1)}) {
    ASSERT_TRUE(seen);
    EXPECT_FALSE(seen->won);
    EXPECT_FALSE(seen->lease_left);
    ASSERT_TRUE(seen->failure);
    EXPECT_EQ(seen->failure->kind, ErrorKind::provider_timeout);
    EXPECT_EQ(seen->failure->count, 3);
    EXPECT_GT(seen->failure->left, kLong / 2);
    EXPECT_LE(seen->failure->left, kLong) << "the memo has its own span, not that of the lease";
  }
}

TYPED_TEST(RemoteTierContract, ARefusalIsAFailureWithoutAnError) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(0).store_failure(kKey, {.kind = std::nullopt, .count = 2, .left = kLong});
  ASSERT_TRUE(this->look(0));  // it has arrived
  const auto seen = this->look(1);
  ASSERT_TRUE(seen && seen->failure);
  EXPECT_FALSE(seen->failure->kind);
  EXPECT_EQ(seen->failure->count, 2);
}

TYPED_TEST(RemoteTierContract, AFailureEndsByItself) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kShort});
  ASSERT_TRUE(this->look(0));  // it has arrived
  this->world_.let_pass(kShort + kGrain);
  EXPECT_FALSE(this->look(1)->failure);
  EXPECT_TRUE(this->take_lease(1, "yours")->won);
}

TYPED_TEST(RemoteTierContract, AFailureWithoutALeaseIsNotRemembered) {
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kLong});
  EXPECT_TRUE(this->take_lease(0, "mine")->won);
}

TYPED_TEST(RemoteTierContract, AFailureNamesTheEpochOfItsLoad) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(0).store_failure(kKey, {.kind = ErrorKind::provider_timeout, .count = 3, .left = kLong, .epoch = 7});
  ASSERT_TRUE(this->look(0));  // it has arrived
  const auto seen = this->look(1);
  ASSERT_TRUE(seen && seen->failure);
  EXPECT_EQ(seen->failure->count, 3);
  EXPECT_EQ(seen->failure->epoch, 7U);
}

TYPED_TEST(RemoteTierContract, APurgeForgetsAFailure) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kLong});
  ASSERT_TRUE(this->look(0));  // it has arrived
  ASSERT_TRUE(this->bury(1));
  EXPECT_TRUE(this->take_lease(1, "yours")->won);
}

TYPED_TEST(RemoteTierContract, AFailureIsForgottenAndALeaseIsNot) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(1).forget_failure(kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  ASSERT_TRUE(this->bury(1));
  EXPECT_TRUE(this->look(1)->lease_left) << "a purge does not end the lease of a load under way, either";
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kLong});
  ASSERT_TRUE(this->look(0));  // it has arrived
  this->tier(1).forget_failure(kKey, [](const Result<void>& result) { EXPECT_TRUE(result); });
  EXPECT_TRUE(this->take_lease(1, "yours")->won);
}

TYPED_TEST(RemoteTierContract, FailuresInARowAreCountedToALimit) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 4000, kLong});
  const auto seen = this->look(0);
  ASSERT_TRUE(seen && seen->failure);
  EXPECT_EQ(seen->failure->count, FailureMemo::kMaxCount);
}

TYPED_TEST(RemoteTierContract, NoLeaseAndNoFailureIsBelievedForEver) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->world_.make_endless(kKey);
  EXPECT_EQ(this->look(1)->lease_left, kLongestLease);
  const auto left = this->look(1)->lease_left;
  ASSERT_TRUE(left);
  EXPECT_GT(*left, milliseconds(0));
  EXPECT_LE(*left, kLongestLease) << "it has an end now";
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, std::chrono::hours(24)});
  ASSERT_TRUE(this->look(0));  // it has arrived
  for (const bool endless : {false, true}) {
    if (endless) this->world_.make_endless(kKey);
    for (const auto& seen : {this->look(1), this->take_lease(1, "yours")}) {
      ASSERT_TRUE(seen && seen->failure);
      EXPECT_GT(seen->failure->left, kLongestFailure / 2);
      EXPECT_LE(seen->failure->left, kLongestFailure);
    }
  }
}

// --- the epoch ---

TYPED_TEST(RemoteTierContract, EachRaiseOfTheEpochIsHigherThanTheOneBefore) {
  std::uint64_t before = 0;
  for (const std::size_t process : {0, 1, 0}) {
    const auto epoch = this->raise_epoch(process, 0);
    ASSERT_TRUE(epoch);
    EXPECT_GT(*epoch, before);
    EXPECT_LE(*epoch, before + kLargestStep);
    before = *epoch;
  }
}

TYPED_TEST(RemoteTierContract, TheEpochRisesAboveOursWhateverTheTierHolds) {
  const auto first = this->raise_epoch(0, 7).value_or(0);
  EXPECT_GT(first, 7U) << "the tier holds no epoch";
  const auto second = this->raise_epoch(1, first + 20).value_or(0);
  EXPECT_GT(second, first + 20) << "the tier holds a lower epoch";
  EXPECT_GT(this->raise_epoch(0, 7).value_or(0), second) << "the tier holds a higher epoch";
}

// --- messages ---

TYPED_TEST(RemoteTierContract, OtherProcessesHearEveryChange) {
  const auto entry = this->entry();
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  ASSERT_TRUE(this->store(0, entry));
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kLong});
  this->tier(0).give_back(kKey);
  ASSERT_TRUE(this->purge(0));
  const auto epoch = cat("epoch ", this->raise_epoch(0, 4).value_or(0));
  this->expect_heard(1, epoch);
  const auto failed = cat("fail ", kKey);
  EXPECT_THAT(this->world_.ear(1).heard, ElementsAre(this->fill_of(entry), failed, failed, cat("purge ", kKey), epoch));
}

TYPED_TEST(RemoteTierContract, ReadingAndTakingALeaseTellNobody) {
  ASSERT_TRUE(this->try_read(0));
  ASSERT_TRUE(this->take_lease(0, "mine"));
  ASSERT_TRUE(this->look(0));
  ASSERT_TRUE(this->purge(0));
  this->expect_heard(1, cat("purge ", kKey));
  EXPECT_THAT(this->world_.ear(1).heard, ElementsAre(cat("purge ", kKey)));
}

TYPED_TEST(RemoteTierContract, AProcessThatHearsOfAFillFindsTheValueAndNoLease) {
  const auto entry = this->entry();
  const auto told = std::make_shared<std::optional<Result<LeaseView>>>();  // the ear outlives this test's body
  this->world_.ear(1).then = [this, told](const std::string&) {
    this->tier(1).look(kKey, [told](Result<LeaseView> seen) { *told = std::move(seen); });
  };
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  ASSERT_TRUE(this->store(0, entry, true));
  this->world_.wait_until([&] { return told->has_value(); });
  ASSERT_TRUE(*told);
  const auto& found = **told;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entry, entry);
  EXPECT_FALSE(found->lease_left);
}

// --- a tier that is full ---

TYPED_TEST(RemoteTierContract, APurgeRemovesTheValueEvenWithoutRoomForATombstone) {
  ASSERT_TRUE(this->store(0, this->entry()));
  this->world_.fill_up();
  EXPECT_FALSE(this->purge(1));
  EXPECT_FALSE(this->read(0));
  this->expect_heard(0, cat("purge ", kKey));
}

TYPED_TEST(RemoteTierContract, ARefusedEntryIsNotAnnouncedAndItsLeaseIsFree) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->world_.fill_up();
  const auto stored = this->store(0, this->entry(), true);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().kind, ErrorKind::redis_error);
  EXPECT_TRUE(stored.error().detail.starts_with("OOM ")) << stored.error().detail;
  const auto seen = this->look(1);
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->entry);
  EXPECT_FALSE(seen->lease_left);
  EXPECT_FALSE(this->purge(0)) << "there is no room for the tombstone";
  this->expect_heard(1, cat("purge ", kKey));
  EXPECT_THAT(this->world_.ear(1).heard, ElementsAre(cat("fail ", kKey), cat("purge ", kKey)))
      << "those who wait for the lease learn that it is free";
}

TYPED_TEST(RemoteTierContract, ARefusedFailureLeavesNoLease) {
  ASSERT_TRUE(this->take_lease(0, "mine")->won);
  this->world_.fill_up();
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kLong});
  this->world_.wait_until([&] {
    const auto seen = this->look(0);
    return seen && !seen->lease_left && !seen->failure;
  });
}

TYPED_TEST(RemoteTierContract, ARefusalWithoutALeaseTellsNobody) {
  this->world_.fill_up();
  EXPECT_FALSE(this->store(0, this->entry(), false));
  EXPECT_FALSE(this->take_lease(0, "mine"));
  EXPECT_FALSE(this->raise_epoch(0, 0));
  EXPECT_FALSE(this->purge(0)) << "there is no room for the tombstone";
  this->expect_heard(1, cat("purge ", kKey));
  EXPECT_THAT(this->world_.ear(1).heard, ElementsAre(cat("purge ", kKey)));
}

// --- a tier that does not answer ---

TYPED_TEST(RemoteTierContract, EveryCallEndsWithAnErrorWhereTheTierIsGone) {
  this->world_.cut_off();
  const auto expect_unavailable = [](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::redis_unavailable);
  };
  expect_unavailable(this->try_read(0));
  expect_unavailable(this->take_lease(0, "mine"));
  expect_unavailable(this->look(0));
  expect_unavailable(this->store(0, this->entry(), true));
  expect_unavailable(this->purge(0));
  expect_unavailable(this->raise_epoch(0, 0));
  this->tier(0).store_failure(kKey, {ErrorKind::provider_timeout, 1, kLong});
  this->tier(0).give_back(kKey);
  EXPECT_THAT(this->world_.ear(1).heard, Not(Contains(cat("fail ", kKey))));
}

}  // namespace
}  // namespace wx::cache
