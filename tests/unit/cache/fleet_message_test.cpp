#include "cache/fleet_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::cache {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Ear final : FleetListener {
  bool on_fill(const Fill&) override { return false; }
  void on_fail(std::string_view key) override { heard.push_back(cat("fail ", key)); }
  void on_purge(std::string_view key, std::optional<WallTime> at) override {
    heard.push_back(cat("purge ", key, " ", at ? cat(at->time_since_epoch().count()) : "now"));
  }
  Epoch::Heard on_epoch(std::uint64_t) override { return Epoch::Heard::known; }
  Epoch::Repair on_epoch_key(const EpochKey&) override { return Epoch::Repair::none; }
  std::uint64_t epoch() const override { return 0; }
  void on_listening() override {}
  void on_disconnected() override {}

  std::vector<std::string> heard;
};

class FleetMessageTest : public testing::Test {
 protected:
  Epoch::Heard hear(std::string_view message) { return reader_.hear(message, ear_); }

  MessageReader reader_;
  Ear ear_;
  const std::string purge_ = purge_message("weather:1:2", WallTime(milliseconds(1'800'000'000'123)));
};

TEST_F(FleetMessageTest, APurgeIsHeardOnceAndWithItsMoment) {
  EXPECT_EQ(hear(purge_), Epoch::Heard::known);
  EXPECT_EQ(hear(purge_message("weather:1:2")), Epoch::Heard::known);
  EXPECT_THAT(ear_.heard, ElementsAre("purge weather:1:2 1800000000123"));
}

TEST_F(FleetMessageTest, APurgeOfAProcessOf010IsObeyed) {
  (void)hear(purge_message("weather:1:2"));
  (void)hear(purge_);
  (void)hear(purge_message("weather:1:3"));
  (void)hear(purge_);
  (void)hear(fail_message("weather:1:2"));
  (void)hear(purge_message("weather:1:2"));
  (void)hear(purge_message("weather:1:2"));
  EXPECT_THAT(ear_.heard, ElementsAre("purge weather:1:2 now", "purge weather:1:2 1800000000123",
                                      "purge weather:1:3 now", "purge weather:1:2 1800000000123", "fail weather:1:2",
                                      "purge weather:1:2 now", "purge weather:1:2 now"));
}

TEST_F(FleetMessageTest, AMessageThatNoProcessSendsIsForeign) {
  for (const std::string message :
       {"wx2", "wx2 ", "wx2 purge", "wx2 purge weather:1:2", "wx2 purge weather:1:2 ", "wx2 purge weather:1:2 -1",
        "wx2 purge weather:1:2 now", "wx2 purge weather:1:2 18446744073709551615", "wx2 purge  1800000000123",
        "wx2 fill weather:1:2 1800000000123", "wx3 purge weather:1:2 1800000000123", "purge", "purge ", "purge a b",
        ""}) {
    EXPECT_EQ(hear(message), Epoch::Heard::foreign) << message;
  }
  EXPECT_THAT(ear_.heard, IsEmpty());
}

}  // namespace
}  // namespace wx::cache
