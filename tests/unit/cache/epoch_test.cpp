#include "cache/epoch.hpp"

#include <gtest/gtest.h>

namespace wx::cache {
namespace {

using Heard = Epoch::Heard;
using Repair = Epoch::Repair;

constexpr EpochKey kNothing{};
constexpr EpochKey kGarbage{.holds = EpochKey::Holds::garbage};
constexpr EpochKey key(std::uint64_t epoch) {
  return {.holds = EpochKey::Holds::number, .epoch = epoch};
}
constexpr std::uint64_t kHighest = std::uint64_t{1} << 53;
constexpr std::uint64_t kLargestStep = std::uint64_t{1} << 32;

TEST(EpochTest, FollowsTheKey) {
  Epoch epoch;
  EXPECT_EQ(epoch.on_key(kNothing), Repair::none) << "nothing was ever purged";
  EXPECT_EQ(epoch.on_key(key(5)), Repair::none);
  EXPECT_EQ(epoch.current(), 5U);
  EXPECT_EQ(epoch.on_key(key(7)), Repair::none);
  EXPECT_EQ(epoch.current(), 7U);
}

TEST(EpochTest, GivesALostKeyBack) {
  Epoch epoch;
  (void)epoch.on_key(key(5));
  EXPECT_EQ(epoch.on_key(kNothing), Repair::restore);
  EXPECT_EQ(epoch.current(), 5U);
  Epoch from_value;
  EXPECT_EQ(from_value.on_value(5), Heard::known);
  EXPECT_EQ(from_value.current(), 5U);
  EXPECT_EQ(from_value.on_key(kNothing), Repair::restore) << "a whole value has it from Redis";
}

TEST(EpochTest, RaisesAKeyThatIsLowerAndDoesNotBelieveIt) {
  Epoch epoch;
  (void)epoch.on_key(key(5));
  EXPECT_EQ(epoch.on_key(key(3)), Repair::raise);
  EXPECT_EQ(epoch.current(), 5U);
}

TEST(EpochTest, GivesNothingBackThatItHasOnlyHeardOf) {
  Epoch epoch;
  (void)epoch.on_key(key(5));
  EXPECT_EQ(epoch.on_message(9), Heard::look);
  EXPECT_EQ(epoch.current(), 9U) << "but a purge is obeyed at once";
  EXPECT_EQ(epoch.on_key(kNothing), Repair::raise);
  EXPECT_EQ(epoch.on_key(key(5)), Repair::raise) << "the message was not true, or Redis has lost a purge";
  EXPECT_EQ(epoch.on_key(key(9)), Repair::none);
  EXPECT_EQ(epoch.on_key(kNothing), Repair::restore);
}

TEST(EpochTest, LooksAfterAMessageOfAnotherEpochAndOnlyThen) {
  Epoch epoch;
  (void)epoch.on_key(key(5));
  EXPECT_EQ(epoch.on_message(5), Heard::known);
  EXPECT_EQ(epoch.on_message(4), Heard::look);
  EXPECT_EQ(epoch.current(), 5U);
}

TEST(EpochTest, BelievesNoNumberThatNoProcessHasMade) {
  Epoch epoch;
  (void)epoch.on_key(key(5));
  for (const auto foreign : {~std::uint64_t{0}, kHighest + 1, 5 + kLargestStep + 1}) {
    EXPECT_EQ(epoch.on_message(foreign), Heard::foreign);
    EXPECT_EQ(epoch.on_value(foreign), Heard::foreign);
    EXPECT_EQ(epoch.on_key(key(foreign)), Repair::raise);
    EXPECT_EQ(epoch.current(), 5U);
  }
  EXPECT_EQ(epoch.on_key(kGarbage), Repair::raise);
  EXPECT_EQ(epoch.on_message(5 + kLargestStep), Heard::look);
  EXPECT_EQ(epoch.current(), 5 + kLargestStep);
}

TEST(EpochTest, ANewProcessBelievesWhateverRedisHolds) {
  Epoch epoch;
  EXPECT_EQ(epoch.on_key(key(kHighest)), Repair::none);
  EXPECT_EQ(epoch.current(), kHighest);
  Epoch other;
  EXPECT_EQ(other.on_key(key(kHighest + 1)), Repair::raise);
  EXPECT_EQ(other.on_key(kGarbage), Repair::raise);
  EXPECT_EQ(other.current(), 0U);
}

}  // namespace
}  // namespace wx::cache
