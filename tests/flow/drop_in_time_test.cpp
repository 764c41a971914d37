// The provider's own paths while time passes: no answer is a hit once the provider would give another one.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/json.hpp"
#include "flow/service.hpp"
#include "support/fake_provider.hpp"
#include "support/movable_clock.hpp"

namespace wx::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// When a window moves: `step` after step, `shift` before the multiples of it. The days of the provider begin by the
// offset of a place from UTC, cut to whole hours.
struct Window {
  std::string name;
  std::string query;
  seconds utc_offset;
  seconds step;
  seconds shift;

  // The number of the window that holds this time.
  [[nodiscard]] std::int64_t at(milliseconds time) const { return std::chrono::floor<seconds>(time + shift) / step; }
  [[nodiscard]] milliseconds next(milliseconds time) const { return (at(time) + 1) * step - shift; }
};

const std::vector<Window> kWindows{
    {"a day in India", "&hourly=rain&timezone=Asia/Kolkata", minutes(330), hours(24), hours(5)},
    {"a day in Nepal", "&hourly=rain&timezone=Asia/Kathmandu", minutes(345), hours(24), hours(5)},
    {"a day in Newfoundland", "&hourly=rain&timezone=America/St_Johns", minutes(-210), hours(24), -hours(3)},
    {"a day in UTC", "&hourly=rain", seconds(0), hours(24), seconds(0)},
    {"hours", "&hourly=rain&forecast_hours=6", minutes(330), hours(1), seconds(0)},
    {"quarters of an hour", "&minutely_15=rain&forecast_minutely_15=6", minutes(330), minutes(15), seconds(0)}};

std::string iso(milliseconds time) {
  const auto at = std::chrono::sys_time<milliseconds>(time);
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
  const std::chrono::hh_mm_ss clock(at - std::chrono::floor<std::chrono::days>(at));
  const auto two = [](auto number) { return cat(number < 10 ? "0" : "", number); };
  return cat(static_cast<int>(date.year()), "-", two(static_cast<unsigned>(date.month())), "-",
             two(static_cast<unsigned>(date.day())), "T", two(clock.hours().count()), ":",
             two(clock.minutes().count()));
}

std::string head(seconds utc_offset) {
  return cat(R"({"latitude":52.52,"longitude":13.419998,"generationtime_ms":0.2,"utc_offset_seconds":)",
             utc_offset.count(), R"(,"timezone":"X","timezone_abbreviation":"X","elevation":38.0,)");
}

class DropInTime : public testing::Test {
 protected:
  [[nodiscard]] Settings settings() const {
    Settings all{{"OPEN_METEO_URL", cat(provider_.url(), "/{api}")},
                 {"UPSTREAM_LIMIT", "off"},
                 {"CACHE_SOFT_WAIT", "20s"},
                 {"UPSTREAM_TIMEOUT", "20s"},
                 {"REQUEST_TIMEOUT", "30s"}};
    all.insert(clock_.setting());
    return all;
  }
  void go_to(milliseconds time) { clock_.advance(std::max(milliseconds(0), time - clock_.wall())); }

  ClockControl clock_;
  FakeProvider provider_;
};

// The answer names the window that the provider, by the moved clock, means at the moment of the call.
TEST_F(DropInTime, NoHitCrossesTheEndOfAWindow) {
  for (const auto& window : kWindows) {
    const Service service(settings());
    provider_.script([&](const ProviderRequest&) {
      ProviderReply reply;
      const auto now = clock_.wall();
      reply.body = cat(head(window.utc_offset), R"("window":)", window.at(now),
                       R"(,"hourly_units":{"time":"iso8601","rain":"mm"},"hourly":{"time":[")", iso(now),
                       R"("],"rain":[0.10]}})");
      return reply;
    });
    int place = 0;
    for (const seconds before : {seconds(600), seconds(10)}) {
      SCOPED_TRACE(cat(window.name, ", loaded ", before.count(), " s before"));
      const auto target = cat("/v1/forecast?latitude=", ++place, "&longitude=1", window.query);
      // Wherever a stalled machine gets to, this must hold.
      const auto ask = [&] {
        const auto asked_at = clock_.wall();
        auto answer = service.get(target);
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_GE(std::stoll(json_at(answer.body, "/window")), window.at(asked_at)) << answer.header("Cache-Status");
        return answer;
      };
      const auto end = window.next(clock_.wall() + before);
      go_to(end - before);
      EXPECT_EQ(ask().header("X-Cache"), "MISS");
      go_to(end - seconds(10));
      const auto last = ask();
      if (clock_.wall() < end) EXPECT_EQ(last.header("X-Cache"), "HIT");
      go_to(end + seconds(10));
      EXPECT_NE(ask().header("X-Cache"), "HIT");
      EXPECT_EQ(ask().header("X-Cache"), "HIT") << "the next answer is good from its first moment";
    }
  }
}

// Within the window, the class ends first: the answer is renewed although the window is the same.
TEST_F(DropInTime, ADayIsNotKeptForADay) {
  Settings all = settings();
  all.emplace("FORECAST_TTL", "1h");
  const Service service(all);
  provider_.script([&](const ProviderRequest&) {
    ProviderReply reply;
    reply.body = cat(head(seconds(0)), R"("hourly_units":{"time":"iso8601","rain":"mm"},"hourly":{"time":[")",
                     iso(clock_.wall()), R"("],"rain":[0.10]}})");
    return reply;
  });
  const std::string target = "/v1/forecast?latitude=1&longitude=1&hourly=rain";
  go_to(kWindows[3].next(clock_.wall()) + minutes(1));
  EXPECT_EQ(service.get(target).header("X-Cache"), "MISS");
  clock_.advance(minutes(42));
  EXPECT_EQ(service.get(target).header("X-Cache"), "HIT");
  clock_.advance(minutes(30));
  EXPECT_NE(service.get(target).header("X-Cache"), "HIT");
}

// The values of `current` are for a quarter of an hour. The next ones are asked for within 30 s after it.
TEST_F(DropInTime, CurrentIsNoOlderThanItsIntervalWhileTheProviderIsThere) {
  const Service service(settings());
  provider_.script([&](const ProviderRequest&) {
    ProviderReply reply;
    const auto start = clock_.wall() - clock_.wall() % minutes(15);
    reply.body = cat(head(minutes(330)), R"("began":)", start.count(),
                     R"(,"current_units":{"time":"iso8601","interval":"seconds","rain":"mm"},"current":{"time":")",
                     iso(start + minutes(330)), R"(","interval":900,"rain":0.10}})");
    return reply;
  });
  constexpr seconds kInterval = minutes(15);
  std::map<std::string, int> seen;
  const auto began = clock_.wall();
  for (int i = 0; i < 200; ++i) {
    const auto asked_at = clock_.wall();
    const auto answer = service.get(cat("/v1/forecast?latitude=", i % 2, "&longitude=1&current=rain&timezone=auto"));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto age = asked_at - milliseconds(std::stoll(json_at(answer.body, "/began")));
    const auto cache = answer.header("X-Cache");
    ++seen[cache];
    // An answer that came late, with an interval that was over, may be a hit for 10 s.
    EXPECT_LE(age, kInterval + (cache == "STALE" ? seconds(90) : seconds(30))) << cache << " " << i;
    clock_.advance(seconds(37));
  }
  const auto quarters = (clock_.wall() - began) / kInterval + 2;
  EXPECT_GT(seen["HIT"], 150);
  EXPECT_LE(provider_.calls(), static_cast<std::size_t>(2 * quarters));
}

}  // namespace
}  // namespace wx::test
