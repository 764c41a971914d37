#include "open_meteo/freshness.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_days kToday = std::chrono::year(2026) / 3 / 14;

// A time of kToday.
constexpr WallTime at(milliseconds since_midnight) {
  return WallTime(kToday) + since_midnight;
}

// The question of a plain forecast: days from today on.
Asked forecast() {
  return {.hourly = true};
}
Asked with_current() {
  return {.current = true, .hourly = true};
}
Asked of(Label label, Path path) {
  Asked asked = forecast();
  asked.label = label;
  asked.path = path;
  return asked;
}
Asked archive(days before_today) {
  Asked asked = of(Label::archive_api, Path::archive);
  asked.fixed_window = true;
  asked.last_day = kToday - before_today;
  return asked;
}

BodyFacts at_offset(std::chrono::seconds utc_offset = 0s) {
  BodyFacts facts;
  facts.utc_offsets = {utc_offset};
  return facts;
}
BodyFacts with_current_of(WallTime time, std::chrono::seconds interval = 900s) {
  BodyFacts facts = at_offset();
  facts.current_time = std::chrono::floor<std::chrono::seconds>(time);
  facts.current_interval = interval;
  return facts;
}

// A key hash without any spread.
constexpr std::uint64_t kNoSpread = 0;

Lifetime lifetime(const Asked& asked, const BodyFacts& facts, WallTime sent, std::uint64_t key_hash = kNoSpread) {
  return answer_lifetime({}, asked, facts, sent, key_hash);
}
milliseconds fresh(const Asked& asked, const BodyFacts& facts, WallTime sent, std::uint64_t key_hash = kNoSpread) {
  return lifetime(asked, facts, sent, key_hash).spans.fresh_for;
}
// The same with a class so long that only windows and `current` count.
Lifetime without_class(const Asked& asked, const BodyFacts& facts, WallTime sent, std::uint64_t key_hash = kNoSpread) {
  return answer_lifetime({.forecast_ttl = days(300), .archive_ttl = days(300)}, asked, facts, sent, key_hash);
}

// ---- days

struct Roll {
  const char* zone;
  std::chrono::seconds utc_offset;
  milliseconds at;  // UTC, on kToday
};
const std::vector<Roll> kRolls = {
    {"UTC", 0s, 0h},
    {"Berlin", 3600s, 23h},
    {"New York", -18'000s, 5h},
    {"India, +5:30: at 00:30 there", 19'800s, 19h},
    {"Nepal, +5:45: at 00:45 there", 20'700s, 19h},
    {"Newfoundland, -3:30: at 23:30 there", -12'600s, 3h},
    {"Marquesas, -9:30", -34'200s, 9h},
    {"Chatham, +13:45: at 00:45 there", 49'500s, 11h},
    {"Kiritimati, +14", 50'400s, 10h},
    {"-0:30, which counts as 0", -1'800s, 0h},
};

TEST(Freshness, EndsWhereTheProvidersDayBegins) {
  for (const Roll& roll : kRolls) {
    const auto facts = at_offset(roll.utc_offset);
    const auto before = without_class(forecast(), facts, at(roll.at) - 10s);
    EXPECT_EQ(before.spans.fresh_for, 10s) << roll.zone;
    EXPECT_EQ(before.spans.stale_for, 0s) << roll.zone;
    EXPECT_FALSE(before.early_refresh) << roll.zone;
    EXPECT_EQ(without_class(forecast(), facts, at(roll.at) - 1ms).spans.fresh_for, 1ms) << roll.zone;
    EXPECT_EQ(without_class(forecast(), facts, at(roll.at)).spans.fresh_for, 24h) << roll.zone;
    EXPECT_EQ(without_class(forecast(), facts, at(roll.at) + 10s).spans.fresh_for, 24h - 10s) << roll.zone;
  }
}

TEST(Freshness, EndsWhereTheFirstOfSeveralDaysBegins) {
  BodyFacts facts;
  facts.utc_offsets = {19'800s, -12'600s, 0s};
  EXPECT_EQ(without_class(forecast(), facts, at(2h)).spans.fresh_for, 1h);
  EXPECT_EQ(without_class(forecast(), facts, at(3h)).spans.fresh_for, 16h);
  EXPECT_EQ(without_class(forecast(), facts, at(19h)).spans.fresh_for, 5h);
}

TEST(Freshness, EndsAtTheNextFullHourIfTheOffsetsAreUnknown) {
  const auto hidden = without_class(forecast(), {}, at(18h + 59min + 50s));
  EXPECT_EQ(hidden.spans.fresh_for, 10s);
  EXPECT_EQ(hidden.spans.stale_for, 0s);
  EXPECT_EQ(without_class(forecast(), {}, at(19h)).spans.fresh_for, 1h);
}

TEST(Freshness, SurvivesAnyOffset) {
  for (const auto offset : {std::chrono::seconds::max(), std::chrono::seconds::min(), 86'399s, -86'399s}) {
    const auto span = without_class(forecast(), at_offset(offset), at(12h + 1s)).spans.fresh_for;
    EXPECT_GT(span, 0s);
    EXPECT_LE(span, 24h);
  }
}

TEST(Freshness, FindsTheDayOfAClockThatWasNeverSet) {
  EXPECT_EQ(without_class(forecast(), at_offset(-12'600s), WallTime(0ms)).spans.fresh_for, 3h);
  EXPECT_EQ(without_class(forecast(), at_offset(19'800s), WallTime(-1h)).spans.fresh_for, 20h);
}

TEST(Freshness, HasNoDayInAFixedWindow) {
  Asked asked = forecast();
  asked.fixed_window = true;
  EXPECT_EQ(fresh(asked, at_offset(), at(24h) - 10s), 1h);
}

TEST(Freshness, HasNoDayWherePlacesAreAskedFor) {
  EXPECT_EQ(fresh(of(Label::geocoding_api, Path::search), {}, at(24h) - 10s), 24h);
}

// ---- quarters and hours

TEST(Freshness, EndsWhereTheQuarterOrTheHourOfTheWindowEnds) {
  Asked by_quarter = forecast();
  by_quarter.quarter_window = true;
  Asked by_hour = forecast();
  by_hour.hour_window = true;
  Asked by_both = by_hour;
  by_both.quarter_window = true;
  for (const milliseconds begin : {milliseconds(12h), milliseconds(12h + 15min), milliseconds(23h + 45min)}) {
    const milliseconds end = begin + 15min;
    for (const Asked& asked : {by_quarter, by_both}) {
      EXPECT_EQ(fresh(asked, at_offset(), at(end) - 10s), 10s);
      EXPECT_EQ(fresh(asked, at_offset(), at(end) - 1ms), 1ms);
      EXPECT_EQ(fresh(asked, at_offset(), at(end)), 15min);
      EXPECT_EQ(fresh(asked, at_offset(), at(end) + 10s), 15min - 10s);
    }
  }
  EXPECT_EQ(fresh(by_hour, at_offset(), at(13h) - 10s), 10s);
  EXPECT_EQ(fresh(by_hour, at_offset(), at(13h)), 1h);
  EXPECT_EQ(fresh(by_hour, at_offset(), at(13h) + 10s), 1h - 10s);
  const auto ends = lifetime(by_hour, at_offset(), at(12h + 30min), 29'999);
  EXPECT_EQ(ends.spans.fresh_for, 30min) << "without a spread";
  EXPECT_EQ(ends.spans.stale_for, 0s);
  EXPECT_FALSE(ends.early_refresh);
}

TEST(Freshness, EndsWithTheHourInAFixedWindowThatDependsOnIt) {
  Asked asked = archive(days(30));
  asked.hour_window = true;
  EXPECT_EQ(fresh(asked, at_offset(), at(13h) - 10s), 10s);
}

TEST(Freshness, EndsWithTheQuarterIfTheQuestionCouldNotBeRead) {
  for (const Path path : {Path::forecast, Path::archive, Path::climate, Path::flood}) {
    Asked asked = of(Label::api, path);
    asked.opaque = true;
    const auto ends = lifetime(asked, at_offset(), at(12h + 14min));
    EXPECT_EQ(ends.spans.fresh_for, 1min);
    EXPECT_EQ(ends.spans.stale_for, 0s);
  }
  Asked elevation = of(Label::api, Path::elevation);
  elevation.opaque = true;
  EXPECT_EQ(fresh(elevation, {}, at(12h + 14min)), days(30));
}

TEST(Freshness, EndsWithTheHourOrTheQuarterForASpreadsheet) {
  Asked sheet = forecast();
  sheet.format = Format::xlsx;
  EXPECT_EQ(fresh(sheet, {}, at(12h + 50min)), 10min);
  EXPECT_EQ(lifetime(sheet, {}, at(12h + 50min)).spans.stale_for, 0s);
  for (bool Asked::* what : {&Asked::current, &Asked::minutely_15, &Asked::quarter_window}) {
    Asked one = sheet;
    one.*what = true;
    EXPECT_EQ(fresh(one, {}, at(12h + 40min), 29'999), 5min);
    EXPECT_EQ(lifetime(one, {}, at(12h + 40min)).spans.stale_for, 0s);
  }
  Asked old = archive(days(500));
  old.format = Format::xlsx;
  EXPECT_EQ(fresh(old, {}, at(12h + 50min)), 10min);
  EXPECT_EQ(answer_lifetime({.forecast_ttl = 1min}, old, {}, at(12h), kNoSpread).spans.fresh_for, 1min)
      << "the gaps of a spreadsheet are unknown";
}

// ---- current

TEST(Freshness, EndsWithTheIntervalOfCurrent) {
  const auto ends = lifetime(with_current(), with_current_of(at(12h)), at(12h + 5min));
  EXPECT_EQ(ends.spans.fresh_for, 10min);
  EXPECT_EQ(ends.spans.stale_for, 60s);
  EXPECT_FALSE(ends.early_refresh);
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(12h)), 15min);
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h), 3600s), at(12h + 20min)), 40min) << "as the answer says";
}

TEST(Freshness, TakesTheIntervalOfThePathIfTheAnswerHasNone) {
  for (const auto& [label, path, left] :
       {std::tuple(Label::api, Path::forecast, 14min), std::tuple(Label::marine_api, Path::marine, 14min),
        std::tuple(Label::air_quality_api, Path::air_quality, 59min), std::tuple(Label::api, Path::jma, 59min),
        std::tuple(Label::api, Path::ecmwf, 14min)}) {
    BodyFacts facts = with_current_of(at(12h));
    facts.current_interval.reset();
    EXPECT_EQ(fresh(of(label, path), facts, at(12h + 1min)), left);
  }
}

TEST(Freshness, EndsWithTheNextIntervalIfTheFormatDoesNotShowCurrent) {
  for (const Format format : {Format::csv, Format::flatbuffers}) {
    Asked asked = with_current();
    asked.format = format;
    EXPECT_EQ(fresh(asked, at_offset(), at(12h + 16min)), 14min);
    asked.path = Path::jma;
    EXPECT_EQ(fresh(asked, at_offset(), at(12h + 16min)), 44min);
    asked.path = Path::ecmwf;
    EXPECT_EQ(fresh(asked, at_offset(), at(12h + 16min)), 1h) << "it has no current";
    asked.path = Path::forecast;
    asked.current = false;
    EXPECT_EQ(fresh(asked, at_offset(), at(12h + 16min)), 1h) << "it is not asked for";
  }
}

TEST(Freshness, DoesNotEndWithACurrentThatIsNotInTheAnswer) {
  EXPECT_EQ(fresh(with_current(), at_offset(), at(12h + 16min)), 1h);
}

TEST(Freshness, LastsTenSecondsIfTheNextCurrentIsOverdue) {
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(12h + 14min + 55s)), 10s);
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(12h + 15min)), 10s);
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(15h)), 10s);
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(15h), 20'000), 20s) << "the spread counts";
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(24h) - 3s), 3s) << "but not beyond the day";
}

TEST(Freshness, LastsNoLongerThanAnIntervalIfTheClockIsBehind) {
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(11h + 58min)), 15min);
  EXPECT_EQ(fresh(with_current(), with_current_of(at(12h)), at(3h)), 15min);
}

TEST(Freshness, SurvivesAnyTimeAndInterval) {
  for (const auto time : {sys_seconds::min(), sys_seconds::max()}) {
    BodyFacts facts = at_offset();
    facts.current_time = time;
    for (const auto interval : {std::chrono::seconds::min(), std::chrono::seconds::max(), 0s, -1s}) {
      facts.current_interval = interval;
      EXPECT_LE(fresh(with_current(), facts, at(12h)), 1h);
      EXPECT_FALSE(fits(with_current(), facts, at(12h)));
    }
  }
}

TEST(Freshness, SurvivesAnIntervalOfNothing) {
  Asked asked = with_current();
  asked.format = Format::csv;
  BodyFacts facts = at_offset();
  facts.current_interval = 0s;
  EXPECT_EQ(fresh(asked, facts, at(12h)), 10s);
}

TEST(Freshness, IsSpreadAfterCurrentByUpToHalfAMinute) {
  const auto facts = with_current_of(at(12h));
  EXPECT_EQ(fresh(with_current(), facts, at(12h + 5min), 30'000), 10min + 30s);
  EXPECT_EQ(fresh(with_current(), facts, at(12h + 5min), 30'001), 10min);
  EXPECT_EQ(lifetime(with_current(), facts, at(12h + 5min), 30'000).spans.stale_for, 60s);
}

TEST(Freshness, IsNotSpreadBeyondAWindow) {
  const auto at_midnight = lifetime(with_current(), with_current_of(at(23h + 45min)), at(23h + 50min), 30'000);
  EXPECT_EQ(at_midnight.spans.fresh_for, 10min);
  EXPECT_EQ(at_midnight.spans.stale_for, 0s);
  Asked asked = with_current();
  asked.hour_window = true;
  EXPECT_EQ(fresh(asked, with_current_of(at(12h + 45min)), at(12h + 50min), 30'000), 10min);
  EXPECT_EQ(fresh(asked, with_current_of(at(12h + 30min)), at(12h + 35min), 30'000), 10min + 30s);
}

TEST(Freshness, IsNotStaleBeyondAWindow) {
  // The class ends at 23:59:30 with this spread, 30 s before the day does.
  const auto ends = lifetime(forecast(), at_offset(), at(23h), 30'000);
  EXPECT_EQ(ends.spans.fresh_for, 59min + 30s);
  EXPECT_EQ(ends.spans.stale_for, 30s);
  EXPECT_TRUE(ends.early_refresh);
}

TEST(Freshness, BelievesADateThatFitsCurrent) {
  const auto facts = with_current_of(at(12h));
  for (const milliseconds good : {milliseconds(12h - 1min), milliseconds(12h), milliseconds(12h + 30min)}) {
    EXPECT_TRUE(fits(with_current(), facts, at(good)));
  }
  EXPECT_FALSE(fits(with_current(), facts, at(12h - 1min - 1ms)));
  EXPECT_FALSE(fits(with_current(), facts, at(12h + 30min + 1ms)));
  EXPECT_TRUE(fits(with_current(), at_offset(), at(12h)));
  BodyFacts hourly = with_current_of(at(12h));
  hourly.current_interval.reset();
  EXPECT_TRUE(fits(of(Label::api, Path::jma), hourly, at(14h)));
  EXPECT_FALSE(fits(with_current(), hourly, at(14h)));
}

// ---- classes

struct ClassRow {
  const char* name;
  Asked asked;
  milliseconds ttl;
  milliseconds keep;
};

// No day of an offset of 0 begins within the hour after 12:00; longer classes have no day.
std::vector<ClassRow> class_rows() {
  const auto fixed = [](Asked asked, int days_before_today = 0) {
    asked.fixed_window = true;
    asked.last_day = kToday - days(days_before_today);
    return asked;
  };
  const auto run_before = [](std::chrono::seconds before) {
    Asked asked = of(Label::single_runs_api, Path::forecast);
    asked.fixed_window = true;
    asked.run = sys_seconds(kToday) + 12h - before;
    return asked;
  };
  using enum Label;
  return {
      {"forecast", forecast(), 1h, 24h},
      {"gfs", of(api, Path::gfs), 1h, 24h},
      {"marine", of(marine_api, Path::marine), 1h, 24h},
      {"ensemble", of(ensemble_api, Path::ensemble), 1h, 24h},
      {"previous runs", of(previous_runs_api, Path::forecast), 1h, 24h},
      {"historical forecast, moving", of(historical_forecast_api, Path::forecast), 1h, 24h},
      {"air quality", of(air_quality_api, Path::air_quality), 1h, 24h},
      {"flood", of(flood_api, Path::flood), 6h, 24h},
      {"seasonal", of(seasonal_api, Path::seasonal), 6h, 24h},
      {"seasonal by the path of the forecast", of(seasonal_api, Path::forecast), 6h, 24h},
      {"archive, moving", of(archive_api, Path::archive), 1h, days(30)},
      {"archive, recent", fixed(of(archive_api, Path::archive), 8), 1h, days(30)},
      {"archive, over", fixed(of(archive_api, Path::archive), 9), days(7), days(30)},
      {"era5, over", fixed(of(archive_api, Path::era5), 9), days(7), days(30)},
      {"archive, 100 days ago", fixed(of(archive_api, Path::archive), 100), days(7), days(30)},
      {"archive, settled", fixed(of(archive_api, Path::archive), 101), days(30), days(30)},
      {"archive, to come", fixed(of(archive_api, Path::archive), -3), 1h, days(30)},
      {"satellite, over", fixed(of(satellite_api, Path::archive), 9), days(7), days(30)},
      {"historical forecast, over", fixed(of(historical_forecast_api, Path::forecast), 9), days(7), 24h},
      {"historical forecast, settled", fixed(of(historical_forecast_api, Path::forecast), 101), days(30), 24h},
      {"forecast, over", fixed(forecast(), 30), 1h, 24h},
      {"previous runs, over", fixed(of(previous_runs_api, Path::forecast), 101), 1h, 24h},
      {"air quality, over", fixed(of(air_quality_api, Path::air_quality), 101), 1h, 24h},
      {"flood, over", fixed(of(flood_api, Path::flood), 101), 6h, 24h},
      {"run of a day ago", run_before(24h), 1h, 24h},
      {"run of more than a day ago", run_before(24h + 1s), days(7), 24h},
      {"climate", fixed(of(climate_api, Path::climate)), days(30), days(30)},
      {"elevation", of(api, Path::elevation), days(30), days(30)},
      {"search", of(geocoding_api, Path::search), 24h, days(30)},
      {"place", of(geocoding_api, Path::get), days(7), days(30)},
      {"metadata", of(api, Path::metadata), 1min, 24h},
  };
}

TEST(Freshness, EndsWithTheClass) {
  for (const ClassRow& row : class_rows()) {
    const auto ends = lifetime(row.asked, at_offset(), at(12h));
    EXPECT_EQ(ends.spans.fresh_for, row.ttl) << row.name;
    EXPECT_EQ(ends.spans.stale_for, 60s) << row.name;
    EXPECT_EQ(ends.spans.keep_for, row.keep) << row.name;
    EXPECT_TRUE(ends.early_refresh) << row.name;
  }
}

TEST(Freshness, IsSpreadBeforeTheEndOfTheClassByUpToATenth) {
  for (const ClassRow& row : class_rows()) {
    const auto tenth = static_cast<std::uint64_t>((row.ttl / 10).count());
    EXPECT_EQ(fresh(row.asked, at_offset(), at(12h), tenth), row.ttl * 9 / 10) << row.name;
    EXPECT_EQ(fresh(row.asked, at_offset(), at(12h), tenth + 1), row.ttl) << row.name;
  }
}

TEST(Freshness, IsShortForOldDaysWithAGapAtTheirEnd) {
  BodyFacts facts = at_offset();
  facts.ends_with_gap = true;
  EXPECT_EQ(fresh(archive(days(9)), facts, at(12h)), 1h);
  EXPECT_EQ(fresh(archive(days(500)), facts, at(12h)), 1h);
}

TEST(Freshness, IsShortForAFixedWindowWhoseEndIsUnknown) {
  Asked asked = archive(days(9));
  asked.fixed_window = false;
  EXPECT_EQ(fresh(asked, at_offset(), at(12h)), 1h);
  asked.fixed_window = true;
  asked.last_day.reset();
  EXPECT_EQ(fresh(asked, at_offset(), at(12h)), 1h);
  Asked run = of(Label::single_runs_api, Path::forecast);
  run.fixed_window = true;
  EXPECT_EQ(fresh(run, at_offset(), at(12h)), 1h);
}

TEST(Freshness, FollowsTheSettings) {
  const FreshnessOptions set{.forecast_ttl = 20min, .archive_ttl = days(2), .stale_for = 7s, .keep_for = 3h};
  const auto with = [&](const Asked& asked) { return answer_lifetime(set, asked, at_offset(), at(12h), kNoSpread); };
  EXPECT_EQ(with(forecast()).spans, (cache::Spans{20min, 7s, 3h}));
  EXPECT_EQ(with(archive(days(9))).spans, (cache::Spans{days(2), 7s, 3h}));
  EXPECT_EQ(with(archive(days(500))).spans, (cache::Spans{days(2), 7s, 3h})) << "a shorter setting counts everywhere";
  const FreshnessOptions longer{.archive_ttl = days(60), .keep_for = days(40)};
  const auto old = answer_lifetime(longer, archive(days(500)), at_offset(), at(12h), kNoSpread);
  EXPECT_EQ(old.spans, (cache::Spans{days(60), 60s, days(40)}));
}

// ---- all together

// What the window of a question shows at a moment, reckoned the slow way.
std::vector<std::int64_t> window_at(const Asked& asked, const BodyFacts& facts, WallTime time) {
  const std::int64_t now = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::vector<std::int64_t> window;
  if (asked.quarter_window) window.push_back(now / 900);
  if (asked.hour_window) window.push_back(now / 3600);
  if (!asked.fixed_window) {
    for (const auto offset : facts.utc_offsets) {
      const std::int64_t whole_hours = std::abs(offset.count()) / 3600;
      const std::int64_t there = offset.count() < 0 ? now - whole_hours * 3600 : now + whole_hours * 3600;
      window.push_back(there / 86'400);
    }
  }
  return window;
}

TEST(Freshness, NeverReachesBeyondAChangeOfTheWindow) {
  std::mt19937_64 random(20'260'314);
  const auto below = [&](std::int64_t end) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
  };
  for (int i = 0; i < 400; ++i) {
    Asked asked = forecast();
    if (below(3) == 0) asked.label = Label::seasonal_api;  // of 6 h
    asked.quarter_window = below(8) == 0;
    asked.hour_window = below(4) == 0;
    asked.fixed_window = below(8) == 0;
    asked.current = below(2) == 0;
    const WallTime sent = at(milliseconds(below(86'400'000)));
    BodyFacts facts;
    for (std::int64_t locations = 1 + below(3); locations > 0; --locations) {
      facts.utc_offsets.emplace_back(900 * (below(108) - 48));  // -12:00 to +14:45
    }
    const auto interval = below(2) == 0 ? 900s : 3600s;
    if (asked.current) {
      facts.current_interval = interval;
      facts.current_time =
          std::chrono::floor<std::chrono::seconds>(sent) - (sent.time_since_epoch() / 1s) % interval.count() * 1s;
    }
    const auto found = lifetime(asked, facts, sent, random());
    ASSERT_GT(found.spans.fresh_for, 0ms);
    ASSERT_GE(found.spans.stale_for, 0ms);
    const auto window = window_at(asked, facts, sent);
    const WallTime end = sent + found.spans.fresh_for + found.spans.stale_for;
    for (WallTime time = sent; time < end; time += 1s) {
      if (window_at(asked, facts, time) != window) FAIL() << i;
    }
    ASSERT_EQ(window_at(asked, facts, end - 1ms), window) << i;
    if (asked.current) {
      ASSERT_LE(sent + found.spans.fresh_for, *facts.current_time + interval + 30s) << i;
      ASSERT_LE(end, *facts.current_time + interval + 90s) << i;
    }
  }
}

// ---- refusals

TEST(Freshness, EndsAtMidnightUtcForARefusalAboutDates) {
  for (const std::string reason :
       {"Parameter 'start_date' is out of allowed range from 2026-06-14 to 2026-09-30",
        "Parameter 'end_hour' is out of allowed range from 2026-06-14 to 2026-09-30",
        "Parameter 'past_days' is mutually exclusive with 'start_date' and 'end_date'", "Invalid date",
        "End-date must be larger or equals than start-date", "Invalid date format. Make sure to use 'YYYY-MM-DD'"}) {
    EXPECT_EQ(refusal_lifetime(reason, at(24h) - 10s, 5min), 10s) << reason;
    EXPECT_EQ(refusal_lifetime(reason, at(24h) - 1ms, 5min), 1ms) << reason;
    EXPECT_EQ(refusal_lifetime(reason, at(24h), 5min), 5min) << reason;
    EXPECT_EQ(refusal_lifetime(reason, at(12h), 5min), 5min) << reason;
  }
}

TEST(Freshness, LastsItsTimeForAnyOtherRefusal) {
  for (const std::string reason :
       {"Latitude must be in range of -90 to 90°. Given: 999.0.", "Invalid timezone", "",
        "Forecast days is invalid. Allowed range 0 to 16. Given 16.", "Location ID not found.",
        "Data corrupted at path ''. Cannot initialize Float from invalid String value abc."}) {
    EXPECT_EQ(refusal_lifetime(reason, at(24h) - 10s, 5min), 5min) << reason;
  }
}

}  // namespace
}  // namespace wx::open_meteo
