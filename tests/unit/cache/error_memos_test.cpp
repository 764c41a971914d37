#include "cache/error_memos.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"

namespace wx::cache {
namespace {

using std::chrono::seconds;

const Failure kTimeout{.error = Error{.kind = ErrorKind::provider_timeout}, .refusal = {}};

TEST(ErrorMemos, HoldsTwiceAsLongWithEveryFailureInARowUpToALimit) {
  test::FakeClock clock;
  ErrorMemos memos({});
  for (const auto expected : {1, 2, 4, 8, 16, 30, 30}) {
    const auto& memo = memos.record("key", kTimeout, false, clock.wall(), clock.steady());
    EXPECT_EQ(memo.until - clock.steady(), nanoseconds(seconds(expected)));
    clock.advance(seconds(expected));
    EXPECT_EQ(memos.active("key", clock.steady()), nullptr);
  }
}

TEST(ErrorMemos, AFailureLongAfterTheLastOneIsTheFirstAgain) {
  test::FakeClock clock;
  ErrorMemos memos({.first = seconds(1), .longest = seconds(30)});
  const auto fail = [&] { return memos.record("key", kTimeout, false, clock.wall(), clock.steady()).count; };
  EXPECT_EQ(fail(), 1);
  clock.advance(seconds(1 + 60) - milliseconds(1));  // the memo's own time, and twice the longest
  EXPECT_EQ(fail(), 2);
  clock.advance(seconds(2 + 60));
  EXPECT_EQ(fail(), 1);
  clock.advance(std::chrono::hours(3));
  EXPECT_EQ(fail(), 1);
}

TEST(ErrorMemos, CountsNoFurtherThanTheFleetDoes) {
  test::FakeClock clock;
  ErrorMemos memos({});
  for (int i = 1; i <= 1100; ++i) {
    const auto& memo = memos.record("key", kTimeout, false, clock.wall(), clock.steady());
    ASSERT_EQ(memo.count, std::min(i, FailureMemo::kMaxCount));
    clock.advance(seconds(30));
  }
  memos.record_fleet("other", {ErrorKind::provider_timeout, FailureMemo::kMaxCount, seconds(30)}, false, clock.wall(),
                     clock.steady());
  clock.advance(seconds(30));
  const auto& memo = memos.record("other", kTimeout, false, clock.wall(), clock.steady());
  EXPECT_EQ(memo.count, FailureMemo::kMaxCount);
  EXPECT_EQ(memo.until - clock.steady(), nanoseconds(seconds(30)));
}

TEST(ErrorMemos, HoldsARefusalForItsOwnSpanHoweverManyCame) {
  test::FakeClock clock;
  ErrorMemos memos({.refusal = seconds(300)});
  const auto refusal = std::make_shared<Entry>();
  refusal->body = "No data";
  refusal->kind = EntryKind::refusal;
  for (int i = 0; i < 3; ++i) {
    const Copy copy{.entry = refusal, .born = clock.steady()};
    const auto& memo = memos.record("key", {.error = {}, .refusal = copy}, false, clock.wall(), clock.steady());
    EXPECT_EQ(memo.until - clock.steady(), nanoseconds(seconds(300)));
    clock.advance(seconds(299));
    ASSERT_NE(memos.active("key", clock.steady()), nullptr);
    EXPECT_EQ(memos.active("key", clock.steady())->failure.refusal->entry->body, "No data");
    clock.advance(seconds(1));
    EXPECT_EQ(memos.active("key", clock.steady()), nullptr);
  }
}

Failure rejection(const test::FakeClock& clock, std::string reason) {
  const auto entry = std::make_shared<Entry>();
  entry->body = std::move(reason);
  entry->kind = EntryKind::refusal;
  return {.error = {}, .refusal = Copy{.entry = entry, .born = clock.steady()}};
}

TEST(ErrorMemos, NoRejectionOutlivesItsMemo) {
  test::FakeClock clock;
  ErrorMemos memos({.longest = seconds(30), .refusal = seconds(300)});
  std::vector<std::weak_ptr<const Entry>> entries;
  for (const auto* key : {"1", "2", "3"}) {
    auto failure = rejection(clock, "No data");
    entries.push_back(failure.refusal->entry);
    memos.record(key, std::move(failure), false, clock.wall(), clock.steady());
  }
  const auto full = memos.bytes();
  clock.advance(seconds(300));
  EXPECT_EQ(memos.active("another", clock.steady()), nullptr) << "any lookup sweeps";
  for (const auto& entry : entries) EXPECT_TRUE(entry.expired());
  EXPECT_LT(memos.bytes(), full - 3 * sizeof(Entry));
  EXPECT_EQ(memos.size(), 3U) << "a failure within a minute is one in a row";
  clock.advance(seconds(60));
  EXPECT_EQ(memos.active("another", clock.steady()), nullptr);
  EXPECT_EQ(memos.size(), 0U);
  EXPECT_EQ(memos.bytes(), 0U);
}

TEST(ErrorMemos, AMemoThatIsForgottenTakesItsBytesAlong) {
  test::FakeClock clock;
  ErrorMemos memos({});
  memos.record("1", rejection(clock, std::string(5000, 'x')), false, clock.wall(), clock.steady());
  EXPECT_GT(memos.bytes(), 5000U);
  memos.record("1", kTimeout, false, clock.wall(), clock.steady());
  EXPECT_LT(memos.bytes(), 1000U) << "it has replaced the rejection";
  memos.forget("1");
  EXPECT_EQ(memos.bytes(), 0U);
  memos.record("1", kTimeout, false, clock.wall(), clock.steady());
  memos.clear();
  EXPECT_EQ(memos.bytes(), 0U);
}

TEST(ErrorMemos, CountsEverythingThatAMemoHolds) {
  test::FakeClock clock;
  ErrorMemos memos({});
  auto error = Error{.kind = ErrorKind::provider_error};
  error.body = std::make_shared<const std::string>(5000, 'x');
  memos.record("error", {.error = std::move(error), .refusal = {}}, false, clock.wall(), clock.steady());
  EXPECT_GT(memos.bytes(), 5000U);
  memos.clear();
  const auto entry = std::make_shared<Entry>();
  entry->kind = EntryKind::refusal;
  entry->question = std::string(5000, 'x');
  memos.record("refusal", {.error = {}, .refusal = Copy{.entry = entry, .born = clock.steady()}}, false, clock.wall(),
               clock.steady());
  EXPECT_GT(memos.bytes(), 5000U);
}

TEST(ErrorMemos, HasALimitInBytesBeyondWhichTheOldestGo) {
  test::FakeClock clock;
  ErrorMemos memos({.bytes = 50'000});
  for (int i = 0; i < 1000; ++i) {
    memos.record("key " + std::to_string(i), rejection(clock, std::string(5000, 'x')), false, clock.wall(),
                 clock.steady());
    ASSERT_LE(memos.bytes(), 50'000U);
  }
  EXPECT_GT(memos.size(), 5U);
  EXPECT_EQ(memos.active("key 0", clock.steady()), nullptr);
  EXPECT_NE(memos.active("key 999", clock.steady()), nullptr);
  memos.record("large", rejection(clock, std::string(60'000, 'x')), false, clock.wall(), clock.steady());
  EXPECT_NE(memos.active("large", clock.steady()), nullptr) << "the newest stays";
  EXPECT_EQ(memos.size(), 1U);
}

TEST(ErrorMemos, AnAnnouncedValueAllowsOneLookAndOnlyALaterValueEndsTheMemo) {
  test::FakeClock clock;
  ErrorMemos memos({});
  memos.on_fill("key");
  EXPECT_FALSE(memos.take_look("key")) << "there is no memo";
  memos.record("key", kTimeout, false, clock.wall(), clock.steady());
  EXPECT_FALSE(memos.take_look("key"));
  memos.on_fill("key");
  EXPECT_TRUE(memos.take_look("key"));
  EXPECT_FALSE(memos.take_look("key")) << "once";
  memos.on_fill("key");
  memos.record("key", kTimeout, false, clock.wall(), clock.steady());
  EXPECT_FALSE(memos.take_look("key")) << "a new failure is later than the announcement";
  memos.on_value("key", clock.wall() - milliseconds(1));
  EXPECT_NE(memos.active("key", clock.steady()), nullptr) << "stored before the failure";
  memos.on_value("key", clock.wall());
  EXPECT_EQ(memos.active("key", clock.steady()), nullptr);
}

TEST(ErrorMemos, APurgeEndsAnEarlierMemoAndNoLaterOne) {
  test::FakeClock clock;
  ErrorMemos memos({});
  const auto record = [&] { memos.record("key", kTimeout, true, clock.wall(), clock.steady()); };
  const auto moment = [&](seconds ago) { return Moment{.wall = clock.wall() - ago, .steady = clock.steady() - ago}; };
  memos.on_purged("key", moment(seconds(0)));
  record();
  memos.on_purged("key", moment(seconds(0)));
  EXPECT_EQ(memos.active("key", clock.steady()), nullptr);
  record();
  memos.on_purged("key", moment(seconds(5)));
  ASSERT_NE(memos.active("key", clock.steady()), nullptr) << "the load began after the purge";
}

TEST(ErrorMemos, AreThoseOfOneQuestion) {
  test::FakeClock clock;
  ErrorMemos memos({});
  const MemoKey one("key", "hourly=a");
  const MemoKey other("key", "hourly=b");
  const auto fail = [&](const MemoKey& key) {
    return memos.record(key, kTimeout, false, clock.wall(), clock.steady()).count;
  };
  EXPECT_EQ(fail(one), 1);
  EXPECT_EQ(fail(one), 2);
  EXPECT_NE(memos.active(one, clock.steady()), nullptr);
  EXPECT_EQ(memos.active(other, clock.steady()), nullptr);
  EXPECT_EQ(memos.active("key", clock.steady()), nullptr);
  EXPECT_EQ(fail(other), 1) << "not in a row with that of the first";
  EXPECT_EQ(memos.active(one, clock.steady()), nullptr);
  EXPECT_NE(memos.active(other, clock.steady()), nullptr);
  memos.record_fleet(one, {.kind = ErrorKind::provider_timeout, .count = 3, .left = seconds(1)}, false, clock.wall(),
                     clock.steady());
  EXPECT_NE(memos.active(one, clock.steady()), nullptr);
  EXPECT_EQ(memos.active(other, clock.steady()), nullptr);
  EXPECT_EQ(memos.size(), 1U);
}

}  // namespace
}  // namespace wx::cache
