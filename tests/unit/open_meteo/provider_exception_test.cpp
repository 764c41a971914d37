// An unexpected exception ends one load with ErrorKind::internal, is logged once, and leaves no slot or pass behind, so
// the next load is answered.
#include <atomic>
#include <future>
#include <stdexcept>

#include "base/asio_executor.hpp"
#include "base/text.hpp"
#include "provider_harness.hpp"
#include "support/background.hpp"

namespace wx::open_meteo {
namespace {

using cache::Purpose;

// A reader that throws.
Call unreadable() {
  return {.target = "/v1/forecast", .read = [](const Reply&, const AttemptTimes&) -> Result<cache::Loaded> {
            throw std::runtime_error("reader");
          }};
}

// A store that throws before counting or after it, or loses the call.
class ThrowingFleet final : public FleetBudget {
 public:
  enum class When : std::uint8_t { never, at_once, at_give_back, lost };

  void exchange(std::vector<FleetWindow> windows, Patience /*patience*/, Done done, Late /*late*/) override {
    if (when == When::at_once) throw std::runtime_error("fleet");
    if (when == When::lost) return;
    const bool gives_back = windows.front().write.front().given_back > 0;
    if (when == When::at_give_back && gives_back) throw std::runtime_error("give back");
    // So that the call is given back, reports a total far above any limit.
    Counts counts(windows.size());
    if (when == When::at_give_back) counts.front().totals = {{.id = "other", .spent = 1'000'000'000}};
    done(std::move(counts));
  }
  std::atomic<When> when = When::never;
};

// An executor that can fail to accept work or to make timers.
class ThrowingExecutor final : public Executor {
 public:
  explicit ThrowingExecutor(Executor& real) : real_(real) {}
  void post(std::move_only_function<void()> work) override {
    if (post_throws) throw std::runtime_error("post");
    real_.post(std::move(work));
  }
  std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) override {
    if (after_throws) throw std::runtime_error("after");
    return real_.after(delay, std::move(work));
  }
  [[nodiscard]] bool in_this_thread() const override { return real_.in_this_thread(); }

  bool post_throws = false;
  bool after_throws = false;

 private:
  Executor& real_;
};

class Exceptions : public ProviderTest {
 protected:
  Exceptions() {
    chosen = options();
    chosen.concurrency = 1;       // a lost slot would block the next load
    chosen.breaker.failures = 1;  // a lost pass would keep the breaker half-open
  }
  ~Exceptions() override {
    loop.stop();
    provider.reset();
    client.reset();
  }
  // Makes the provider's breaker let one probe through.
  void make_the_next_call_a_probe() {
    server.always(test::refusal(500, "Something went wrong."));
    EXPECT_FALSE(ask());
    server.answer_weather();
    clock.advance(1s);
  }
  void expect_one_line_and_the_next_answer(std::string_view thrown) {
    EXPECT_EQ(log.count("open_meteo: an exception"), 1) << log.text();
    EXPECT_EQ(log.count(cat("what=", thrown)), 1) << log.text();
    EXPECT_EQ(provider->slots().running, 0U);
    const auto next = ask();
    EXPECT_TRUE(next) << name(next.error().kind);
    EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::closed);
  }

  OpenMeteoOptions chosen;
  test::Background loop;
  std::unique_ptr<Executor> executor = make_asio_executor(loop.context());
  ThrowingExecutor broken{*executor};
  ThrowingFleet fleet;
};

TEST_F(Exceptions, InAReaderEndTheLoad) {
  start(chosen);
  make_the_next_call_a_probe();
  const auto outcome = ask(unreadable());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::internal);
  EXPECT_EQ(outcome.error().detail, "") << "the text of an exception is not shown to clients";
  expect_one_line_and_the_next_answer("reader");
}

TEST_F(Exceptions, InDoneEndNothingElse) {
  start(chosen);
  make_the_next_call_a_probe();
  std::promise<void> called;
  provider->load(call_at("1", "2"), within(10s), [&](const auto& outcome) {
    EXPECT_TRUE(outcome);
    called.set_value();
    throw std::runtime_error("done");
  });
  called.get_future().wait();
  ASSERT_TRUE(ask()) << "the client's thread is alive";
  expect_one_line_and_the_next_answer("done");
}

TEST_F(Exceptions, InDoneOfALoadThatIsRefusedAtOnceStayInside) {
  start(chosen);
  make_the_next_call_a_probe();
  server.always(test::refusal(500, "Something went wrong."));
  EXPECT_FALSE(ask());
  EXPECT_NO_THROW(
      provider->load(call_at("1", "2"), within(10s), [](const auto&) { throw std::runtime_error("refused"); }));
  server.answer_weather();
  clock.advance(2s);
  expect_one_line_and_the_next_answer("refused");
}

TEST_F(Exceptions, InATurnEndTheLoadAndItsProceedDoesNothing) {
  start(chosen);
  make_the_next_call_a_probe();
  cache::Proceed kept;
  Outcomes outcomes;
  EXPECT_NO_THROW(provider->load(call_at("1", "2"),
                                 load_request(Purpose::cold, clock.steady() + 10s,
                                              [&](cache::Proceed proceed) {
                                                kept = std::move(proceed);
                                                throw std::runtime_error("turn");
                                              }),
                                 outcomes.taker()));
  const auto all = outcomes.wait(1);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().error().kind, ErrorKind::internal);
  const auto calls = server.calls();
  kept(true);
  EXPECT_EQ(server.calls(), calls);
  EXPECT_EQ(outcomes.wait(1).size(), 1U);
  expect_one_line_and_the_next_answer("turn");
}

TEST_F(Exceptions, InATurnThatWasAnsweredLeaveTheCallAlone) {
  start(chosen);
  Outcomes outcomes;
  provider->load(call_at("1", "2"),
                 load_request(Purpose::cold, clock.steady() + 10s,
                              [&](cache::Proceed proceed) {
                                proceed(true);
                                throw std::runtime_error("after the answer");
                              }),
                 outcomes.taker());
  const auto all = outcomes.wait(1);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.front());
  expect_one_line_and_the_next_answer("after the answer");
}

TEST_F(Exceptions, BehindAProceedEndTheLoad) {
  chosen.limits = *parse_limits("100/m");
  start(chosen);
  provider->attach(executor.get(), &fleet);
  fleet.when = ThrowingFleet::When::at_once;
  EXPECT_EQ(ask().error().kind, ErrorKind::internal);
  fleet.when = ThrowingFleet::When::never;
  expect_one_line_and_the_next_answer("fleet");
}

TEST_F(Exceptions, ThatLoseACallBehindItsProceedEndTheLoad) {
  chosen.limits = *parse_limits("100/m");
  start(chosen);
  provider->attach(executor.get(), &fleet);
  make_the_next_call_a_probe();
  fleet.when = ThrowingFleet::When::lost;
  const auto outcome = ask();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::internal);
  EXPECT_EQ(outcome.error().detail, "") << "an outcome came";
  EXPECT_EQ(provider->slots().running, 0U);
  fleet.when = ThrowingFleet::When::never;
  EXPECT_TRUE(ask());
  EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::closed);
}

TEST_F(Exceptions, InTheFleetsCallbackEndTheLoad) {
  chosen.limits = *parse_limits("100/m");
  start(chosen);
  provider->attach(executor.get(), &fleet);
  fleet.when = ThrowingFleet::When::at_give_back;
  EXPECT_EQ(ask().error().kind, ErrorKind::internal);
  fleet.when = ThrowingFleet::When::never;
  clock.advance(1min + 5s);  // the counted window and its boundary are over
  expect_one_line_and_the_next_answer("give back");
}

TEST_F(Exceptions, InAPauseEndTheLoadWithTheFirstAttemptsFault) {
  chosen.breaker.failures = 0;
  start(chosen);
  provider->attach(&broken, nullptr);
  server.always(test::refusal(503, "The service is overloaded"));
  broken.post_throws = true;
  const auto outcome = ask();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().provider_status, 503);
  EXPECT_EQ(server.calls(), 1U);
  server.answer_weather();
  expect_one_line_and_the_next_answer("post");
}

TEST_F(Exceptions, OfATimerThatCannotBeMadeCostThePauseOnly) {
  chosen.breaker.failures = 0;
  start(chosen);
  provider->attach(&broken, nullptr);
  broken.after_throws = true;
  server.script([](const auto& request) {
    return request.number == 1 ? test::refusal(503, "The service is overloaded") : test::weather_reply(request);
  });
  EXPECT_TRUE(ask());
  EXPECT_EQ(server.calls(), 2U);
  expect_one_line_and_the_next_answer("after");
}

// A timer of the executor starts the second attempt. Paying for that attempt throws.
TEST_F(Exceptions, InASecondAttemptEndTheLoad) {
  chosen.breaker.failures = 0;
  chosen.limits = *parse_limits("100/m");
  start(chosen);
  provider->attach(executor.get(), &fleet);
  server.script([&](const auto&) {
    fleet.when = ThrowingFleet::When::at_once;  // the first attempt has been paid for
    return test::refusal(503, "The service is overloaded");
  });
  const auto outcome = ask();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().provider_status, 503) << "the fault of the first attempt";
  fleet.when = ThrowingFleet::When::never;
  server.answer_weather();
  expect_one_line_and_the_next_answer("fleet");
}

}  // namespace
}  // namespace wx::open_meteo
