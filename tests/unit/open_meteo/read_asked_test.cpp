#include "open_meteo/read_asked.hpp"

#include <chrono>
#include <string_view>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "open_meteo/canonical.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

Asked ask(std::string_view query, std::string_view path = "/v1/forecast") {
  return make_question(find_resource(path, "").value_or(Resource{}), query, {}).asked;
}

TEST(Asked, NamesTheSections) {
  const auto all = ask("current=a&minutely_15=a&hourly=a&daily=a&weekly=a&monthly=a");
  EXPECT_TRUE(all.current && all.minutely_15 && all.hourly && all.daily && all.weekly && all.monthly);
  const auto none = ask("latitude=1&longitude=1");
  EXPECT_EQ(none, Asked{});
  EXPECT_TRUE(ask("current_weather").current);
  EXPECT_FALSE(ask("current_weather=0").current);
  EXPECT_TRUE(ask("hourly=").hourly);
  EXPECT_EQ(ask("", "/v1/archive").label, Label::archive_api);
  EXPECT_EQ(ask("", "/v1/archive").path, Path::archive);
}

TEST(Asked, CountsLocations) {
  EXPECT_EQ(ask("latitude=1,2,3&longitude=1,2,3").locations, 3);
  EXPECT_EQ(ask("latitude=1,2&longitude=1,2&start_date=2020-01-01,2020-01-02").locations, 2);
  EXPECT_EQ(ask("latitude=1&longitude=1&start_date=2020-01-01,2021-01-01&end_date=2020-01-02,2021-01-02").locations, 2);
  EXPECT_EQ(ask("latitude=1&longitude=1&start_hour=2020-01-01T00:00&start_hour=2021-01-01T00:00").locations, 2);
  EXPECT_EQ(ask("latitude=1&longitude=1&start_date=2020-01-01").locations, 1);
  EXPECT_EQ(ask("hourly=a").locations, 1);
  EXPECT_EQ(ask("bounding_box=1,2,3,4").locations, 0);
  EXPECT_EQ(ask("latitude=1,2&longitude=1,2", "/v1/elevation").locations, 2);
}

TEST(Asked, CountsModels) {
  EXPECT_EQ(ask("models=a,b").models, 2);
  EXPECT_EQ(ask("models=best_match").models, 1);
  EXPECT_EQ(ask("models=").models, 1);
}

TEST(Asked, KnowsTheFormatOfOpaqueQuestionsToo) {
  EXPECT_EQ(ask("format=csv").format, Format::csv);
  EXPECT_EQ(ask("format=csv&format=xlsx").format, Format::xlsx);
  EXPECT_EQ(ask("format=flatbuffers").format, Format::flatbuffers);
  EXPECT_EQ(ask("format=pdf").format, Format::json);
  const auto opaque = ask("latitude=x&current=a&latitude=1,2&format=csv&f%6Frmat=flatbuffers&format%5B%5D=xlsx");
  EXPECT_TRUE(opaque.opaque);
  EXPECT_EQ(opaque.format, Format::flatbuffers);
  EXPECT_FALSE(opaque.current);
  EXPECT_EQ(ask("name=x&count=x&format=csv", "/v1/search").format, Format::json);
}

TEST(Asked, KnowsTheWindow) {
  EXPECT_TRUE(ask("forecast_minutely_15=4").quarter_window);
  EXPECT_TRUE(ask("past_minutely_15=4").quarter_window);
  EXPECT_FALSE(ask("past_minutely_15=4&initial_minutely_15=0").quarter_window);
  EXPECT_FALSE(ask("minutely_15=a").quarter_window);
  EXPECT_TRUE(ask("forecast_hours=4").hour_window);
  EXPECT_TRUE(ask("past_hours=0").hour_window);
  EXPECT_FALSE(ask("forecast_hours=4&initial_hours=0").hour_window);
  for (const auto* const name :
       {"start_date", "end_date", "start_hour", "end_hour", "start_minutely_15", "end_minutely_15", "run"}) {
    EXPECT_TRUE(ask(cat(name, "=2020-01-01")).fixed_window) << name;
  }
  EXPECT_FALSE(ask("forecast_days=3&past_days=2").fixed_window);
}

TEST(Asked, FindsTheLastDay) {
  EXPECT_EQ(ask("start_date=2020-01-01&end_date=2020-01-31").last_day, sys_days(year(2020) / 1 / 31));
  EXPECT_EQ(ask("end_date=2020-01-31,2021-12-31,2019-01-01").last_day, sys_days(year(2021) / 12 / 31));
  EXPECT_EQ(ask("end_hour=2020-02-29T23:00").last_day, sys_days(year(2020) / 2 / 29));
  EXPECT_EQ(ask("end_date=2020-01-31&end_hour=2020-03-01T00:00").last_day, sys_days(year(2020) / 3 / 1));
  for (const auto* const wrong : {"2019-02-29", "2020-13-01", "20200131", "2020-1-31", "2020-01-1", "-020-01-01",
                                  "today", "2020-01-31T", "2020-01-31T24:00", "2020-01-31T00:60", "2020-01-31T1:00",
                                  "2020-01-31 00:00", "2020-01-31T00:00:00:00", "2020-01-31T00:00Z", "+202-01-01"}) {
    EXPECT_FALSE(ask(cat("end_date=", wrong)).last_day) << wrong;
    EXPECT_FALSE(ask(cat("end_date=2020-01-01,", wrong)).last_day) << wrong;
  }
  EXPECT_FALSE(ask("start_date=2020-01-01").last_day);
}

TEST(Asked, FindsTheRun) {
  EXPECT_EQ(ask("run=2025-12-01T06:00").run, sys_days(year(2025) / 12 / 1) + 6h);
  EXPECT_EQ(ask("run=2025-12-01").run, sys_days(year(2025) / 12 / 1));
  EXPECT_EQ(ask("run=2025-12-01T06:30:15").run, sys_days(year(2025) / 12 / 1) + 6h + 30min + 15s);
  EXPECT_FALSE(ask("run=latest").run);
  EXPECT_TRUE(ask("run=latest").fixed_window);
}

}  // namespace
}  // namespace wx::open_meteo
