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
  for (const std::uint64_t current : {0, 5}) {
    Epoch epoch;
    if (current > 0) (void)epoch.on_key(key(current));
    for (const auto foreign : {~std::uint64_t{0}, kHighestEpoch, kHighestEpoch + 1, current + kLargestStep + 1}) {
      EXPECT_EQ(epoch.on_message(foreign), Heard::foreign);
      if (current > 0) EXPECT_EQ(epoch.on_value(foreign), Heard::foreign);
      EXPECT_EQ(epoch.current(), current);
    }
    for (const auto& foreign : {key(~std::uint64_t{0}), key(kHighestEpoch + 1), kGarbage}) {
      EXPECT_EQ(epoch.on_key(foreign), current > 0 ? Repair::restore : Repair::none) << "no purge is lost with it";
      EXPECT_EQ(epoch.current(), current);
    }
    EXPECT_EQ(epoch.on_message(current + kLargestStep), Heard::look);
    EXPECT_EQ(epoch.current(), current + kLargestStep);
  }
}

TEST(EpochTest, EveryProcessBelievesTheKey) {
  for (const std::uint64_t current : {0, 5}) {
    Epoch epoch;
    if (current > 0) (void)epoch.on_key(key(current));
    EXPECT_EQ(epoch.on_key(key(kHighestEpoch)), Repair::none);
    EXPECT_EQ(epoch.current(), kHighestEpoch);
  }
}

TEST(EpochTest, ANewProcessTakesTheEpochOfAValue) {
  Epoch epoch;
  EXPECT_EQ(epoch.on_value(kHighestEpoch), Heard::known);
  EXPECT_EQ(epoch.current(), kHighestEpoch);
  EXPECT_EQ(Epoch().on_value(kHighestEpoch + 1), Heard::foreign);
}

}  // namespace
}  // namespace wx::cache
