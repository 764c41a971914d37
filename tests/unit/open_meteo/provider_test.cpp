#include "open_meteo/provider.hpp"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "provider_harness.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using observability::Counter;

class ProviderCalls : public ProviderTest {
 protected:
  // The kind of the fault that `reply` causes.
  std::string_view fault_of(const test::ProviderReply& reply) {
    server.always(reply);
    const auto outcome = ask();
    server.answer_weather();
    clock.advance(2h);  // beyond any limit
    const auto again = ask();
    EXPECT_TRUE(again) << "the next good reply is an answer: " << again.error().detail;
    if (!outcome) return name(outcome.error().kind);
    return outcome->kind == cache::EntryKind::refusal ? "refusal" : "answer";
  }
};

TEST_F(ProviderCalls, AsksForTheTargetAndAnswersWhatTheReaderMade) {
  start();
  server.script([](const auto& request) { return test::weather_reply(request, "2.30", "-0.0"); });
  const auto answer = ask();
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body, "2.30");
  EXPECT_EQ(server.requests().at(0).target,
            "/v1/forecast?latitude=52.52&longitude=13.41&current=temperature_2m,wind_speed_10m");
  EXPECT_EQ(server.requests().at(0).header("X-Api-Key"), "");
  EXPECT_EQ(metrics.value(Counter::provider_ok), 1U);
}

TEST_F(ProviderCalls, TellsOnceThatALoadHasBegunAndOnlyIfItsCallIsSent) {
  auto chosen = options();
  chosen.limits = {{1, 0, 0}};  // one call per minute
  start(chosen);
  const auto load = [&](bool go) {
    int begun = 0;
    Outcomes outcomes;
    auto request =
        load_request(cache::Purpose::cold, clock.steady() + 10s, [go](cache::Proceed proceed) { proceed(go); });
    request.begun = [&begun] { ++begun; };
    provider->load(call_at("52.52", "13.41"), std::move(request), outcomes.taker());
    if (go) (void)outcomes.wait(1);
    return begun;
  };
  EXPECT_EQ(load(false), 0) << "another process loads";
  EXPECT_EQ(load(true), 1);
  EXPECT_EQ(load(true), 0) << "the budget is used up";
}

TEST_F(ProviderCalls, TheKeyTravelsAsAHeaderAndIsNeverLogged) {
  auto chosen = options();
  chosen.api_key = "s3cret";
  start(chosen);
  ASSERT_TRUE(ask());
  EXPECT_EQ(server.requests().at(0).header("X-Api-Key"), "s3cret");
  EXPECT_EQ(server.requests().at(0).target.find("s3cret"), std::string::npos);
  server.always(test::json_reply(500, ""));
  ASSERT_FALSE(ask());
  EXPECT_FALSE(log.contains("s3cret")) << log.text();
}

TEST_F(ProviderCalls, CallsTheHostOfTheLabel) {
  auto chosen = options();
  chosen.base_url = cat(server.url(), "/{api}");
  start(chosen);
  auto call = call_at("52.52", "13.41");
  call.label = Label::archive_api;
  (void)ask(std::move(call));
  EXPECT_TRUE(server.requests().at(0).target.starts_with("/archive-api/v1/forecast?"))
      << server.requests().at(0).target;
}

// RFC 8586 §2
TEST_F(ProviderCalls, SaysWhoCalls) {
  auto chosen = options();
  chosen.instance = "weather-cache; id=1";
  start(chosen);
  (void)ask();
  EXPECT_EQ(server.requests().at(0).header("CDN-Loop"), "weather-cache; id=1");
}

TEST_F(ProviderCalls, EachFaultOfTheProviderHasItsKindAndTheNextGoodReplyIsAnAnswer) {
  auto chosen = options();
  chosen.upstream_timeout = 2s;
  start(chosen);
  const auto good = test::weather_reply({});
  const std::string failure = "Unexpected error while streaming data: timeoutReached";
  EXPECT_EQ(fault_of(test::json_reply(200, failure)), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::json_reply(200, good.body + failure)), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::json_reply(200, "")), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::json_reply(200, R"({"latitude":nan,"longitude":nan})")), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::json_reply(200, std::string(5'000'000, ' ') + good.body)), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::html_reply(200, "<html></html>")), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::truncated(good, test::ProviderReply::Framing::chunked)), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::truncated(good, test::ProviderReply::Framing::content_length)), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::garbage("\x16\x03\x01 this is not HTTP\r\n\r\n")), "provider-bad-reply");
  EXPECT_EQ(fault_of(test::refusal(400, "Invalid timezone")), "refusal");
  EXPECT_EQ(fault_of(test::refusal(401, "API key required.")), "provider-denied");
  EXPECT_EQ(fault_of(test::refusal(429, "Hourly API request limit exceeded.")), "provider-limited");
  EXPECT_EQ(fault_of(test::refusal(500, "Something went wrong.")), "provider-error");
  EXPECT_EQ(fault_of(test::refusal(503, "The service is overloaded")), "provider-error");
  EXPECT_EQ(fault_of(test::html_reply(502, "<html>502</html>")), "provider-error");
  EXPECT_EQ(fault_of(test::html_reply(504, "<html>504</html>")), "provider-error");
  EXPECT_EQ(fault_of(test::connection_reset()), "provider-unreachable");
  EXPECT_EQ(fault_of(test::never()), "provider-timeout");
  EXPECT_EQ(fault_of(test::trickled(good, 1000ms)), "provider-timeout");
  EXPECT_EQ(metrics.value(Counter::provider_bad_reply), 9U);
  EXPECT_EQ(metrics.value(Counter::provider_timeout), 2U);
  EXPECT_EQ(metrics.value(Counter::provider_error), 4U);
  EXPECT_EQ(metrics.value(Counter::provider_refused), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_limited), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_denied), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_unreachable), 1U);
  EXPECT_EQ(metrics.value(Counter::provider_ok), 19U);
}

TEST_F(ProviderCalls, ALimitTellsWhenItEnds) {
  start();
  clock.set_wall(std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 22h);
  server.always(test::refusal(429, "Daily API request limit exceeded. Please try again tomorrow."));
  const auto outcome = ask();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().retry_after, 2h + 1min);
  EXPECT_EQ(outcome.error().provider_status, 429);
}

// The texts that are shown are cut or replaced; the pause is by the reason itself.
TEST_F(ProviderCalls, TooManyAtOnceIsKnownByTheWholeReasonOfTheProvider) {
  auto chosen = options();
  chosen.api_key = "s3cret-of-this-service";
  const std::string too_many = "Too many concurrent requests";
  // 200 bytes of a reason are shown, and none that repeats the key.
  const std::vector<std::pair<std::string, std::string>> cases{
      {too_many, too_many},
      {std::string(200, 'x') + too_many, std::string(200, 'x')},
      {too_many + " for " + chosen.api_key, "the provider answered with status 429"}};
  for (const auto& [reason, shown] : cases) {
    server.always(test::refusal(429, reason));
    std::set<milliseconds> pauses;
    for (int i = 0; i < 8; ++i) {
      start(chosen);
      const auto limited = ask();
      ASSERT_FALSE(limited);
      EXPECT_EQ(limited.error().detail, shown);
      const auto paused = ask();
      ASSERT_FALSE(paused);
      const auto pause = paused.error().retry_after.value_or(0ms);
      EXPECT_GE(pause, 1s);
      EXPECT_LE(pause, 2s);
      pauses.insert(pause);
    }
    // Random between 1 and 2 s: eight that are the same by chance are as likely as one in 10^21.
    EXPECT_GE(pauses.size(), 2U) << shown;
  }
}

TEST_F(ProviderCalls, NoCallIsMadeBeforeTheProvidersRetryAfter) {
  const WallTime noon = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 12h;
  const auto with = [](test::ProviderReply reply, std::string_view retry_after) {
    reply.headers = {{"Date", "Sat, 01 Aug 2026 12:00:00 GMT"}, {"Retry-After", std::string(retry_after)}};
    return reply;
  };
  // At noon sharp a minute lasts 60 s and, by our own reckoning, the second in which the provider resets its count.
  const auto limited = test::refusal(429, "Minutely API request limit exceeded.");
  struct Case {
    test::ProviderReply reply;
    milliseconds pause;
  };
  for (const auto& [reply, pause] :
       {Case{limited, 61s}, Case{with(limited, "120"), 120s}, Case{with(limited, "5"), 61s},
        Case{with(limited, "Sat, 01 Aug 2026 12:02:00 GMT"), 120s},
        Case{with(limited, "Saturday, 01-Aug-26 12:02:00 GMT"), 120s},
        Case{with(limited, "Sat Aug  1 12:02:00 2026"), 120s}, Case{with(limited, "soon"), 61s},
        Case{with(limited, "999999999999999999999"), 24h}, Case{with(test::html_reply(429, "<html>"), "120"), 120s},
        Case{with(test::refusal(503, "The service is overloaded"), "120"), 120s},
        Case{with(test::html_reply(503, "<html>"), "120"), 120s},
        Case{with(test::html_reply(403, "<html>"), "120"), 120s},
        Case{with(test::html_reply(200, "<html>"), "120"), 120s}}) {
    SCOPED_TRACE(cat(reply.status, " ", reply.body, " ", reply.headers.empty() ? "" : reply.headers.back().second));
    start();
    clock.set_wall(noon);
    server.always(reply);
    const auto calls = server.calls();
    EXPECT_FALSE(ask());
    server.answer_weather();
    clock.advance(pause - 1ms);
    const auto early = ask();
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().retry_after, 1ms);
    EXPECT_EQ(server.calls(), calls + 1) << "not a moment before";
    clock.advance(1ms);
    EXPECT_TRUE(ask());
  }
}

TEST_F(ProviderCalls, TheWindowOfALimitEndsByTheProvidersClock) {
  start();
  clock.set_wall(std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 22h + 20min);
  auto reply = test::refusal(429, "Hourly API request limit exceeded. Please try again in the next hour.");
  reply.headers = {{"Date", "Sat, 01 Aug 2026 22:50:00 GMT"}};
  server.always(reply);
  const auto outcome = ask();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().retry_after, 11min) << "10 min to the hour and a minute to reset the count, not 41 min";
}

TEST_F(ProviderCalls, TellsHowTheClocksDiffer) {
  start();
  clock.set_wall(std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 12h + 20min);
  EXPECT_TRUE(ask());
  EXPECT_EQ(provider->status().clock_ahead, 0ms) << "the reply has no date";
  server.script([](const auto& request) {
    auto reply = test::weather_reply(request);
    reply.headers = {{"Date", "Sat, 01 Aug 2026 12:00:00 GMT"}};
    return reply;
  });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask());
  EXPECT_EQ(provider->status().clock_ahead, -20min + 1s) << "a date has whole seconds";
  const auto text = log.text();
  EXPECT_NE(text.find("clock and the provider's differ"), std::string::npos) << text;
  EXPECT_EQ(text.find("clock and the provider's differ"), text.rfind("clock and the provider's differ")) << text;
}

TEST_F(ProviderCalls, ADateThatTheReaderDoesNotBelieveIsIgnored) {
  start();
  auto call = call_at("1", "2");
  call.read = [read = std::move(call.read)](Reply reply, AttemptTimes& times) mutable {
    auto outcome = read(std::move(reply), times);
    EXPECT_TRUE(times.ahead);
    times.ahead.reset();
    return outcome;
  };
  server.script([](const auto& request) {
    auto reply = test::weather_reply(request);
    reply.headers = {{"Date", "Thu, 01 Jan 1970 00:00:00 GMT"}};
    return reply;
  });
  EXPECT_TRUE(ask(std::move(call)));
  EXPECT_EQ(provider->status().clock_ahead, 0ms);
}

TEST_F(ProviderCalls, DeniedAccessIsNotBlamedOnAKeyThatIsNotSent) {
  start();
  server.always(test::refusal(401, "API key required."));
  EXPECT_EQ(ask().error().detail, "without an API key: API key required.");
  server.always(test::html_reply(403, "<html>blocked</html>"));
  EXPECT_EQ(ask().error().detail, "without an API key: the provider answered with status 403");
  auto chosen = options();
  chosen.api_key = "s3cret";
  start(chosen);
  server.always(test::refusal(400, "The supplied API key is invalid."));
  EXPECT_EQ(ask().error().detail, "with the API key of this service: The supplied API key is invalid.");
  server.always(test::refusal(403, "No access with s3cret"));
  EXPECT_EQ(ask().error().detail, "with the API key of this service: the provider answered with status 403");
}

TEST_F(ProviderCalls, AKeyThatWouldBeCutWithAReasonIsNotShown) {
  auto chosen = options();
  chosen.api_key = "abcdefghijklmnopqrstuvwxyz";
  start(chosen);
  // A reason is shown up to 200 bytes: here these end within the key.
  for (const std::size_t before : {180U, 190U, 199U, 200U}) {
    server.always(test::refusal(403, std::string(before, '.') + chosen.api_key));
    EXPECT_EQ(ask().error().detail, "with the API key of this service: the provider answered with status 403")
        << before;
  }
  server.always(test::refusal(403, "The key abcdefghijklm... has no access"));
  EXPECT_EQ(ask().error().detail, "with the API key of this service: the provider answered with status 403")
      << "the provider has cut it";
  server.always(test::refusal(500, std::string(300, '.')));
  EXPECT_EQ(ask().error().detail, std::string(200, '.'));
  EXPECT_EQ(log.text().find("abcdefgh"), std::string::npos) << log.text();
}

TEST_F(ProviderCalls, ABodyThatFailsTakesNeitherTheStatusNorThePauseAway) {
  for (const int status : {429, 503, 400, 200}) {
    auto chosen = options();
    chosen.breaker.failures = 5;
    start(chosen);
    auto reply = test::truncated(test::html_reply(status, "<html>no</html>"), test::ProviderReply::Framing::chunked);
    reply.headers = {{"Retry-After", "600"}};
    server.always(reply);
    const auto outcome = ask();
    ASSERT_FALSE(outcome) << status;
    EXPECT_EQ(outcome.error().kind, status == 429   ? ErrorKind::provider_limited
                                    : status == 200 ? ErrorKind::provider_bad_reply
                                                    : ErrorKind::provider_error);
    EXPECT_EQ(outcome.error().provider_status, status);
    EXPECT_EQ(outcome.error().retry_after, 600s) << status;
    const auto calls = server.calls();
    clock.advance(599s);
    EXPECT_FALSE(ask()) << status;
    EXPECT_EQ(server.calls(), calls) << status;
    server.answer_weather();
    clock.advance(2s);
    EXPECT_TRUE(ask()) << status;
  }
}

TEST_F(ProviderCalls, AWebPageIsNotTheProvidersWhateverItsSizeAndStatus) {
  const std::string large = "<html>" + std::string(2'000'000, ' ');
  auto as_json = test::json_reply(200, large);
  for (const auto& reply : {test::html_reply(200, large), as_json, test::html_reply(400, "<html>"),
                            test::html_reply(400, large), test::html_reply(404, large)}) {
    auto chosen = options();
    chosen.breaker.failures = 2;
    start(chosen);
    server.always(reply);
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(ask());
    EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::open) << reply.status << ' ' << reply.content_type;
  }
}

TEST_F(ProviderCalls, BadPlacesDoNotKeepGoodOnesFromTheProvider) {
  auto chosen = options();
  chosen.breaker.failures = 2;
  start(chosen);
  for (const auto* body : {R"({"latitude":nan,"longitude":nan})", "{}", "null", R"({"error":true,"reason":"no"})"}) {
    server.always(test::json_reply(200, body));
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(ask());
  }
  server.always(test::json_reply(200, std::string(5'000'000, ' ')));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(ask());
  server.always(test::refusal(404, "Not Found"));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(ask());
  server.answer_weather();
  EXPECT_TRUE(ask());
  for (const auto* change : {"breaker is open", "the provider answers again"}) {
    EXPECT_EQ(log.text().find(change), std::string::npos) << log.text();
  }
  server.always(test::html_reply(200, "<html>"));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(ask());
  EXPECT_EQ(provider->status().breaker, ProviderBreaker::State::open);
}

TEST_F(ProviderCalls, AnAnswerIsAsOldAsItsRequest) {
  start();
  const auto sent = clock.steady();
  const auto sent_wall = clock.wall();
  AttemptTimes seen;
  auto call = call_at("1", "2");
  call.read = [&, read = std::move(call.read)](const Reply& reply, AttemptTimes& times) mutable {
    seen = times;
    return read(reply, times);
  };
  server.script([this](const auto& request) {
    clock.advance(3s);  // the provider uses the test's clock
    clock.step_wall(-40s);
    return test::weather_reply(request);
  });
  const auto answer = ask(std::move(call));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->request_time, sent);
  EXPECT_EQ(seen.received, clock.wall());
  EXPECT_EQ(seen.sent, sent_wall - 40s);
  server.always(test::refusal(400, "Invalid timezone"));
  EXPECT_EQ(ask()->request_time, sent + 3s) << "a refusal is an answer, too";
}

TEST_F(ProviderCalls, AClosedPortIsUnreachableUntilItIsOpen) {
  start();
  server.shut();
  const auto refused = ask();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::provider_unreachable);
  server.open();
  EXPECT_TRUE(ask());
}

TEST_F(ProviderCalls, NeverRunsMoreCallsThanAllowed) {
  auto chosen = options();
  chosen.concurrency = 3;
  start(chosen);
  server.script([](const auto& request) {
    auto reply = test::weather_reply(request);
    reply.delay = 5ms;
    return reply;
  });
  Outcomes outcomes;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 25; ++i) provider->load(call_at("1", "2"), within(1000s), outcomes.taker());
    });
  }
  for (auto& caller : callers) caller.join();
  const auto all = outcomes.wait(100);
  ASSERT_EQ(all.size(), 100U);
  for (const auto& outcome : all) EXPECT_TRUE(outcome);
  EXPECT_EQ(server.calls(), 100U);
  EXPECT_LE(server.max_running(), 3U);
  EXPECT_EQ(provider->slots().running, 0U);
  EXPECT_EQ(provider->slots().queued, 0U);
}

TEST_F(ProviderCalls, RefusesAtOnceWhatCannotStartInTime) {
  auto chosen = options();
  chosen.concurrency = 1;
  start(chosen);
  server.always(test::never());
  Outcomes running;
  provider->load(call_at("1", "2"), within(10s), running.taker());
  ASSERT_TRUE(server.wait_for_calls(1));

  Outcomes refused;
  provider->load(call_at("1", "2"), within(100ms), refused.taker());
  const auto at_once = refused.wait(0);
  ASSERT_EQ(at_once.size(), 1U) << "load() refuses before it returns";
  ASSERT_FALSE(at_once.front());
  EXPECT_EQ(at_once.front().error().kind, ErrorKind::overloaded);
  EXPECT_EQ(at_once.front().error().retry_after, 1s);
  EXPECT_EQ(server.calls(), 1U);
}

TEST_F(ProviderCalls, AQuestionWhoseTurnComesTooLateIsNotAsked) {
  auto chosen = options();
  chosen.concurrency = 1;
  chosen.upstream_timeout = 1s;
  start(chosen);
  server.always(test::never());
  Outcomes first;
  Outcomes second;
  provider->load(call_at("1", "2"), within(10s), first.taker());
  provider->load(call_at("3", "4"), within(3s), second.taker());
  EXPECT_EQ(provider->slots().queued, 1U);
  clock.advance(4s);
  const auto late = second.wait(1);
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(first.wait(1).size(), 1U);
  EXPECT_EQ(late.front().error().kind, ErrorKind::deadline_exceeded);
  EXPECT_EQ(server.calls(), 1U);
}

TEST_F(ProviderCalls, LogsAFaultOnceAndItsEndOnce) {
  start();
  const auto lines = [this](std::string_view what) {
    const auto text = log.text();
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
  };
  ASSERT_TRUE(ask());
  EXPECT_EQ(lines("open_meteo:"), 0U);
  server.always(test::refusal(503, "The service is overloaded"));
  for (int i = 0; i < 5; ++i) ASSERT_FALSE(ask());
  EXPECT_EQ(lines("open_meteo: a provider call failed result=provider-error"), 1U) << log.text();
  EXPECT_EQ(lines("status=503"), 1U);
  server.always(test::refusal(429, "Hourly API request limit exceeded."));
  for (int i = 0; i < 5; ++i) ASSERT_FALSE(ask());
  EXPECT_EQ(lines("open_meteo: a provider call failed result=provider-limited"), 1U) << log.text();
  EXPECT_EQ(lines("open_meteo: the provider limits this service"), 1U) << log.text();
  server.answer_weather();
  clock.advance(2h);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask());
  EXPECT_EQ(lines("open_meteo: the provider answers again"), 1U);
}

TEST_F(ProviderCalls, StoppingTheClientAnswersEverybody) {
  auto chosen = options();
  chosen.concurrency = 2;
  start(chosen);
  server.always(test::never());
  Outcomes outcomes;
  for (int i = 0; i < 20; ++i) provider->load(call_at("1", "2"), within(1000s), outcomes.taker());
  ASSERT_TRUE(server.wait_for_calls(2));
  client.reset();
  const auto all = outcomes.wait(20);
  ASSERT_EQ(all.size(), 20U);
  for (const auto& outcome : all) EXPECT_EQ(outcome.error().kind, ErrorKind::draining);
  EXPECT_EQ(metrics.value(Counter::provider_unreachable), 0U);
}

TEST_F(ProviderCalls, StoppingTheSourceFirstAnswersEverybodyAsWell) {
  auto chosen = options();
  chosen.concurrency = 1;
  start(chosen);
  server.always(test::never());
  Outcomes outcomes;
  for (int i = 0; i < 3; ++i) provider->load(call_at("1", "2"), within(1000s), outcomes.taker());
  ASSERT_TRUE(server.wait_for_calls(1));
  provider.reset();
  EXPECT_EQ(outcomes.wait(2).size(), 2U) << "the two that waited";
  client.reset();
  EXPECT_EQ(outcomes.wait(3).size(), 3U) << "and the one that was running";
}

TEST_F(ProviderCalls, RefusesOptionsThatAreNotValid) {
  auto chosen = options();
  chosen.base_url = "ftp://meteo.example";
  EXPECT_THROW(start(chosen), std::invalid_argument);
  chosen = options();
  chosen.limits = *parse_limits("10/m");
  chosen.fleet_size = 11;
  EXPECT_THROW(start(chosen), std::invalid_argument);
}

}  // namespace
}  // namespace wx::open_meteo
