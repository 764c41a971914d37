#include "weather/service.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "support/manual_executor.hpp"
#include "support/memory_log.hpp"
#include "weather/render.hpp"

namespace wx::weather {
namespace {

using cache::Mode;
using cache::Outcome;
using cache::Served;
using open_meteo::CurrentWeather;
using std::chrono::minutes;
using std::chrono::seconds;

// Loads that the test answers.
class ScriptedLoads {
 public:
  struct Call {
    Location location;
    SteadyTime deadline;
    cache::LoadCallback done;
    std::uint64_t key_hash;
  };

  LoaderFor loaders() {
    return [this](const Location& location, std::uint64_t key_hash) -> cache::Loader {
      return [this, location, key_hash](cache::LoadRequest request, cache::LoadCallback done) {
        request.turn([this, location, key_hash, deadline = request.deadline, done = std::move(done)](bool go) mutable {
          if (!go) return;
          calls.push_back({location, deadline, std::move(done), key_hash});
          ++count;
        });
      };
    };
  }
  // `lifetime` computes the lifetime for the key of the call.
  template <class LifetimeFor>
  void answer(const Result<CurrentWeather>& result, LifetimeFor lifetime) {
    ASSERT_FALSE(calls.empty());
    auto call = std::move(calls.front());
    calls.pop_front();
    if (!result) return call.done(std::unexpected(result.error()));
    call.done(make_answer(*result, lifetime(call.key_hash)));
  }

  std::deque<Call> calls;
  int count = 0;
};

class ServiceTest : public testing::Test {
 protected:
  static Question question(bool mock = false, Mode mode = Mode::normal) {
    return {{*parse_coordinate(Axis::latitude, "52.520"), *parse_coordinate(Axis::longitude, "13.41")}, mock, mode};
  }

  CurrentWeather weather(std::string temperature = "2.3") const {
    CurrentWeather weather;
    weather.latitude = "52.52";
    weather.longitude = "13.419998";
    weather.time = "2026-01-01T00:00";
    weather.interval = "900";
    weather.temperature_unit = "°C";
    weather.wind_speed_unit = "km/h";
    weather.temperature = std::move(temperature);
    weather.wind_speed = "10.7";
    weather.valid_from = std::chrono::time_point_cast<seconds>(clock_.wall());
    weather.valid_for = minutes(15);
    return weather;
  }

  SteadyTime deadline() const { return clock_.steady() + seconds(10); }
  void ask(const Question& question) {
    const Key key(question);
    service_.ask(thread_, question, lookup_of(question, key, deadline()), {},
                 [this](Result<Served> result) { answers_.push_back(std::move(result)); });
  }
  std::optional<Served> peek(const Question& question) {
    const Key key(question);
    auto peeked = service_.peek(question, key, clock_.steady());
    if (peeked.refresh) service_.refresh(thread_, question, lookup_of(question, key, deadline()));
    return std::move(peeked.served);
  }

  void answer_real(const Result<CurrentWeather>& result) {
    provider_.answer(result, [&](std::uint64_t hash) { return real_lifetime({}, *result, clock_.wall(), hash); });
  }
  void answer_mock(const Result<CurrentWeather>& result) {
    mock_.answer(result, [](std::uint64_t) { return mock_lifetime({}); });
  }

  test::FakeClock clock_;
  test::ManualExecutor executor_{clock_};
  observability::Metrics metrics_;
  test::MemoryLog log_;
  cache::TieredCache cache_{{}, clock_, metrics_, log_};
  cache::CacheThread worker_{executor_, nullptr, clock_};
  ScriptedLoads provider_;
  ScriptedLoads mock_;
  ServiceThread thread_{worker_, mock_.loaders()};
  Service service_{cache_, provider_.loaders()};
  std::vector<Result<Served>> answers_;
};

TEST_F(ServiceTest, AsksTheProviderForTheCanonicalPlace) {
  ask(question());
  ASSERT_EQ(provider_.calls.size(), 1U);
  EXPECT_EQ(provider_.calls[0].location.latitude.text, "52.52");
  EXPECT_EQ(provider_.calls[0].location.longitude.text, "13.41");
  EXPECT_EQ(provider_.calls[0].deadline, clock_.steady() + seconds(10));
  EXPECT_EQ(mock_.count, 0);
  answer_real(weather());
  ASSERT_EQ(answers_.size(), 1U);
  ASSERT_TRUE(answers_[0]);
  EXPECT_EQ(answers_[0]->outcome, Outcome::miss);
  EXPECT_EQ(answers_[0]->entry->content_type, "application/json");
  EXPECT_TRUE(answers_[0]->entry->body.view().starts_with(R"({"latitude":52.52,"longitude":13.419998,)"));
}

TEST_F(ServiceTest, AsksTheMockForMockQuestionsOnly) {
  ask(question(true));
  EXPECT_EQ(mock_.count, 1);
  EXPECT_EQ(provider_.count, 0);
}

// Invariant 4 of the cache: a mock answer is never served for a real question, nor the reverse.
TEST_F(ServiceTest, NeverAnswersARealQuestionWithAMockAnswerNorTheReverse) {
  ask(question(true));
  answer_mock(weather("25.0"));
  EXPECT_TRUE(peek(question(true)));
  EXPECT_FALSE(peek(question(false)));
  ask(question(false));
  EXPECT_EQ(provider_.count, 1);
  answer_real(weather("2.3"));
  EXPECT_NE(peek(question(false))->entry->body.view().find("\"temperature_2m\":2.3"), std::string::npos);
  EXPECT_NE(peek(question(true))->entry->body.view().find("\"temperature_2m\":25.0"), std::string::npos);
}

TEST_F(ServiceTest, AnswersFromMemoryWhatItHasLoaded) {
  EXPECT_FALSE(peek(question()));
  ask(question());
  answer_real(weather());
  clock_.advance(seconds(3));
  const auto hit = peek(question());
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->outcome, Outcome::hit);
  EXPECT_EQ(hit->tier, cache::Tier::memory);
  EXPECT_EQ(hit->age, nanoseconds(seconds(3)));
  EXPECT_EQ(provider_.count, 1);
}

TEST_F(ServiceTest, TagsEqualDataEquallyAndOtherDataOtherwise) {
  const auto tag_of = [&](const CurrentWeather& weather) {
    ask(question(true, Mode::bypass));
    answer_mock(weather);
    return answers_.back()->entry->etag;
  };
  const auto first = tag_of(weather("2.3"));
  EXPECT_EQ(tag_of(weather("2.3")), first);
  EXPECT_NE(tag_of(weather("2.4")), first);
  EXPECT_NE(tag_of(weather("2.30")), first);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos) << first;
}

TEST_F(ServiceTest, TakesTheFreshnessOfARealAnswerFromTheProvidersInterval) {
  ask(question());
  clock_.advance(minutes(5));
  auto late = weather();
  late.valid_from -= minutes(5);
  answer_real(late);
  const auto& entry = *answers_[0]->entry;
  EXPECT_GE(entry.spans.fresh_for, minutes(10));
  EXPECT_LE(entry.spans.fresh_for, minutes(10) + seconds(30));
  EXPECT_EQ(entry.spans.stale_for, seconds(60));
  EXPECT_FALSE(entry.early_refresh);
  EXPECT_EQ(entry.stored_at, clock_.wall());
}

TEST_F(ServiceTest, KeepsAMockAnswerForTenSecondsAndNoLonger) {
  ask(question(true));
  answer_mock(weather());
  EXPECT_EQ(answers_[0]->entry->spans, (cache::Spans{.fresh_for = seconds(10)}));
  clock_.advance(seconds(10) - nanoseconds(1));
  EXPECT_TRUE(peek(question(true)));
  clock_.advance(nanoseconds(1));
  EXPECT_FALSE(peek(question(true)));
}

TEST_F(ServiceTest, ALateHitStartsOneRefreshBehindItself) {
  ask(question(true));
  answer_mock(weather("25.0"));
  clock_.advance(seconds(9));
  EXPECT_EQ(peek(question(true))->outcome, Outcome::hit);
  EXPECT_EQ(mock_.count, 2);
  EXPECT_TRUE(peek(question(true)));
  EXPECT_EQ(mock_.count, 2);
  answer_mock(weather("26.0"));
  const auto refreshed = peek(question(true));
  ASSERT_TRUE(refreshed);
  EXPECT_EQ(refreshed->age, nanoseconds(0));
  EXPECT_NE(refreshed->entry->body.view().find("26.0"), std::string::npos);
  EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(ServiceTest, AnEarlyHitStartsNone) {
  ask(question(true));
  answer_mock(weather());
  clock_.advance(seconds(7));
  EXPECT_TRUE(peek(question(true)));
  EXPECT_EQ(mock_.count, 1);
}

TEST_F(ServiceTest, ARealAnswerIsNotRefreshedBeforeItsNextValue) {
  ask(question());
  answer_real(weather());
  clock_.advance(answers_[0]->entry->spans.fresh_for - milliseconds(1));
  EXPECT_EQ(peek(question())->outcome, Outcome::hit);
  EXPECT_EQ(provider_.count, 1);
  clock_.advance(milliseconds(1));
  EXPECT_EQ(peek(question())->outcome, Outcome::stale_while_revalidate);
  EXPECT_EQ(provider_.count, 2);
}

TEST_F(ServiceTest, DoesNotLookIntoMemoryForOtherModes) {
  ask(question(true));
  answer_mock(weather());
  EXPECT_TRUE(peek(question(true)));
  EXPECT_FALSE(peek(question(true, Mode::redis_only)));
  EXPECT_FALSE(peek(question(true, Mode::bypass)));
}

TEST_F(ServiceTest, LoadsEveryTimeWithoutACache) {
  for (int i = 0; i < 6; ++i) ask(question(true, Mode::bypass));
  EXPECT_EQ(mock_.count, 6);
  for (int i = 0; i < 6; ++i) answer_mock(weather());
  ASSERT_EQ(answers_.size(), 6U);
  for (const auto& answer : answers_) EXPECT_EQ(answer->outcome, Outcome::bypass);
  EXPECT_FALSE(peek(question(true)));
}

TEST_F(ServiceTest, PassesOnWhatWentWrongAndKeepsNothing) {
  ask(question());
  answer_real(fail(ErrorKind::provider_timeout, "no whole answer within 5s"));
  ASSERT_EQ(answers_.size(), 1U);
  ASSERT_FALSE(answers_[0]);
  EXPECT_EQ(answers_[0].error().kind, ErrorKind::provider_timeout);
  EXPECT_EQ(answers_[0].error().detail, "no whole answer within 5s");
  EXPECT_FALSE(peek(question()));
}

TEST_F(ServiceTest, AsksOnceForManyWhoWait) {
  for (int i = 0; i < 100; ++i) ask(question());
  EXPECT_EQ(provider_.count, 1);
  answer_real(weather());
  ASSERT_EQ(answers_.size(), 100U);
  for (const auto& answer : answers_) EXPECT_EQ(answer->entry, answers_[0]->entry);
}

// One place, requested once a second for a day. The provider has a new value each quarter of an hour and takes 600 ms.
class Day : public ServiceTest {
 protected:
  static constexpr seconds kDay = std::chrono::hours(24);

  // `before_each`, called before each request, may change the clock.
  template <class BeforeEach>
  void live_through(BeforeEach before_each) {
    for (seconds at{0}; at < kDay; at += seconds(1)) {
      before_each(at);
      const auto begin = clock_.steady();
      const auto expected = answers_.size() + 1;
      if (auto served = peek(question())) {
        answers_.emplace_back(std::move(*served));
      } else {
        ask(question());
      }
      if (!provider_.calls.empty()) {
        executor_.advance(milliseconds(600));
        answer_real(latest());
      }
      ASSERT_EQ(answers_.size(), expected) << "at " << at.count();
      ASSERT_TRUE(answers_.back()) << "at " << at.count();
      const auto age = answers_.back()->age;
      ASSERT_GE(age, nanoseconds(0)) << "at " << at.count();
      oldest_ = std::max(oldest_, age);
      executor_.advance(begin + seconds(1) - clock_.steady());
    }
  }

  CurrentWeather latest() const {
    CurrentWeather now = weather();
    const auto since = std::chrono::duration_cast<seconds>(clock_.wall().time_since_epoch());
    now.valid_from = std::chrono::sys_seconds(since - since % minutes(15));
    return now;
  }

  nanoseconds oldest_{0};
};

TEST_F(Day, OfOnePlaceAskedEverySecondCostsACallPerNewValue) {
  live_through([](seconds) {});
  EXPECT_GE(provider_.count, 94);
  EXPECT_LE(provider_.count, 98);
  EXPECT_LE(oldest_, nanoseconds(minutes(16))) << "a quarter of an hour, its spread, and a refresh";
  EXPECT_EQ(cache_.flight_count(), 0U);
}

TEST_F(Day, WithAWallClockSetForwardAndBackLeavesNothingOldNegativeOrStuck) {
  // Sets the clock an hour forward and back, at a different point of the answer's life each time.
  live_through([this](seconds at) {
    if (at.count() % 1777 == 1776) clock_.step_wall(std::chrono::hours((at.count() / 1777) % 2 == 0 ? 1 : -1));
  });
  EXPECT_LE(oldest_, nanoseconds(minutes(16)));
  EXPECT_GE(provider_.count, 90);
  EXPECT_LE(provider_.count, 150);
  EXPECT_EQ(cache_.flight_count(), 0U);
}

TEST_F(ServiceTest, APlaceAskedOnceAnHourGetsTodaysValueNotTheLastVisitors) {
  for (int hour = 0; hour < 24; ++hour) {
    const auto temperature = std::to_string(hour) + ".5";
    EXPECT_FALSE(peek(question())) << "the copy is an hour old";
    ask(question());
    executor_.advance(milliseconds(600));
    answer_real(weather(temperature));
    ASSERT_EQ(answers_.size(), static_cast<std::size_t>(hour) + 1);
    const auto& served = answers_.back();
    ASSERT_TRUE(served);
    EXPECT_EQ(served->outcome, hour == 0 ? Outcome::miss : Outcome::revalidated);
    EXPECT_EQ(served->age, nanoseconds(0));
    EXPECT_NE(served->entry->body.view().find("\"temperature_2m\":" + temperature), std::string::npos);
    executor_.advance(std::chrono::hours(1));
  }
  EXPECT_EQ(provider_.count, 24);
}

}  // namespace
}  // namespace wx::weather
