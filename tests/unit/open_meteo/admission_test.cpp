#include "open_meteo/admission.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_log.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using cache::Purpose;
using observability::Counter;

OpenMeteoOptions options(std::string_view limits = "off") {
  OpenMeteoOptions options;
  options.limits = *parse_limits(limits);
  options.breaker.failures = 3;
  return options;
}

Error fault_of(ErrorKind kind, int status = 0, std::optional<milliseconds> retry_after = {}, std::string detail = {}) {
  Error error;
  error.kind = kind;
  error.detail = std::move(detail);
  error.retry_after = retry_after;
  error.provider_status = status;
  return error;
}

class Admitted : public testing::Test {
 protected:
  Admitted() { start(options()); }
  void start(const OpenMeteoOptions& chosen) { admission.emplace(chosen, Random(7), metrics, log); }
  Instant now() const { return now_of(clock); }
  // Makes one call with this outcome. Returns "called", or the refusal if no call is allowed.
  std::string call(const Error* fault = nullptr, nanoseconds duration = 100ms, Purpose purpose = Purpose::cold,
                   AskedPause asked = {}) {
    if (const auto refused = admission->check(purpose, now())) return told(*refused);
    const auto pass = admission->enter(purpose, now());
    if (!pass) return told(pass.error());
    if (!*pass) return "waits for the probe";
    if (const auto refused = admission->pay_alone(purpose, now())) {
      admission->release(**pass);
      return told(*refused);
    }
    admission->called(now());
    admission->ended(**pass, fault, duration, now(), asked);
    return "called";
  }
  static std::string told(const Error& error) {
    return cat(name(error.kind), " ", error.retry_after.value_or(milliseconds(-1)).count());
  }
  // Of a load that is refused now.
  milliseconds retry_after() {
    const auto refused = admission->check(Purpose::cold, now());
    return refused ? refused->retry_after.value_or(milliseconds(0)) : milliseconds(0);
  }
  std::size_t lines(std::string_view what) const {
    const auto text = log.text();
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  test::FakeClock clock;
  test::MemoryLog log;
  observability::Metrics metrics;
  std::optional<Admission> admission;
};

TEST_F(Admitted, EachChangeOfTheBreakerIsOneLine) {
  const auto fault = fault_of(ErrorKind::provider_timeout);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(&fault), "called");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(call().starts_with("provider-timeout ")) << call();
  EXPECT_EQ(lines("breaker is open"), 1U) << log.text();
  EXPECT_GE(metrics.value(Counter::provider_shed_breaker), 10U);
  EXPECT_EQ(metrics.value(Counter::provider_breaker_opened), 1U);
  EXPECT_EQ(admission->status(now()).breaker, ProviderBreaker::State::open);
  EXPECT_GT(retry_after(), 0s);
  clock.advance(500ms);
  EXPECT_EQ(call(&fault), "called");
  EXPECT_EQ(lines("half-open"), 1U);
  EXPECT_EQ(lines("breaker is open"), 2U);
  clock.advance(1s);
  EXPECT_EQ(call(), "called");
  EXPECT_EQ(lines("breaker is closed again"), 1U) << log.text();
  EXPECT_EQ(metrics.value(Counter::provider_breaker_opened), 2U);
}

TEST_F(Admitted, OnlyColdLoadsWaitForTheProbe) {
  start(options("10/m"));
  const auto fault = fault_of(ErrorKind::provider_timeout);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(&fault), "called");
  EXPECT_TRUE(admission->check(Purpose::cold, now())) << "there is no probe to wait for";
  clock.advance(500ms);
  const auto probe = admission->enter(Purpose::refresh, now());
  ASSERT_TRUE(probe && *probe);
  EXPECT_TRUE(admission->probing());
  const auto refused = metrics.value(Counter::provider_shed_breaker);
  EXPECT_EQ(call(), "waits for the probe");
  EXPECT_EQ(metrics.value(Counter::provider_shed_breaker), refused) << "waiting is no refusal";
  for (const auto purpose : {Purpose::revalidate, Purpose::refresh, Purpose::early}) {
    EXPECT_EQ(call(nullptr, 100ms, purpose), "provider-timeout 1000");
  }
  admission->ended(**probe, nullptr, 100ms, now());
  EXPECT_FALSE(admission->probing());
  EXPECT_EQ(call(), "called");
}

TEST_F(Admitted, AnswersNearTheTimeoutCountAsFailures) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(nullptr, 4s), "called") << "of 5 s";
  EXPECT_EQ(admission->status(now()).breaker, ProviderBreaker::State::open);
  EXPECT_EQ(metrics.value(Counter::provider_slow), 3U);
}

TEST_F(Admitted, ALimitClosesTheProviderUntilItEnds) {
  const auto limit = fault_of(ErrorKind::provider_limited, 429, 90s, "Hourly API request limit exceeded.");
  EXPECT_EQ(call(&limit), "called");
  EXPECT_EQ(call(), "provider-limited 90000");
  clock.step_wall(5h);
  EXPECT_EQ(call(), "provider-limited 90000") << "the steady clock measures the rest";
  clock.advance(89'999ms);
  EXPECT_EQ(call(), "provider-limited 1");
  clock.advance(1ms);
  EXPECT_EQ(call(), "called");
  EXPECT_EQ(lines("the provider limits this service"), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_closed_by_limit), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_breaker_opened), 0U);
}

TEST_F(Admitted, ThePauseAfterALimitIsTheLaterOfOurReckoningAndRetryAfter) {
  const auto limit = fault_of(ErrorKind::provider_limited, 429, 46s, "Minutely API request limit exceeded.");
  EXPECT_EQ(call(&limit, 100ms, Purpose::cold, {.span = 120s}), "called");
  EXPECT_EQ(call(), "provider-limited 120000");
  clock.advance(119'999ms);
  EXPECT_EQ(call(), "provider-limited 1");
  clock.advance(1ms);
  EXPECT_EQ(call(&limit, 100ms, Purpose::cold, {.span = 5s}), "called");
  EXPECT_EQ(call(), "provider-limited 46000");
}

TEST_F(Admitted, TooManyAtOnceIsNotRetriedBeforeRetryAfter) {
  const auto limit = fault_of(ErrorKind::provider_limited, 429, 30s);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(call(&limit, 100ms, Purpose::cold, {.span = 30s, .too_many_at_once = true}), "called");
    EXPECT_EQ(retry_after(), 30s);
    clock.advance(30s);
  }
}

TEST_F(Admitted, ARetryAfterPausesAllCallsWhateverTheStatus) {
  auto chosen = options();
  chosen.breaker.failures = 5;
  start(chosen);
  const auto overloaded = fault_of(ErrorKind::provider_error, 503, 120s);
  EXPECT_EQ(call(&overloaded, 100ms, Purpose::cold, {.span = 120s}), "called");
  for (const auto purpose : {Purpose::cold, Purpose::revalidate, Purpose::refresh, Purpose::early}) {
    EXPECT_EQ(call(nullptr, 100ms, purpose), "provider-error 120000");
  }
  EXPECT_TRUE(admission->check_pause(now())) << "nor one that has entered before";
  EXPECT_FALSE(admission->retry_after(overloaded, 300s, now())) << "nor a second attempt";
  EXPECT_EQ(admission->check(Purpose::cold, now())->detail, "the provider has asked for a pause");
  EXPECT_EQ(lines("the provider asked for a pause"), 1U) << log.text();
  EXPECT_EQ(metrics.value(Counter::provider_closed_by_limit), 1U);
  clock.advance(120s);
  EXPECT_FALSE(admission->check_pause(now()));
  EXPECT_EQ(call(), "called");
  const auto refused = fault_of(ErrorKind::provider_refused, 400);
  EXPECT_EQ(call(&refused, 100ms, Purpose::cold, {.span = 10s}), "called");
  EXPECT_EQ(call(), "provider-limited 10000") << "other queries are not refused as this one";
  clock.advance(10s);
  EXPECT_EQ(call(&overloaded, 100ms, Purpose::cold, {.span = 0s}), "called");
  EXPECT_EQ(call(), "called") << "no pause";
}

TEST_F(Admitted, TooManyAtOnceIsAShortPauseThatDiffersEachTime) {
  const auto limit = fault_of(ErrorKind::provider_limited, 429, 2s);
  std::vector<milliseconds> pauses;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(call(&limit, 100ms, Purpose::cold, {.too_many_at_once = true}), "called");
    pauses.push_back(retry_after());
    EXPECT_GE(pauses.back(), 1s);
    EXPECT_LE(pauses.back(), 2s);
    clock.advance(2s);
  }
  EXPECT_NE(pauses.front(), pauses.back());
}

TEST_F(Admitted, RefusalsOfTheQuestionSayNothingAboutHealth) {
  const auto refused = fault_of(ErrorKind::provider_refused, 400);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(call(&refused), "called");
  EXPECT_EQ(log.text(), "");
}

// A whole reply that is wrong for one place: the provider answered.
Error place_fault() {
  return {.kind = ErrorKind::provider_bad_reply, .provider_status = 200, .of_query = true};
}

TEST_F(Admitted, BadPlacesDoNotOpenTheBreaker) {
  const auto bad_place = place_fault();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(call(&bad_place), "called");
  EXPECT_EQ(log.text(), "");
  const auto failed = fault_of(ErrorKind::provider_error, 500);
  EXPECT_EQ(call(&failed), "called");
  EXPECT_EQ(call(&failed), "called");
  EXPECT_EQ(call(&bad_place), "called");
  EXPECT_EQ(call(&failed), "called");
  EXPECT_EQ(call(&failed), "called");
  EXPECT_EQ(call(), "called") << "the failures are not in a row: the provider answered in between";
}

TEST_F(Admitted, ABadPlaceAsTheProbeShowsThatTheProviderAnswers) {
  const auto failed = fault_of(ErrorKind::provider_timeout);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(&failed), "called");
  clock.advance(500ms);
  const auto bad_place = place_fault();
  EXPECT_EQ(call(&bad_place), "called");
  EXPECT_EQ(admission->status(now()).breaker, ProviderBreaker::State::closed);
  EXPECT_EQ(call(), "called");
  EXPECT_EQ(metrics.value(Counter::provider_breaker_opened), 1U);
}

TEST_F(Admitted, ABadPlaceThatIsAnsweredTooLateIsAFailureAllTheSame) {
  const auto bad_place = place_fault();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(&bad_place, 4s), "called") << "of 5 s";
  EXPECT_EQ(admission->status(now()).breaker, ProviderBreaker::State::open);
}

TEST_F(Admitted, EachThrottleLevelIsOneLine) {
  start(options("10/m"));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(call(), "called");
  EXPECT_EQ(log.text(), "");
  EXPECT_EQ(call(nullptr, 1ms, Purpose::early), "called");
  EXPECT_EQ(lines("80 % of the budget of provider calls is used: no early refreshes minute=8 of 10 hour=unlimited"), 1U)
      << log.text();
  EXPECT_EQ(call(nullptr, 1ms, Purpose::early), "provider-limited 60000");
  EXPECT_EQ(call(nullptr, 1ms, Purpose::refresh), "called");
  EXPECT_EQ(call(nullptr, 1ms, Purpose::refresh), "provider-limited 60000");
  EXPECT_EQ(call(nullptr, 1ms, Purpose::revalidate), "called");
  EXPECT_EQ(call(), "provider-limited 60000");
  EXPECT_EQ(lines("90 %"), 1U);
  EXPECT_EQ(lines("is used up"), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_shed_budget), 3U);
  const auto status = admission->status(now());
  EXPECT_EQ(status.usage.at(0).used, 10U);
  EXPECT_EQ(status.usage.at(0).limit, 10U);
  EXPECT_EQ(status.usage.at(1).limit, 0U);
  clock.advance(1min);
  EXPECT_EQ(call(), "called");
  EXPECT_EQ(lines("allows all loads again"), 1U) << log.text();
}

TEST_F(Admitted, WithoutLimitsNothingIsCounted) {
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(call(nullptr, 1ms, Purpose::early), "called");
  admission->join_fleet();
  EXPECT_FALSE(admission->with_fleet());
}

TEST_F(Admitted, TheFleetsCountGoesAndComesWithOneLineEach) {
  auto chosen = options("40/m");
  chosen.fleet_size = 4;
  start(chosen);
  admission->join_fleet();
  clock.advance(5s);  // away from the minute's boundary, where calls count twice
  const auto others = [](int calls) {
    return FleetBudget::Counts{{.totals = {{.id = "other", .spent = calls * 1000}}}};
  };
  const auto pay = [this](const Result<FleetBudget::Counts>& counts) {
    const auto paid = admission->settle(Purpose::cold, admission->reserve(now()).parts, counts, now());
    return paid.refused ? cat(told(*paid.refused), paid.ask_again ? ", ask again" : "") : "paid";
  };
  EXPECT_EQ(pay(others(4)), "paid");
  EXPECT_EQ(admission->status(now()).usage.at(0).used, 5U);
  EXPECT_EQ(admission->status(now()).usage.at(0).limit, 40U);
  EXPECT_EQ(pay(others(39)), "provider-limited 57000, ask again");
  EXPECT_EQ(admission->check(Purpose::cold, now())->kind, ErrorKind::provider_limited) << "no call is allowed any more";
  clock.advance(1min);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pay(fail(ErrorKind::redis_unavailable)), "paid");
  EXPECT_EQ(pay(fail(ErrorKind::redis_unavailable)), "provider-limited 57000");
  EXPECT_EQ(pay(FleetBudget::Counts(3)), "provider-limited 57000")
      << "counts that do not match the question are ignored";
  EXPECT_EQ(admission->status(now()).usage.at(0).limit, 10U) << "the share of this process alone";
  EXPECT_FALSE(admission->check(Purpose::cold, now())) << "the fleet is asked each time, so that its return is noticed";
  EXPECT_EQ(lines("this process limits itself to its share"), 1U) << log.text();
  EXPECT_EQ(metrics.value(Counter::provider_counted_alone), 12U);
  EXPECT_EQ(pay(others(1)), "paid");
  EXPECT_EQ(admission->status(now()).usage.at(0).limit, 40U);
  EXPECT_EQ(lines("counted with the fleet again"), 1U);
}

// A Redis whose replies are close to its deadline, so that some come in time and some do not.
TEST_F(Admitted, AFleetsCountThatComesAndGoesAllTheTimeIsToldNowAndThen) {
  auto chosen = options("2400/m");
  chosen.fleet_size = 8;  // at times more than 80 % of this process's share is used
  start(chosen);
  admission->join_fleet();
  const auto pay = [this](bool answers) {
    Result<FleetBudget::Counts> counts = fail(ErrorKind::redis_timeout);
    const auto parts = admission->reserve(now()).parts;
    if (answers) counts = FleetBudget::Counts(parts.size());
    (void)admission->settle(Purpose::cold, parts, counts, now());
    clock.advance(100ms);
  };
  for (int i = 0; i < 40; ++i) pay(i % 2 == 0);  // four seconds
  EXPECT_EQ(lines("limits itself to its share"), 1U) << log.text();
  EXPECT_EQ(lines("with the fleet again"), 1U);
  for (int i = 0; i < 600; ++i) pay(i % 2 == 0);  // a minute
  EXPECT_LE(lines("limits itself to its share"), 7U);
  EXPECT_LE(lines("with the fleet again"), 7U);
  EXPECT_LE(lines("of the budget"), 14U) << "the share has its own throttle levels: " << log.text();
  for (int i = 0; i < 200; ++i) pay(false);
  const auto last = [this](std::string_view what) { return log.text().rfind(what); };
  EXPECT_GT(last("limits itself to its share"), last("with the fleet again")) << "a state that lasts is logged";
  for (int i = 0; i < 200; ++i) pay(true);
  EXPECT_GT(last("with the fleet again"), last("limits itself to its share"));
}

TEST_F(Admitted, ASecondAttemptIsForWhatASecondAttemptMayCure) {
  auto chosen = options();
  chosen.retries = {.per_call = 0, .per_minute = 100, .most = 100};
  start(chosen);
  const auto pause = [this](const Error& fault, milliseconds left = 5s) {
    return admission->retry_after(fault, left, now());
  };
  for (const int status : {502, 503, 504}) EXPECT_TRUE(pause(fault_of(ErrorKind::provider_error, status))) << status;
  EXPECT_TRUE(pause(fault_of(ErrorKind::provider_unreachable)));
  for (const auto kind : {ErrorKind::provider_timeout, ErrorKind::provider_bad_reply, ErrorKind::provider_refused,
                          ErrorKind::provider_limited, ErrorKind::provider_denied, ErrorKind::draining}) {
    EXPECT_FALSE(pause(fault_of(kind, 503))) << name(kind);
  }
  for (const int status : {404, 500, 501}) EXPECT_FALSE(pause(fault_of(ErrorKind::provider_error, status))) << status;
  EXPECT_FALSE(pause(fault_of(ErrorKind::provider_unreachable), 299ms)) << "no time left for it";
  for (int i = 0; i < 50; ++i) {
    const auto span = *pause(fault_of(ErrorKind::provider_unreachable));
    EXPECT_GE(span, 50ms);
    EXPECT_LE(span, 250ms);
  }
}

TEST_F(Admitted, NoSecondAttemptOnceTheBreakerIsOpenOrTheirBudgetSpent) {
  auto chosen = options();
  chosen.retries = {.per_call = 0, .per_minute = 1, .most = 1};
  start(chosen);
  const auto fault = fault_of(ErrorKind::provider_unreachable);
  EXPECT_TRUE(admission->retry_after(fault, 5s, now()));
  EXPECT_FALSE(admission->retry_after(fault, 5s, now()));
  EXPECT_EQ(metrics.value(Counter::provider_retries_denied), 1U);
  clock.advance(10min);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(&fault), "called");
  EXPECT_FALSE(admission->retry_after(fault, 5s, now()));
  EXPECT_EQ(metrics.value(Counter::provider_retries_denied), 1U);
}

}  // namespace
}  // namespace wx::open_meteo
