// The way of a load to its call: turn, budget, second attempt, breaker. A real client calls a scripted provider.
#include <atomic>
#include <deque>
#include <map>
#include <thread>

#include "base/asio_executor.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "fake_fleet.hpp"
#include "provider_harness.hpp"
#include "support/background.hpp"
#include "support/http_client.hpp"
#include "support/waiting.hpp"

namespace wx::open_meteo {
namespace {

using cache::Purpose;
using observability::Counter;

class Turn : public ProviderTest {
 protected:
  ~Turn() override {
    loop.stop();
    provider.reset();
    client.reset();
  }
  void start_with_timers(const OpenMeteoOptions& chosen, FleetBudget* fleet = nullptr) {
    start(chosen);
    provider->attach(executor.get(), fleet);
  }
  // Makes the test's fleet. It ends after the calls that ask it.
  template <class Fleet, class... Arguments>
  Fleet& make_fleet(Arguments... arguments) {
    auto made = std::make_unique<Fleet>(arguments...);
    auto& fleet = *made;
    kept_fleet = std::move(made);
    return fleet;
  }
  // A load whose turn the test answers.
  void load(Outcomes& outcomes, Purpose purpose = Purpose::cold) {
    provider->load(call_at("1", "2"),
                   load_request(purpose, clock.steady() + 100s,
                                [this](cache::Proceed proceed) { turns.push_back(std::move(proceed)); }),
                   outcomes.taker());
  }
  // One call at a time, and `places` in the queue.
  void start_with_queue(std::size_t places) {
    auto chosen = options();
    chosen.concurrency = 1;
    chosen.max_queue = places;
    start(chosen);
  }
  // Clients that wait for loads, and may leave.
  struct Clients final : cache::Wanting {
    bool wanted() override {
      ++asked;
      return there;
    }
    std::atomic<bool> there = true;
    std::atomic<int> asked = 0;
  };
  // Loads that make no call at their turn. Without `clients` they are always wanted.
  void queue(Outcomes& outcomes, const std::shared_ptr<Clients>& clients, std::size_t loads = 1) {
    for (std::size_t i = 0; i < loads; ++i) {
      auto request = load_request(Purpose::cold, clock.steady() + 100h, [](cache::Proceed proceed) { proceed(false); });
      request.wanting = clients;
      provider->load(call_at("1", "2"), std::move(request), outcomes.taker());
    }
  }
  void answer_turn(bool go) {
    auto proceed = std::move(turns.front());
    turns.pop_front();
    proceed(go);
  }

  test::Background loop;
  std::unique_ptr<Executor> executor = make_asio_executor(loop.context());
  std::unique_ptr<FleetBudget> kept_fleet;
  std::deque<cache::Proceed> turns;
};

TEST_F(Turn, HoldsTheSlotUntilItIsAnsweredAndCallsOnlyThen) {
  auto chosen = options();
  chosen.concurrency = 1;
  start(chosen);
  Outcomes outcomes;
  load(outcomes);
  load(outcomes);
  EXPECT_EQ(turns.size(), 1U);
  EXPECT_EQ(provider->slots().running, 1U);
  EXPECT_EQ(provider->slots().queued, 1U);
  EXPECT_EQ(server.calls(), 0U);
  answer_turn(false);
  EXPECT_EQ(turns.size(), 1U) << "it is the next one's turn";
  EXPECT_EQ(provider->slots().queued, 0U);
  EXPECT_EQ(metrics.value(Counter::provider_stood_down), 1U);
  answer_turn(true);
  EXPECT_EQ(outcomes.wait(1).size(), 1U) << "the load that stood down has no outcome";
  EXPECT_EQ(server.calls(), 1U);
  EXPECT_EQ(provider->slots().running, 0U);
}

TEST_F(Turn, AForgottenProceedStandsDown) {
  auto chosen = options();
  chosen.concurrency = 1;
  start(chosen);
  Outcomes outcomes;
  load(outcomes);
  turns.clear();
  EXPECT_EQ(provider->slots().running, 0U);
  load(outcomes);
  answer_turn(true);
  EXPECT_EQ(outcomes.wait(1).size(), 1U);
}

TEST_F(Turn, UrgentLoadsGoFirst) {
  auto chosen = options();
  chosen.concurrency = 1;
  start(chosen);
  Outcomes outcomes;
  std::vector<Purpose> order;
  load(outcomes);
  for (const auto purpose : {Purpose::early, Purpose::refresh, Purpose::revalidate, Purpose::cold}) {
    provider->load(call_at("1", "2"),
                   load_request(purpose, clock.steady() + 100s,
                                [&order, purpose](cache::Proceed proceed) {
                                  order.push_back(purpose);
                                  proceed(false);
                                }),
                   outcomes.taker());
  }
  answer_turn(false);
  EXPECT_EQ(order, (std::vector{Purpose::cold, Purpose::revalidate, Purpose::refresh, Purpose::early}));
}

// Clients that leave must not keep others out of the queue.
TEST_F(Turn, AFullQueueMakesRoomByEndingTheLoadsThatNobodyWants) {
  start_with_queue(3);
  Outcomes first;
  load(first);
  Outcomes left;
  Outcomes stays;
  const auto clients = std::make_shared<Clients>();
  queue(left, clients, 2);
  queue(stays, nullptr);
  EXPECT_EQ(provider->slots().queued, 3U);
  Outcomes refused;
  queue(refused, nullptr);
  ASSERT_EQ(refused.wait(1).size(), 1U);
  EXPECT_EQ(refused.wait(1)[0].error().kind, ErrorKind::overloaded) << "all that wait are wanted";

  clients->there = false;
  Outcomes next;
  queue(next, nullptr);
  ASSERT_EQ(left.wait(2).size(), 2U);
  for (const auto& outcome : left.wait(2)) EXPECT_EQ(outcome.error().kind, ErrorKind::deadline_exceeded);
  EXPECT_EQ(provider->slots().queued, 2U);
  EXPECT_EQ(metrics.value(Counter::provider_stood_down), 2U);
  EXPECT_EQ(metrics.value(Counter::provider_shed_queue), 1U);
  answer_turn(false);
  EXPECT_EQ(provider->slots().running, 0U);
}

TEST_F(Turn, AFloodOfRefusedLoadsSearchesTheQueueAFewTimesOnly) {
  start_with_queue(100);
  const auto clients = std::make_shared<Clients>();
  Outcomes first;
  load(first);
  Outcomes outcomes;
  queue(outcomes, clients, 100);
  queue(outcomes, clients, 10'000);
  EXPECT_EQ(metrics.value(Counter::provider_shed_queue), 10'000U);
  EXPECT_LE(clients->asked, 10 * 100) << "ten searches in a second";
  clock.advance(1s);
  clients->there = false;
  queue(outcomes, clients);
  EXPECT_EQ(provider->slots().queued, 1U);
  answer_turn(false);
}

TEST_F(Turn, AQueueOfClientsThatLeftHasRoomAtOnceHoweverOftenTheyDo) {
  constexpr std::size_t kPlaces = 100;
  start_with_queue(kPlaces);
  Outcomes first;
  load(first);
  Outcomes outcomes;
  // More often than the ten searches a second that may end no call. The clock stands still.
  for (int round = 0; round < 50; ++round) {
    const auto leave = std::make_shared<Clients>();
    queue(outcomes, leave, kPlaces - provider->slots().queued);
    ASSERT_EQ(provider->slots().queued, kPlaces);
    leave->there = false;
    const auto next = std::make_shared<Clients>();
    queue(outcomes, next);
    ASSERT_LE(provider->slots().queued, 2U) << "round " << round;
    next->there = false;
  }
  EXPECT_EQ(metrics.value(Counter::provider_shed_queue), 0U);
  answer_turn(false);
}

// A client that asks and leaves again and again must not have the whole queue searched for each of its requests.
TEST_F(Turn, SearchesThatEndOneCallOfManyAreLimitedToo) {
  start_with_queue(100);
  Outcomes first;
  load(first);
  Outcomes outcomes;
  std::vector<std::shared_ptr<Clients>> queued;
  const auto come = [&] {
    const auto client = std::make_shared<Clients>();
    const auto refused = metrics.value(Counter::provider_shed_queue);
    queue(outcomes, client);
    if (metrics.value(Counter::provider_shed_queue) == refused) queued.push_back(client);
  };
  for (int i = 0; i < 100; ++i) come();
  for (int i = 0; i < 1000; ++i) {
    queued.back()->there = false;
    come();
  }
  int asked = 0;
  for (const auto& client : queued) asked += client->asked;
  EXPECT_EQ(metrics.value(Counter::provider_stood_down), 10U) << "ten searches in a second";
  EXPECT_LE(asked, 10 * 100);
  answer_turn(false);
}

TEST_F(Turn, AWholeQueueMayStandDownAtOnce) {
  auto chosen = options();
  chosen.concurrency = 1;
  chosen.max_queue = 20'000;
  start(chosen);
  Outcomes outcomes;
  load(outcomes);
  int stood_down = 0;
  for (int i = 0; i < 20'000; ++i) {
    provider->load(call_at("1", "2"),
                   load_request(Purpose::cold, clock.steady() + 100h,
                                [&](cache::Proceed proceed) {
                                  ++stood_down;
                                  proceed(false);
                                }),
                   outcomes.taker());
  }
  answer_turn(false);
  EXPECT_EQ(stood_down, 20'000);
  EXPECT_EQ(provider->slots().running, 0U);
}

TEST_F(Turn, ASecondAttemptFollowsWhatItMayCure) {
  start_with_timers(options());
  // The reset comes first: on a connection that was used before, the client would retry by itself.
  for (const auto& bad : {test::connection_reset(), test::refusal(503, "The service is overloaded")}) {
    std::atomic<int> calls = 0;
    server.script([&](const auto& request) { return ++calls == 1 ? bad : test::weather_reply(request); });
    const auto outcome = ask();
    EXPECT_TRUE(outcome) << outcome.error().detail;
    EXPECT_EQ(calls, 2);
    server.answer_weather();
  }
  EXPECT_EQ(metrics.value(Counter::provider_retries), 2U);
}

TEST_F(Turn, AnAnswerIsAsOldAsTheAttemptThatBroughtIt) {
  start_with_timers(options());
  const auto first = clock.steady();
  server.script([this](const auto& request) {
    clock.advance(1s);
    return request.number == 1 ? test::refusal(503, "The service is overloaded") : test::weather_reply(request);
  });
  const auto outcome = ask();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(server.calls(), 2U);
  EXPECT_EQ(outcome->request_time, first + 1s);
}

TEST_F(Turn, ThereIsNoThirdAndNoneForTheRest) {
  start_with_timers(options());
  server.always(test::refusal(503, "The service is overloaded"));
  const auto outcome = ask();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().provider_status, 503);
  EXPECT_EQ(server.calls(), 2U);
  std::size_t calls = 2;
  for (const auto& bad :
       {test::refusal(400, "Invalid timezone"), test::refusal(500, "Something went wrong."), test::json_reply(200, ""),
        test::refusal(401, "API key required."), test::refusal(429, "Minutely API request limit exceeded.")}) {
    server.always(bad);
    const auto result = ask();
    EXPECT_TRUE(!result || result->kind == cache::EntryKind::refusal);
    EXPECT_EQ(server.calls(), ++calls);
  }
}

TEST_F(Turn, ARetryAfterAllowsNoSecondAttempt) {
  start_with_timers(options());
  auto overloaded = test::refusal(503, "The service is overloaded");
  overloaded.headers = {{"Retry-After", "1"}};
  server.always(overloaded);
  EXPECT_FALSE(ask());
  EXPECT_EQ(server.calls(), 1U);
}

// Between its admission and its sending, a call waits for its lease and for the fleet's count.
TEST_F(Turn, ACallThatHasEnteredIsNotSentIntoAPause) {
  start(options());
  Outcomes outcomes;
  load(outcomes);
  auto limited = test::refusal(429, "Minutely API request limit exceeded.");
  limited.headers = {{"Retry-After", "600"}};
  server.always(limited);
  EXPECT_FALSE(ask());
  answer_turn(true);
  const auto held = outcomes.wait(1);
  ASSERT_EQ(held.size(), 1U);
  ASSERT_FALSE(held.front());
  EXPECT_EQ(held.front().error().kind, ErrorKind::provider_limited);
  EXPECT_EQ(held.front().error().retry_after, 600s);
  EXPECT_EQ(server.calls(), 1U);
  EXPECT_EQ(provider->slots().running, 0U);
}

TEST_F(Turn, BothAttemptsShareTheTimeout) {
  auto chosen = options();
  chosen.upstream_timeout = 1s;
  start_with_timers(chosen);
  server.script([this](const auto& request) {
    // The provider uses the test's clock. The first reply takes most of the time.
    if (request.number == 1) clock.advance(900ms);
    return test::refusal(503, "The service is overloaded");
  });
  EXPECT_FALSE(ask());
  EXPECT_EQ(server.calls(), 1U);
}

TEST_F(Turn, ASecondAttemptCostsBudgetLikeAnyOther) {
  auto chosen = options();
  chosen.limits = *parse_limits("3/d");
  start_with_timers(chosen);
  server.always(test::refusal(503, "The service is overloaded"));
  EXPECT_FALSE(ask());
  EXPECT_EQ(provider->status().usage.at(2).used, 2U);
  const auto outcome = ask();
  EXPECT_EQ(server.calls(), 3U);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::provider_error) << "the fault of the first attempt";
  EXPECT_EQ(ask().error().kind, ErrorKind::provider_limited);
  EXPECT_EQ(server.calls(), 3U);
}

TEST_F(Turn, WhoWaitsForASecondAttemptHearsOfTheEnd) {
  start_with_timers(options());
  server.always(test::refusal(503, "The service is overloaded"));
  // Holds the loop, so that the pause does not end.
  std::promise<void> held;
  std::promise<void> release;
  executor->post([&] {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  Outcomes outcomes;
  provider->load(call_at("1", "2"), within(10s), outcomes.taker());
  EXPECT_TRUE(server.wait_for_calls(1));
  client.reset();  // returns once the reply has been read, or the call has been given up
  release.set_value();
  loop.stop();
  provider.reset();
  const auto all = outcomes.wait(1);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all.front());
}

TEST_F(Turn, TheOpenBreakerRefusesAtOnceAndOneProbeClosesIt) {
  auto chosen = options();
  chosen.breaker.failures = 3;
  chosen.concurrency = 4;
  start(chosen);
  server.always(test::refusal(500, "Something went wrong."));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask());
  EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::open);
  Outcomes refused;
  provider->load(call_at("1", "2"), within(10s), refused.taker());
  const auto at_once = refused.wait(0);
  ASSERT_EQ(at_once.size(), 1U) << "load() refuses before it returns";
  ASSERT_FALSE(at_once.front());
  EXPECT_EQ(at_once.front().error().kind, ErrorKind::provider_error);
  EXPECT_GT(at_once.front().error().retry_after, 0ms);
  EXPECT_EQ(server.calls(), 3U);

  clock.advance(500ms);
  server.answer_weather();
  Outcomes outcomes;
  for (int i = 0; i < 4; ++i) load(outcomes, Purpose::revalidate);
  EXPECT_EQ(turns.size(), 1U) << "the other loads were refused";
  EXPECT_EQ(outcomes.wait(3).size(), 3U);
  answer_turn(false);
  load(outcomes);
  EXPECT_EQ(turns.size(), 1U) << "when a probe stands down, the next one starts";
  answer_turn(true);
  EXPECT_EQ(outcomes.wait(4).size(), 4U);
  EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::closed);
  EXPECT_TRUE(ask());
}

// Beside a probe that is under way: cold loads, some of which have a slot and some of which wait for one.
class ColdLoadsBesideAProbe : public Turn {
 protected:
  static constexpr std::size_t kOthers = 9;
  void SetUp() override {
    auto chosen = options();
    chosen.breaker.failures = 3;
    chosen.concurrency = 4;
    start(chosen);
    server.always(test::refusal(500, "Something went wrong."));
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask());
    clock.advance(500ms);
    load(probe);
    ASSERT_EQ(turns.size(), 1U);
    for (std::size_t i = 0; i < kOthers; ++i) {
      provider->load(call_at("1", "2"), within(10s), others.taker());
    }
    EXPECT_EQ(others.wait(0).size(), 0U) << "none was refused";
    EXPECT_EQ(server.calls(), 3U) << "none was sent";
    server.answer_weather();
  }

  Outcomes probe;
  Outcomes others;
};

TEST_F(ColdLoadsBesideAProbe, AreSentOnceItHasSucceeded) {
  answer_turn(true);
  const auto all = others.wait(kOthers);
  ASSERT_EQ(all.size(), kOthers);
  for (const auto& outcome : all) EXPECT_TRUE(outcome);
  EXPECT_EQ(server.calls(), 3 + 1 + kOthers);
  EXPECT_LE(server.max_running(), 4U);
}

TEST_F(ColdLoadsBesideAProbe, AreRefusedOnceItHasFailed) {
  server.always(test::refusal(500, "Something went wrong."));
  answer_turn(true);
  const auto all = others.wait(kOthers);
  ASSERT_EQ(all.size(), kOthers);
  for (const auto& outcome : all) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::provider_error);
    EXPECT_GT(outcome.error().retry_after, 0ms);
  }
  EXPECT_EQ(server.calls(), 4U);
}

TEST_F(ColdLoadsBesideAProbe, TakeItsPlaceIfItStandsDown) {
  answer_turn(false);
  const auto all = others.wait(kOthers);
  ASSERT_EQ(all.size(), kOthers);
  for (const auto& outcome : all) EXPECT_TRUE(outcome);
  EXPECT_EQ(server.calls(), 3 + kOthers);
  EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::closed);
}

TEST_F(ColdLoadsBesideAProbe, AreNotSentAfterTheirDeadline) {
  clock.advance(11s);
  answer_turn(true);
  const auto all = others.wait(kOthers);
  ASSERT_EQ(all.size(), kOthers);
  for (const auto& outcome : all) EXPECT_EQ(outcome.error().kind, ErrorKind::deadline_exceeded);
  EXPECT_EQ(metrics.value(Counter::provider_shed_deadline), kOthers);
  EXPECT_EQ(probe.wait(1).size(), 1U);
  EXPECT_EQ(server.calls(), 4U);
}

TEST_F(ColdLoadsBesideAProbe, EndWithTheProvider) {
  provider.reset();
  const auto all = others.wait(kOthers);
  ASSERT_EQ(all.size(), kOthers);
  for (const auto& outcome : all) EXPECT_EQ(outcome.error().kind, ErrorKind::draining);
}

// The provider ends while those that were parked begin one by one. The first of them is the next probe.
TEST_F(Turn, WhoBeginsAfterTheEndWaitsForNoProbe) {
  auto chosen = options();
  chosen.breaker.failures = 3;
  chosen.concurrency = 4;
  start(chosen);
  server.always(test::refusal(500, "Something went wrong."));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask());
  clock.advance(500ms);
  Outcomes probes;
  Outcomes others;
  load(probes);
  std::optional<cache::Proceed> held;
  provider->load(call_at("1", "2"),
                 load_request(Purpose::cold, clock.steady() + 10s,
                              [&](cache::Proceed proceed) {
                                held = std::move(proceed);
                                provider.reset();
                              }),
                 probes.taker());
  for (int i = 0; i < 9; ++i) provider->load(call_at("1", "2"), within(10s), others.taker());
  answer_turn(false);
  ASSERT_TRUE(held);
  int ended = 0;
  for (const auto& outcome : others.wait(0)) {
    EXPECT_EQ(outcome.error().kind, ErrorKind::draining);
    ++ended;
  }
  EXPECT_EQ(ended, 9) << "without the probe's outcome";
}

TEST_F(Turn, WhenTheBreakerOpensTheQueueHearsOfItAtOnce) {
  auto chosen = options();
  chosen.breaker.failures = 1;
  chosen.concurrency = 1;
  start(chosen);
  server.always(test::refusal(500, "Something went wrong."));
  Outcomes outcomes;
  load(outcomes);
  for (int i = 0; i < 10; ++i) load(outcomes);
  EXPECT_EQ(provider->slots().queued, 10U);
  answer_turn(true);
  EXPECT_EQ(outcomes.wait(11).size(), 11U);
  EXPECT_EQ(server.calls(), 1U);
  EXPECT_EQ(provider->slots().running, 0U);
}

TEST_F(Turn, A429ClosesTheProviderUntilItsWindowEnds) {
  start(options());
  clock.set_wall(std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 22h + 30s);
  server.always(test::refusal(429, "Minutely API request limit exceeded. Please try again in one minute."));
  EXPECT_FALSE(ask());
  server.answer_weather();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask().error().kind, ErrorKind::provider_limited);
  EXPECT_EQ(ask().error().retry_after, 31s);
  EXPECT_EQ(server.calls(), 1U);
  clock.advance(31s);
  EXPECT_TRUE(ask());
}

TEST_F(Turn, AFleetOfFourNeverAsksMoreThanItsLimit) {
  auto& fleet = make_fleet<FakeFleet>();
  auto chosen = options();
  chosen.limits = *parse_limits("60/m");
  chosen.fleet_size = 4;
  clock.advance(5s);  // away from the minute's boundary, where calls count twice
  std::vector<std::unique_ptr<Provider>> sources;
  for (int i = 0; i < 4; ++i) {
    sources.push_back(std::make_unique<Provider>(chosen, *client, clock, metrics, log));
    sources.back()->attach(executor.get(), &fleet);
  }
  Outcomes outcomes;
  std::vector<std::thread> callers;
  for (auto& one : sources) {
    callers.emplace_back([&] {
      for (int i = 0; i < 40; ++i) one->load(call_at("1", "2"), within(1000s), outcomes.taker());
    });
  }
  for (auto& caller : callers) caller.join();
  const auto all = outcomes.wait(160);
  ASSERT_EQ(all.size(), 160U);
  EXPECT_EQ(std::ranges::count_if(all, [](const auto& outcome) { return outcome.has_value(); }), 60);
  EXPECT_EQ(server.calls(), 60U);
  for (const auto& name : fleet.store.windows()) {
    EXPECT_EQ(fleet.store.used(name), 60'000) << name << ": refused calls were given back";
  }

  // Without the counters, each process uses its share.
  clock.advance(1min);
  fleet.down = true;
  for (auto& one : sources) {
    for (int i = 0; i < 20; ++i) one->load(call_at("1", "2"), within(1000s), outcomes.taker());
  }
  EXPECT_EQ(outcomes.wait(240).size(), 240U);
  EXPECT_EQ(server.calls(), 120U);
  sources.clear();
}

// A store that has lost everything gets the totals of an ended process back with one watch, and with one call.
TEST_F(Turn, PutsBackWhatTheStoreHasLostAtOnce) {
  auto& fleet = make_fleet<FakeFleet>();
  auto chosen = options();
  chosen.limits = *parse_limits("1000/d");
  clock.advance(5s);  // away from the day's boundary, where calls count twice
  start_with_timers(chosen, &fleet);
  ASSERT_TRUE(ask());
  const auto window = fleet.store.windows().at(0);
  FleetWindow ended;
  ended.name = window;
  ended.write = {{"ended", 7000, 0}};
  (void)fleet.store.exchange({ended});
  ASSERT_TRUE(ask());
  fleet.store.clear();
  provider->watch_fleet(Watch::connected);
  EXPECT_EQ(fleet.store.used(window), 9000);
  fleet.store.clear();
  ASSERT_TRUE(ask());
  EXPECT_EQ(fleet.store.used(window), 10'000);
}

TEST_F(Turn, AsksAStoreThatKeepsNothingOnceMoreAfterEachReply) {
  // Another process's totals are there once, and never again.
  class Forgetful final : public FleetBudget {
   public:
    void exchange(std::vector<FleetWindow> windows, Patience /*patience*/, Done done, Late /*late*/) override {
      Counts counts(windows.size());
      if (++asked == 1) counts.front().totals = {{"other", 1000, 0}};
      done(std::move(counts));
    }
    int asked = 0;
  };
  auto& fleet = make_fleet<Forgetful>();
  auto chosen = options();
  chosen.limits = *parse_limits("1000/d");
  start_with_timers(chosen, &fleet);
  provider->watch_fleet(Watch::connected);
  EXPECT_EQ(fleet.asked, 1);
  provider->watch_fleet(Watch::connected);
  EXPECT_EQ(fleet.asked, 3);
  ASSERT_TRUE(ask());
  EXPECT_EQ(fleet.asked, 5);
}

// Another process holds all calls of the window, and gives one back after this process has asked `then` times.
class CrowdedFleet final : public FleetBudget {
 public:
  explicit CrowdedFleet(int then) : then_(then) {}
  void exchange(std::vector<FleetWindow> windows, Patience /*patience*/, Done done, Late late) override {
    Counts counts(windows.size());
    ++asked;
    for (auto& count : counts) count.totals = {{"other", 10'000, asked > then_ ? 1'000 : 0}};
    if (!silent) return done(std::move(counts));
    done(fail(ErrorKind::redis_timeout));
    late(std::move(counts));
  }
  std::atomic<int> asked{0};
  std::atomic<bool> silent{false};

 private:
  const int then_;
};

TEST_F(Turn, ACallThatOnlyOthersReservationsRefuseAsksOnceMore) {
  auto& fleet = make_fleet<CrowdedFleet>(2);  // for the call, and to give it back
  auto chosen = options();
  chosen.limits = *parse_limits("10/m");
  clock.advance(5s);
  start_with_timers(chosen, &fleet);
  EXPECT_TRUE(ask());
  EXPECT_EQ(fleet.asked, 3);
  EXPECT_EQ(server.calls(), 1U);
}

TEST_F(Turn, ACallThatIsRefusedTwiceIsRefused) {
  auto& fleet = make_fleet<CrowdedFleet>(1000);
  auto chosen = options();
  chosen.limits = *parse_limits("10/m");
  clock.advance(5s);
  start_with_timers(chosen, &fleet);
  EXPECT_EQ(ask().error().kind, ErrorKind::provider_limited);
  EXPECT_EQ(fleet.asked, 4);
  EXPECT_EQ(ask().error().retry_after, 57s);
  EXPECT_EQ(fleet.asked, 4) << "known without asking";
  EXPECT_EQ(server.calls(), 0U);
}

TEST_F(Turn, ALateCountIsKnownToTheNextCall) {
  auto& fleet = make_fleet<CrowdedFleet>(1000);
  fleet.silent = true;
  auto chosen = options();
  chosen.limits = *parse_limits("10/m");
  clock.advance(5s);
  start_with_timers(chosen, &fleet);
  EXPECT_TRUE(ask()) << "counted alone";
  EXPECT_EQ(ask().error().kind, ErrorKind::provider_limited);
  EXPECT_EQ(fleet.asked, 1);
}

// Turns, replies and refusals are answered from many threads, and every slot is given back.
TEST_F(Turn, NoSlotIsLostWhateverTheOrder) {
  auto chosen = options();
  chosen.concurrency = 3;
  chosen.limits = *parse_limits("100/m");
  auto& fleet = make_fleet<FakeFleet>();
  start_with_timers(chosen, &fleet);
  server.script([](const auto& request) {
    return request.number % 7 == 0 ? test::refusal(503, "The service is overloaded") : test::weather_reply(request);
  });
  std::atomic<int> finished = 0;
  test::in_parallel(4, [&](std::size_t t) {
    Random random(t + 1);
    for (int i = 0; i < 100; ++i) {
      const auto fate = random.next() % 4;
      auto request = load_request(
          static_cast<Purpose>(random.next() % 4), clock.steady() + 100s, [&, fate](cache::Proceed proceed) {
            if (fate < 3) ++finished;
            if (fate == 0) return proceed(false);
            if (fate == 1) return;
            if (fate == 2) return executor->post([proceed = std::move(proceed)]() mutable { proceed(false); });
            executor->post([proceed = std::move(proceed)]() mutable { proceed(true); });
          });
      provider->load(call_at("1", "2"), std::move(request), [&](const auto&) { ++finished; });
    }
  });
  EXPECT_TRUE(test::eventually([&] { return finished == 400 && provider->slots().running == 0; })) << finished;
  EXPECT_EQ(provider->slots().queued, 0U);
  EXPECT_LE(server.calls(), 100U);
  EXPECT_LE(server.max_running(), 3U);
}

// The same with a breaker that opens again and again: no load waits for a probe that has ended.
TEST_F(Turn, NoLoadWaitsForAProbeForever) {
  auto chosen = options();
  chosen.concurrency = 3;
  chosen.breaker.failures = 1;
  chosen.breaker.first_wait = chosen.breaker.longest_wait = 1ms;
  start(chosen);
  server.script([](const auto& request) {
    return request.number % 3 == 0 ? test::refusal(500, "Something went wrong.") : test::weather_reply(request);
  });
  std::atomic<int> finished = 0;
  test::in_parallel(6, [&](std::size_t t) {
    Random random(t + 1);
    for (int i = 0; i < 100; ++i) {
      clock.advance(1ms);
      const auto fate = random.next() % 8;
      const auto ended = std::make_shared<std::promise<void>>();
      auto request = load_request(Purpose::cold, clock.steady() + 100s, [this, fate, ended](cache::Proceed proceed) {
        if (fate > 1) return executor->post([proceed = std::move(proceed)]() mutable { proceed(true); });
        if (fate == 0) proceed(false);
        proceed = nullptr;
        ended->set_value();
      });
      provider->load(call_at("1", "2"), std::move(request), [ended](const auto&) { ended->set_value(); });
      if (ended->get_future().wait_for(20s) != std::future_status::ready) return;
      ++finished;
    }
  });
  EXPECT_EQ(finished, 600);
  EXPECT_TRUE(test::eventually([&] { return provider->slots().running == 0; }));
  EXPECT_EQ(provider->slots().queued, 0U);
  EXPECT_GT(metrics.value(Counter::provider_breaker_opened), 10U);
}

}  // namespace
}  // namespace wx::open_meteo
