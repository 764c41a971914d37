// GET /weather from the request to the last header, without a socket.
#include "endpoints/weather_endpoint.hpp"

#include "cache/served.hpp"
#include "flow/json.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using observability::Counter;
using std::chrono::minutes;
using std::chrono::seconds;
using test::is_json;
using test::json_at;

constexpr std::string_view kMock = "/weather?lat=52.520&lon=13.41&mock=true";
constexpr std::string_view kReal = "/weather?lat=52.52&lon=13.41";
constexpr std::string_view kHtml = "Accept: text/html\r\n";

class WeatherEndpointTest : public EndpointsTest {};

TEST_F(WeatherEndpointTest, AnswersAMockQuestionSlowlyThenFromMemory) {
  const auto first = get(kMock);
  EXPECT_EQ(first->answers, 0);
  executor_.advance(milliseconds(500));
  ASSERT_EQ(first->status, 200);
  EXPECT_EQ(first->header("X-Cache"), "MISS");
  EXPECT_EQ(first->header("Cache-Status"), "weather-cache; fwd=uri-miss; fwd-status=200; stored; ttl=10");
  EXPECT_EQ(first->header("Age"), "0");
  EXPECT_EQ(first->header("Server-Timing"), "cache;desc=\"miss\";dur=0.000, upstream;dur=500.00, total;dur=500.00");
  EXPECT_EQ(first->body,
            "{\"latitude\":52.52,\"longitude\":13.41,\"current\":{\"temperature_2m\":25.0,\"wind_speed_10m\":10.0},"
            "\"source\":\"Mock API (Slow) 🐢\"}\n");

  clock_.advance(milliseconds(3900));
  const auto second = get(kMock);
  ASSERT_EQ(second->status, 200);
  EXPECT_EQ(second->header("X-Cache"), "HIT");
  EXPECT_EQ(second->header("Cache-Status"), "weather-cache; hit; ttl=7; detail=memory");
  EXPECT_EQ(second->header("Age"), "3");
  EXPECT_EQ(second->header("Server-Timing"), "cache;desc=\"hit\";dur=0.000, total;dur=0.000");
  EXPECT_EQ(json_at(second->body, "/source"), "Memory Cache ⚡");
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 1U);
}

TEST_F(WeatherEndpointTest, AMockAnswerIsGoneAfterTenSeconds) {
  ask_mock(kMock);
  clock_.advance(seconds(10));
  EXPECT_EQ(ask_mock(kMock)->header("X-Cache"), "MISS");
}

TEST_F(WeatherEndpointTest, AnswersARealQuestionWithAllThatAClientMayKnow) {
  const auto answer = get(kReal);
  EXPECT_EQ(answer->answers, 0);
  provider_.answer(current());
  ASSERT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(answer->header("Vary"), "Accept");
  EXPECT_EQ(answer->header("Link"), "<https://creativecommons.org/licenses/by/4.0/>; rel=\"license\"");
  EXPECT_EQ(answer->header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer->header("X-Request-Id").size(), 36U);
  EXPECT_TRUE(answer->header("ETag").starts_with("W/\"")) << answer->headers;
  EXPECT_TRUE(is_json(answer->body));
  EXPECT_NE(answer->body.find("\"temperature_2m\":-2.30,"), std::string::npos) << answer->body;
  EXPECT_EQ(json_at(answer->body, "/current/time"), "2026-01-01T00:00");
  EXPECT_EQ(json_at(answer->body, "/current/interval"), "900");
  EXPECT_EQ(json_at(answer->body, "/longitude"), "13.419998");
  EXPECT_TRUE(answer->body.ends_with(",\"source\":\"Open-Meteo API (Slow) 🐢\"}\n")) << answer->body;
}

TEST_F(WeatherEndpointTest, TellsDownstreamCachesForHowLongARealAnswerHolds) {
  const auto answer = get(kReal);
  provider_.answer(current());
  const auto control = answer->header("Cache-Control");
  EXPECT_TRUE(control.starts_with("public, max-age=9")) << control;
  EXPECT_TRUE(control.ends_with(", stale-while-revalidate=60, stale-if-error=86400")) << control;
  // max-age and Age together agree with Cache-Status.
  const auto max_age = std::stoll(control.substr(16));
  clock_.advance(milliseconds(100'700));
  const auto hit = get(kReal);
  EXPECT_EQ(hit->header("Age"), "100");
  EXPECT_EQ(hit->header("Cache-Control"), control);
  EXPECT_EQ(hit->header("Cache-Status"), cat("weather-cache; hit; ttl=", max_age - 100, "; detail=memory"));
}

// Only the first of them parses the query. All is as in the first answer from memory, whatever the other fields are.
TEST_F(WeatherEndpointTest, AnswersAKnownQueryAsTheFirstTime) {
  for (const std::string_view target : {kReal, kMock}) {
    const auto miss = get(target);
    target == kReal ? provider_.answer(current()) : executor_.advance(milliseconds(500));
    clock_.advance(milliseconds(2'300));
    const auto first = get(target);
    ASSERT_EQ(first->header("X-Cache"), "HIT");
    const auto without_id = [](const Answer& answer) {
      const auto at = answer->headers.find("X-Request-Id: ");
      return std::string(answer->headers).erase(at, answer->headers.find("\r\n", at) - at);
    };
    for (int i = 0; i < 5; ++i) {
      const auto again = get(target);
      EXPECT_EQ(without_id(again), without_id(first));
      EXPECT_EQ(again->body, first->body);
      EXPECT_TRUE(get(target, kHtml)->body.starts_with("<!doctype html>"));
      EXPECT_EQ(get(target, "Cache-Control: only-if-cached\r\n")->body, first->body);
      EXPECT_EQ(get(target, cat("If-None-Match: ", first->header("ETag"), "\r\n"))->status, 304);
      EXPECT_EQ(get(target, "If-Match: \"x\"\r\n")->status, 412);
      EXPECT_EQ(get(cat(target, "&format=html"))->header("Vary"), "Accept-Language");
      EXPECT_EQ(get(cat(target, "&format=json"), kHtml)->header("Vary"), "none");
      EXPECT_EQ(get(cat(target, "&lat=1"))->status, 400);
    }
  }
  EXPECT_EQ(provider_.count, 1);
}

TEST_F(WeatherEndpointTest, LoadsAKnownQueryAgainWhenMemoryHasNoAnswer) {
  for (int round = 0; round < 3; ++round) {
    const auto miss = get(kReal);
    EXPECT_EQ(miss->answers, 0) << round;
    provider_.answer(current());
    EXPECT_EQ(miss->header("X-Cache"), "MISS");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(get(kReal)->header("X-Cache"), "HIT");
    clock_.advance(std::chrono::hours(48));
  }
}

TEST_F(WeatherEndpointTest, RefreshesTheAnswerToAKnownQuery) {
  get(kReal);
  provider_.answer(current());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(kReal)->header("X-Cache"), "HIT");
  for (int round = 2; round < 5; ++round) {
    clock_.advance(seconds(930));
    EXPECT_EQ(get(kReal)->header("X-Cache"), "STALE");
    executor_.advance(milliseconds(0));
    ASSERT_EQ(provider_.count, round);
    provider_.answer(current());
    EXPECT_EQ(get(kReal)->header("X-Cache"), "HIT");
  }
}

// A mode that reads no memory is not that of the same query without it.
TEST_F(WeatherEndpointTest, KnowsNoQueryThatBypassesMemory) {
  ask_mock(kMock);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(get(kMock)->header("X-Cache"), "HIT");
    const auto bypass = get(cat(kMock, "&cache=off"));
    executor_.advance(milliseconds(500));
    EXPECT_EQ(bypass->header("X-Cache"), "BYPASS");
  }
}

TEST_F(WeatherEndpointTest, LetsNobodyStoreAMockAnswer) {
  EXPECT_EQ(ask_mock(kMock)->header("Cache-Control"), "no-store");
  EXPECT_EQ(get(kMock)->header("Cache-Control"), "no-store");
  EXPECT_EQ(get(kMock, kHtml)->header("Cache-Control"), "no-store");
  EXPECT_EQ(get(kMock)->header("Link"), "none");
}

TEST_F(WeatherEndpointTest, AnswersBypassesSlowlyEveryTime) {
  for (int i = 0; i < 3; ++i) {
    const auto answer = get(cat(kMock, "&cache=off"));
    EXPECT_EQ(answer->answers, 0);
    executor_.advance(milliseconds(500));
    EXPECT_EQ(answer->header("X-Cache"), "BYPASS");
    EXPECT_EQ(answer->header("Cache-Status"), "weather-cache; fwd=bypass");
    EXPECT_EQ(answer->header("Age"), "none");
    EXPECT_EQ(json_at(answer->body, "/source"), "Mock API (Slow) 🐢");
  }
  EXPECT_EQ(metrics_.value(Counter::requests_bypass), 3U);
}

TEST_F(WeatherEndpointTest, ABypassThatFailsIsStillOne) {
  options_.request_timeout = milliseconds(100);
  const auto answer = get(cat(kMock, "&cache=off"));
  executor_.advance(milliseconds(100));
  EXPECT_EQ(answer->status, 504);
  EXPECT_EQ(answer->header("Cache-Status"), "weather-cache; fwd=bypass");
  executor_.advance(milliseconds(400));
  EXPECT_EQ(answer->answers, 1) << "the later result is discarded";
}

// A cache between us and the clients keeps one copy for each value of the fields that Vary names (RFC 9111 §4.1).
TEST_F(WeatherEndpointTest, VariesOnlyOnWhatTheAnswerDependsOn) {
  ask_mock(kMock);
  const auto vary = [&](std::string_view more, std::string_view lines) {
    return get(cat(kMock, more), cat("Accept-Language: pt-BR\r\nAccept-Encoding: gzip\r\n", lines))->header("Vary");
  };
  EXPECT_EQ(vary("", ""), "Accept");
  EXPECT_EQ(vary("", kHtml), "Accept, Accept-Language");
  EXPECT_EQ(vary("&format=json", kHtml), "none") << "the URL alone decides";
  EXPECT_EQ(vary("&format=html", ""), "Accept-Language");
  EXPECT_EQ(get("/weather")->header("Vary"), "Accept");
  EXPECT_EQ(get("/weather", kHtml)->header("Vary"), "Accept, Accept-Language");
}

// The headers that a script of another site may read. The Fetch standard hides all others from it.
TEST_F(WeatherEndpointTest, LetsOtherSitesReadTheApiAndNothingElse) {
  const std::string_view exposed = "X-Cache, Cache-Status, Age, ETag, Server-Timing, X-Request-Id, Retry-After";
  for (const auto& answer : {ask_mock(kMock), get(kMock), get("/weather"), get("/openapi.json"),
                             get("/weather?lat=1&lon=2&mock=true", "Cache-Control: only-if-cached\r\n")}) {
    EXPECT_EQ(answer->header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(answer->header("Access-Control-Expose-Headers"), exposed);
  }
  for (const auto* target : {"/", "/stats", "/metrics", "/health/ready", "/health/live", "/robots.txt", "/nowhere",
                             "/cache", "/problems/internal", "/lab/stampede", "/weatherx"}) {
    for (const auto* method : {"GET", "POST", "OPTIONS"}) {
      const auto answer = send(method, target);
      EXPECT_EQ(answer->header("Access-Control-Allow-Origin"), "none") << method << " " << target;
      EXPECT_EQ(answer->header("Access-Control-Expose-Headers"), "none") << method << " " << target;
    }
  }
  EXPECT_EQ(send("OPTIONS", "/weather")->header("Access-Control-Allow-Origin"), "*");
}

// A shared cache gives the answer to other clients as well, who must not get the id or the trace of the first.
TEST_F(WeatherEndpointTest, NamesNoRequestInWhatSharedCachesKeep) {
  constexpr std::string_view kSent =
      "X-Request-Id: mine\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
  const auto miss = get(kReal, kSent);
  provider_.answer(current());
  const auto hit = get(kReal, kSent);
  const auto same = get(kReal, cat("If-None-Match: ", hit->header("ETag"), "\r\n", kSent));
  ASSERT_EQ(same->status, 304);
  for (const auto& answer : {miss, hit, same, get("/openapi.json", kSent)}) {
    EXPECT_TRUE(answer->header("Cache-Control").starts_with("public, ")) << answer->headers;
    EXPECT_EQ(answer->header("X-Request-Id").size(), 36U) << "a UUID of our own";
    EXPECT_EQ(answer->header("traceparent"), "none");
    EXPECT_FALSE(answer->headers.contains("mine") || answer->headers.contains("4bf92f")) << answer->headers;
  }
  for (const auto& answer : {get(kReal, cat(kHtml, kSent)), get("/weather", kSent), ask_mock(kMock, kSent)}) {
    EXPECT_FALSE(answer->header("Cache-Control").contains("public"));
    EXPECT_EQ(answer->header("X-Request-Id"), "mine");
    EXPECT_NE(answer->header("traceparent"), "none");
  }
}

TEST_F(WeatherEndpointTest, ManyWhoWaitForOneLoadAreToldSo) {
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(get(kReal));
  EXPECT_EQ(provider_.count, 1);
  provider_.answer(current());
  EXPECT_TRUE(answers[0]->header("Cache-Status").starts_with("weather-cache; fwd=uri-miss; fwd-status=200; stored; "));
  for (std::size_t i = 1; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i]->header("X-Cache"), "MISS");
    EXPECT_EQ(answers[i]->header("Cache-Status"), "weather-cache; fwd=uri-miss; collapsed");
    EXPECT_EQ(answers[i]->body, answers[0]->body);
  }
  EXPECT_EQ(metrics_.value(Counter::requests_collapsed), 19U);
}

TEST_F(WeatherEndpointTest, ServesStaleAtOnceAndRefreshesBehind) {
  get(kReal);
  provider_.answer(current());
  clock_.advance(minutes(16));
  const auto stale = get(kReal);
  ASSERT_EQ(stale->status, 200);
  EXPECT_EQ(stale->header("X-Cache"), "STALE");
  EXPECT_EQ(stale->header("Age"), "960");
  EXPECT_TRUE(stale->header("Cache-Status").ends_with("; detail=stale-while-revalidate")) << stale->headers;
  EXPECT_EQ(provider_.count, 1) << "the connection writes the answer before the loader is called";
  executor_.run_posted();
  EXPECT_EQ(provider_.count, 2);
}

TEST_F(WeatherEndpointTest, AKeptAnswerHidesTheProvidersFailure) {
  get(kReal);
  provider_.answer(current());
  clock_.advance(std::chrono::hours(2));
  const auto kept = get(kReal);
  EXPECT_EQ(kept->answers, 0);
  provider_.answer(fail(ErrorKind::provider_error));
  ASSERT_EQ(kept->status, 200);
  EXPECT_EQ(kept->header("X-Cache"), "STALE");
  EXPECT_EQ(kept->header("Age"), "7200");
  EXPECT_TRUE(kept->header("Cache-Status").ends_with("; detail=stale-if-error")) << kept->headers;
}

TEST_F(WeatherEndpointTest, AnswersAKnownTagWithNothingNew) {
  get(kReal);
  provider_.answer(current());
  const auto tag = get(kReal)->header("ETag");
  const auto same = get(kReal, cat("If-None-Match: ", tag, "\r\n"));
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->body, "");
  EXPECT_EQ(same->header("ETag"), tag);
  EXPECT_EQ(same->header("X-Cache"), "HIT");
  EXPECT_TRUE(same->header("Cache-Control").starts_with("public, max-age="));
  // RFC 9110 §15.4.5: nothing that describes the body which the client has already.
  for (const auto* name : {"Content-Type", "Link"}) EXPECT_EQ(same->header(name), "none") << name;
  EXPECT_NE(same->header("Vary"), "none");
  EXPECT_EQ(get(kReal, "If-None-Match: \"other\"\r\n")->status, 200);
  EXPECT_EQ(get(kReal, cat("If-None-Match: \"a,b\"\r\nIf-None-Match: ", tag, "\r\n"))->status, 304);
  EXPECT_EQ(get(kReal, cat("If-None-Match: \"other\", ", tag.substr(2), "\r\n"))->status, 304);
}

// RFC 9110 §13.1.1: If-Match compares strongly, and these tags are weak.
TEST_F(WeatherEndpointTest, AnswersIfMatchAsTheTagsAre) {
  get(kReal);
  provider_.answer(current());
  const auto tag = get(kReal)->header("ETag");
  for (const auto& sent : {std::string("\"x\""), tag, tag.substr(2), std::string("")}) {
    const auto answer = get(kReal, cat("If-Match: ", sent, "\r\n"));
    EXPECT_EQ(answer->status, 412) << sent;
    EXPECT_EQ(answer->header("Content-Type"), "application/problem+json");
    EXPECT_EQ(get(kReal, cat("If-Match: ", sent, "\r\nIf-None-Match: ", tag, "\r\n"))->status, 412) << sent;
    EXPECT_EQ(get(kReal, cat("If-Match: ", sent, "\r\nAccept: text/html\r\n"))->status, 412) << sent;
  }
  EXPECT_EQ(get(kReal, "If-Match: *\r\n")->status, 200);
  EXPECT_EQ(get(kReal, cat("If-Match: *\r\nIf-None-Match: ", tag, "\r\n"))->status, 304);
  // §13.2.1: only where the answer would be a success.
  EXPECT_EQ(get("/weather?lat=91&lon=1", "If-Match: \"x\"\r\n")->status, 400);
}

// The tag depends on the data only, not on the tier that answered.
TEST_F(WeatherEndpointTest, TagsMissAndHitAlike) {
  const auto miss = ask_mock(kMock);
  const auto hit = get(kMock);
  EXPECT_NE(miss->body, hit->body);
  EXPECT_EQ(miss->header("ETag"), hit->header("ETag"));
}

TEST_F(WeatherEndpointTest, NamesEveryFaultAndAsksNobody) {
  const auto answer = get("/weather?lat=999&mock=maybe");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_EQ(answer->header("X-Cache"), "none");
  EXPECT_EQ(json_at(answer->body, "/type"), "/problems/bad-parameter");
  EXPECT_EQ(json_at(answer->body, "/detail"),
            "lat must be between -90 and 90; lon is missing; mock must be true or false");
  EXPECT_EQ(json_at(answer->body, "/errors/1/parameter"), "lon");
  EXPECT_EQ(json_at(answer->body, "/errors/2/detail"), "must be true or false");
  EXPECT_EQ(provider_.count, 0);
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 0U);
  EXPECT_EQ(metrics_.value(Counter::requests_invalid), 1U);
  EXPECT_EQ(metrics_.value(Counter::requests_error), 0U) << "the cache was not used";
}

TEST_F(WeatherEndpointTest, TurnsTheProvidersFailureIntoAProblem) {
  const auto answer = get(kReal);
  Error error{.kind = ErrorKind::provider_limited,
              .detail = "the provider's minutely limit is used up",
              .retry_after = seconds(42),
              .provider_status = 429};
  provider_.answer(std::unexpected(error));
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->header("Retry-After"), "42");
  EXPECT_EQ(answer->header("Cache-Status"), "weather-cache; fwd=uri-miss; fwd-status=429");
  EXPECT_EQ(answer->header("X-Cache"), "none");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_EQ(json_at(answer->body, "/type"), "/problems/provider-limited");
  executor_.advance(seconds(2));
  const auto next = get(kReal);
  provider_.answer(fail(ErrorKind::provider_unreachable));
  EXPECT_EQ(next->status, 502);
  EXPECT_EQ(next->header("Cache-Status"), "weather-cache; fwd=uri-miss");
}

TEST_F(WeatherEndpointTest, TellsARememberedFailureAsSuchAndWhenToComeBack) {
  get(kReal);
  provider_.answer(fail(ErrorKind::provider_timeout));
  const auto again = get(kReal);
  EXPECT_EQ(again->status, 504);
  EXPECT_EQ(again->header("Cache-Status"), "weather-cache; hit; detail=error-memo");
  EXPECT_EQ(again->header("Retry-After"), "1");
  EXPECT_EQ(provider_.count, 1);
}

TEST_F(WeatherEndpointTest, RemembersARefusedQuestionWithTheProvidersWords) {
  const auto first = get(kReal);
  provider_.refuse("No data is available for this location");
  EXPECT_EQ(first->status, 400);
  EXPECT_EQ(first->header("Cache-Status"), "weather-cache; fwd=uri-miss; fwd-status=400");
  executor_.advance(std::chrono::minutes(4));
  const auto again = get(kReal);
  EXPECT_EQ(again->status, 400);
  EXPECT_EQ(json_at(again->body, "/detail"), "No data is available for this location");
  EXPECT_EQ(again->header("Cache-Status"), "weather-cache; hit; detail=error-memo");
  EXPECT_EQ(provider_.count, 1);
}

TEST_F(WeatherEndpointTest, BoundsTheLoadsOfOneClientButNotItsHits) {
  for (int i = 0; i < 3; ++i) {
    get(cat("/weather?lat=", i, "&lon=0"));
    provider_.answer(current());
  }
  const auto refused = get("/weather?lat=50&lon=0");
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(json_at(refused->body, "/type"), "/problems/client-limited");
  EXPECT_EQ(refused->header("Retry-After"), "60");
  EXPECT_EQ(provider_.count, 3);
  EXPECT_EQ(get("/weather?lat=1&lon=0")->status, 200);
  EXPECT_EQ(ask_mock(kMock)->status, 200) << "the mock is not counted";
}

// CLIENT_LOADS is 3 here.
TEST_F(WeatherEndpointTest, ChargesAClientOnlyForLoadsThatBegin) {
  provider_.refuses = Error{.kind = ErrorKind::provider_limited, .retry_after = seconds(1)};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(cat("/weather?lat=", i, "&lon=0"))->answers, 1) << "no load is made";
  provider_.refuses.reset();
  executor_.advance(seconds(2));
  for (int i = 0; i < 3; ++i) {
    const auto answer = get(cat("/weather?lat=", i, "&lon=0"));
    provider_.answer(current());
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_EQ(get("/weather?lat=50&lon=0")->status, 429);
}

TEST_F(WeatherEndpointTest, ChargesNobodyForARefresh) {
  get(kReal);
  provider_.answer(current());
  for (int i = 0; i < 10; ++i) {
    clock_.advance(minutes(16));
    EXPECT_EQ(get(kReal)->header("X-Cache"), "STALE");
    executor_.run_posted();
    auto fresh = current();
    provider_.answer(fresh);
  }
  for (int i = 0; i < 3; ++i) {
    get(cat("/weather?lat=", i, "&lon=0"));
    provider_.answer(current());
  }
  EXPECT_EQ(get("/weather?lat=50&lon=0")->status, 429) << "only these three loads and none of the ten refreshes";
}

// CACHE_REFRESH=inline: the client waits for the refresh, up to CACHE_SOFT_WAIT.
class InlineRefreshTest : public WeatherEndpointTest {
 protected:
  void SetUp() override { endpoints_.emplace(context(inline_service_)); }

 private:
  static cache::CacheOptions inline_refresh() {
    cache::CacheOptions options;
    options.inline_refresh = true;
    return options;
  }
  cache::TieredCache inline_cache_{inline_refresh(), clock_, metrics_, log_};
  weather::Service inline_service_{inline_cache_, provider_.loaders()};
};

TEST_F(InlineRefreshTest, ChargesNobodyForARefreshThatAClientWaitsFor) {
  get(kReal);
  provider_.answer(current());
  for (int i = 0; i < 10; ++i) {
    executor_.advance(minutes(16));
    const auto answer = get(kReal);
    if (i % 2 == 0) executor_.advance(seconds(5));  // the load is slow
    provider_.answer(current());
    EXPECT_EQ(answer->header("X-Cache"), i % 2 == 0 ? "STALE" : "MISS");
  }
  for (int i = 0; i < 3; ++i) {
    get(cat("/weather?lat=", i, "&lon=0"));
    provider_.answer(current());
  }
  EXPECT_EQ(get("/weather?lat=50&lon=0")->status, 429) << "only these three loads and none of the ten refreshes";
}

TEST_F(WeatherEndpointTest, ChargesOneClientForALoadThatManyWaitFor) {
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(get(kReal));
  provider_.answer(current());
  for (const auto& answer : answers) EXPECT_EQ(answer->status, 200);
  for (int i = 0; i < 2; ++i) {
    get(cat("/weather?lat=", i, "&lon=0"));
    provider_.answer(current());
  }
  EXPECT_EQ(get("/weather?lat=50&lon=0")->status, 429);
}

// MOCK_LOADS is 600/m here, so 120 new places in 12 s.
TEST_F(WeatherEndpointTest, BoundsTheNewMockPlacesOfOneClient) {
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    const auto answer = get(cat("/weather?lat=", i / 100, "&lon=", i % 100, "&mock=true"));
    if (answer->answers == 0) continue;
    ++refused;
    ASSERT_EQ(answer->status, 429);
    EXPECT_EQ(answer->header("Retry-After"), "12");
    EXPECT_EQ(json_at(answer->body, "/type"), "/problems/mock-limited");
  }
  EXPECT_EQ(refused, 380);
  executor_.advance(milliseconds(500));
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 120U);
  EXPECT_EQ(get("/weather?lat=0&lon=0&mock=true")->header("X-Cache"), "HIT") << "places in memory cost nothing";
  executor_.advance(seconds(12));
  EXPECT_EQ(ask_mock("/weather?lat=50&lon=2&mock=true")->status, 200);
}

TEST(MockLimit, AllowsJustTheRateThatIsAsked) {
  for (const std::uint32_t rate : {1U, 4U, 5U, 6U, 9U, 14U, 600U, 601U}) {
    MockLimit limit({.loads = rate, .window = minutes(1)});
    const SteadyTime start{std::chrono::hours(1)};
    std::uint64_t place = 0;
    // The loads that a client gets that asks for a new place time and again, in the seconds [from, to).
    const auto allowed = [&](int from, int to) {
      std::uint32_t count = 0;
      for (int second = from; second < to; ++second) {
        while (true) {
          auto load = limit.admit("192.0.2.1", cache::Mode::normal, ++place, start + seconds(second));
          if (!load) break;
          (*load)().value()();
          ++count;
        }
      }
      return count;
    };
    EXPECT_EQ(allowed(0, 12), (rate + 4) / 5) << rate << ": a fifth at once";
    EXPECT_EQ(allowed(12, 60), rate - (rate + 4) / 5) << rate;
    EXPECT_EQ(allowed(60, 600), 9 * rate) << rate << "/m for nine more minutes";
  }
}

TEST_F(WeatherEndpointTest, NeverLimitsOnePlaceThatManyAskForAtOnce) {
  std::vector<Answer> answers;
  for (int i = 0; i < 300; ++i) answers.push_back(get(cat(kMock, "&cache=on")));
  for (int i = 0; i < 300; ++i) answers.push_back(get(cat(kMock, "&cache=off")));
  executor_.advance(milliseconds(500));
  for (const auto& answer : answers) EXPECT_EQ(answer->status, 200);
  // Only one load has begun, so 119 places are left.
  int refused = 0;
  for (int i = 0; i < 120; ++i) refused += get(cat("/weather?lat=1&lon=", i, "&mock=true"))->answers;
  EXPECT_EQ(refused, 1);
}

TEST_F(WeatherEndpointTest, BoundsTheBypassesThatRunAtOnce) {
  std::vector<Answer> answers;
  const auto target = cat(kMock, "&cache=off");
  for (std::size_t i = 0; i < MockLimit::kMostRunningPerClient; ++i) answers.push_back(get(target));
  const auto refused = get(target);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  executor_.advance(milliseconds(500));
  for (const auto& answer : answers) ASSERT_EQ(answer->status, 200);
  EXPECT_EQ(ask_mock(target)->status, 200);
}

// RFC 6750 §2.1
TEST_F(WeatherEndpointTest, TakesNothingButTheWholeTokenForTheToken) {
  options_.admin_token = "correct-horse";
  const auto status = [&](std::string_view lines) {
    clock_.advance(minutes(2));  // guesses are limited
    return send("DELETE", "/cache", lines)->status;
  };
  EXPECT_EQ(status("Authorization: Bearer correct-horse\r\n"), 204);
  EXPECT_EQ(status("authorization: bearer   correct-horse  \r\n"), 204);
  for (const std::string_view lines : {
           "",
           "Authorization: Bearer\r\n",
           "Authorization: Bearer \r\n",
           "Authorization: Bearer correct-hors\r\n",
           "Authorization: Bearer orrect-horse\r\n",
           "Authorization: Bearer correct-horsee\r\n",
           "Authorization: Bearer correct-horse correct-horse\r\n",
           "Authorization: Bearer correct-horse, x\r\n",
           "Authorization: Bearer correct-horse\r\nAuthorization: Bearer correct-horse\r\n",
           "Authorization: Bearer Correct-horse\r\n",
           "Authorization: Bearercorrect-horse\r\n",
           "Authorization: Basic correct-horse\r\n",
           "Authorization: correct-horse\r\n",
           "Accept: Bearer correct-horse\r\n",
       }) {
    EXPECT_EQ(status(lines), 401) << lines;
  }
  options_.admin_token.clear();
  EXPECT_EQ(status("Authorization: Bearer \r\n"), 401);
  EXPECT_EQ(status("Authorization: Bearer x\r\n"), 401);
}

TEST_F(WeatherEndpointTest, LetsGuessesOfTheTokenRunOut) {
  options_.admin_token = "secret-token";
  const auto guess = [&] { return send("DELETE", "/cache", "Authorization: Bearer nonsense\r\n"); };
  constexpr std::string_view kRight = "Authorization: Bearer secret-token\r\n";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(guess()->status, 401);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(guess()->status, 429);
  const auto right = send("DELETE", "/cache", kRight);
  EXPECT_EQ(right->status, 429) << "the answer must not tell that the guess is right";
  EXPECT_EQ(right->header("Retry-After"), "60");
  EXPECT_EQ(json_at(right->body, "/type"), "/problems/token-limited");
  EXPECT_EQ(metrics_.value(Counter::http_token_guesses), 1011U);
  EXPECT_EQ(log_.count("a wrong admin token client=192.0.2.1"), static_cast<int>(LineBudget::kBurst));
  EXPECT_FALSE(log_.contains("nonsense"));
  clock_.advance(minutes(1));
  EXPECT_EQ(send("DELETE", "/cache", kRight)->status, 204);
}

// A proxy may send a token of its own with every request, and a browser with open developer tools sends no-cache.
TEST_F(WeatherEndpointTest, TakesNoForeignTokenForAGuessWhereNoneIsNeeded) {
  options_.admin_token = "secret-token";
  ask_mock(kMock);
  for (const auto* lines :
       {"Authorization: Bearer foreign\r\n", "Cache-Control: no-cache\r\nAuthorization: Basic eA==\r\n",
        "Cache-Control: no-cache\r\nAuthorization: Bearer foreign\r\n"}) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(get(kMock, lines)->header("X-Cache"), "HIT") << lines;
    for (const auto* target : {"/", "/stats", "/metrics", "/openapi.json"}) EXPECT_EQ(get(target, lines)->status, 200);
  }
  EXPECT_EQ(metrics_.value(Counter::http_token_guesses), 0U);
  EXPECT_FALSE(log_.contains("a wrong admin token client="));
  EXPECT_EQ(send("DELETE", kMock, "Authorization: Bearer secret-token\r\n")->status, 204)
      << "the admin is not locked out";
}

// A forced load tells, too, whether a token is right. So only ten wrong ones a minute are looked at.
TEST_F(WeatherEndpointTest, LetsGuessesWithForcedLoadsRunOut) {
  options_.admin_token = "secret-token";
  ask_mock(kMock);
  const auto outcome = [&](std::string_view token) {
    return ask_mock(kMock, cat("Cache-Control: no-cache\r\nAuthorization: Bearer ", token, "\r\n"))->header("X-Cache");
  };
  for (int i = 0; i < 9; ++i) EXPECT_EQ(outcome("nonsense"), "HIT");
  EXPECT_EQ(outcome("secret-token"), "MISS");
  EXPECT_EQ(outcome("nonsense"), "HIT");
  EXPECT_EQ(outcome("secret-token"), "HIT") << "the answer must not tell that the guess is right";
  clock_.advance(minutes(1));
  EXPECT_EQ(outcome("secret-token"), "MISS");
  for (int i = 0; i < 10; ++i) send("DELETE", "/cache", "Authorization: Bearer nonsense\r\n");
  EXPECT_EQ(outcome("secret-token"), "HIT") << "nor after guesses elsewhere";
}

// So that neither guesses nor the loads that are not forced any more are without a trace.
TEST_F(WeatherEndpointTest, LogsTheWrongTokensOfForcedLoadsThatAreLookedAt) {
  options_.admin_token = "secret-token";
  ask_mock(kMock);
  const auto guess = [&] { get(kMock, "Cache-Control: no-cache\r\nAuthorization: Bearer nonsense\r\n"); };
  for (int i = 0; i < 9; ++i) guess();
  EXPECT_EQ(log_.count("a wrong admin token in a forced load client=192.0.2.1"), 9);
  for (int i = 0; i < 9; ++i) guess();
  EXPECT_EQ(log_.count("admin token"), 10) << "no more are looked at";
  EXPECT_EQ(log_.count("no more are looked at from this address for a while client=192.0.2.1"), 1);
  EXPECT_FALSE(log_.contains("nonsense"));
}

TEST_F(WeatherEndpointTest, ForcesANewAnswerForTheAdminOnly) {
  options_.admin_token = "secret-token";
  ask_mock(kMock);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(get(kMock)->header("X-Cache"), "HIT") << "a query that is known";
    EXPECT_EQ(get(kMock, "Cache-Control: no-cache\r\n")->header("X-Cache"), "HIT");
  }
  const auto wrong = "Cache-Control: no-cache\r\nAuthorization: Bearer nonsense\r\n";
  EXPECT_EQ(get(kMock, wrong)->header("X-Cache"), "HIT");
  const auto forced = ask_mock(kMock, "Cache-Control: no-cache\r\nAuthorization: Bearer secret-token\r\n");
  EXPECT_EQ(forced->header("X-Cache"), "MISS");
  EXPECT_EQ(forced->header("Cache-Status"), "weather-cache; fwd=request; stored; ttl=10");
}

TEST_F(WeatherEndpointTest, LoadsNothingWhenOnlyACachedAnswerIsWanted) {
  const auto none = get(kMock, "Cache-Control: max-age=5, only-if-cached\r\n");
  EXPECT_EQ(none->status, 504);
  EXPECT_EQ(json_at(none->body, "/type"), "/problems/not-cached");
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 0U);
  ask_mock(kMock);
  EXPECT_EQ(get(kMock, "Cache-Control: only-if-cached\r\n")->header("X-Cache"), "HIT");
}

TEST_F(WeatherEndpointTest, StartsNoRefreshOfAStaleAnswerWhenOnlyACachedOneIsWanted) {
  get("/weather?lat=52.52&lon=13.41");
  provider_.answer(current());
  clock_.advance(std::chrono::minutes(16));
  EXPECT_EQ(get("/weather?lat=52.52&lon=13.41", "Cache-Control: only-if-cached\r\n")->header("X-Cache"), "STALE");
  executor_.run_posted();
  EXPECT_EQ(provider_.count, 1);
  EXPECT_EQ(get("/weather?lat=52.52&lon=13.41")->header("X-Cache"), "STALE");
  executor_.run_posted();
  EXPECT_EQ(provider_.count, 2) << "the next request starts it";
}

TEST_F(WeatherEndpointTest, PurgesForTheBearerOfTheTokenOnly) {
  EXPECT_EQ(send("DELETE", kMock)->status, 405) << "without a token the method does not exist";
  options_.admin_token = "secret-token";
  endpoints_.reset();
  ask_mock(kMock);
  const auto refused = send("DELETE", kMock);
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->header("WWW-Authenticate"), "Bearer realm=\"weather-cache\"");
  EXPECT_EQ(get(kMock)->header("X-Cache"), "HIT");
  EXPECT_EQ(send("DELETE", kMock, "Authorization: Bearer secret-token\r\nIf-Match: \"x\"\r\n")->status, 412);
  EXPECT_EQ(send("DELETE", kMock, "Authorization: Bearer secret-token\r\n")->status, 204);
  EXPECT_EQ(ask_mock(kMock)->header("X-Cache"), "MISS");
  EXPECT_EQ(send("DELETE", "/cache", "Authorization: Bearer secret-token\r\n")->status, 204);
  EXPECT_EQ(ask_mock(kMock)->header("X-Cache"), "MISS");
  EXPECT_EQ(send("DELETE", "/weather?lat=1", "Authorization: Bearer secret-token\r\n")->status, 400);
}

TEST_F(WeatherEndpointTest, WaitsNoLongerThanItsDeadline) {
  const auto answer = get(kReal);
  executor_.advance(seconds(10) - nanoseconds(1));
  EXPECT_EQ(answer->answers, 0);
  executor_.advance(nanoseconds(1));
  EXPECT_EQ(answer->status, 504);
  EXPECT_EQ(json_at(answer->body, "/type"), "/problems/deadline-exceeded");
  provider_.answer(current());
  EXPECT_EQ(answer->answers, 1);
}

TEST_F(WeatherEndpointTest, GivesTheFormatThatWasAskedForBeforeWhatAcceptSays) {
  ask_mock(kMock);
  EXPECT_EQ(get(kMock, kHtml)->header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get(cat(kMock, "&format=json"), kHtml)->header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(get(cat(kMock, "&format=html"))->header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("/weather?format=html")->header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("/weather?format=html")->status, 400);
}

TEST_F(WeatherEndpointTest, SendsAPageToTheCoordinatesThatWereMeant) {
  const auto answer = get("/weather?lat=-23%2C55&lon=%E2%88%9246.63&mock=true&lang=pt-BR", kHtml);
  EXPECT_EQ(answer->status, 303);
  EXPECT_EQ(answer->header("Location"), "/weather?lat=-23.55&lon=-46.63&mock=true&lang=pt-BR");
  EXPECT_EQ(answer->header("Vary"), "Accept");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(get("/weather?lat=1%2C5&lon=2&format=html")->header("Vary"), "none");
  EXPECT_EQ(get("/weather?lat=east&lon=2", kHtml)->status, 400);
  EXPECT_EQ(get("/weather?lat=1%2C5", kHtml)->header("Location"), "/weather?lat=1.5") << "lon is still missing";
}

// The error does not know whether Redis was asked in vain; the state of Redis does.
TEST_F(WeatherEndpointTest, TellsThatRedisWasDownWhenTheProviderFailed) {
  options_.query.redis = true;
  for (const auto* state : {"up", "connecting", "down"}) {
    process_.redis.state = state;
    const auto place = cat("/weather?lat=", std::string_view(state).size(), "&lon=1");
    const auto json = get(place);
    const auto page = get(place, kHtml);
    provider_.answer(fail(ErrorKind::provider_timeout));
    const bool down = process_.redis.state == "down";
    EXPECT_EQ(json->header("Cache-Status"),
              cat("weather-cache; fwd=uri-miss", down ? "; detail=redis-unavailable" : ""));
    EXPECT_NE(page->body.find(cat("id=\"stop-redis\" data-state=\"", down ? "failed" : "passed", "\"")),
              std::string::npos)
        << state;
    EXPECT_NE(page->body.find("id=\"stop-provider\" data-state=\"failed\""), std::string::npos);
  }
  EXPECT_EQ(get("/weather?lat=2&lon=1")->header("Cache-Status"), "weather-cache; hit; detail=error-memo");
}

TEST_F(WeatherEndpointTest, TellsOfAStagedOutageWhenAMockQuestionFails) {
  options_.query.redis = true;
  options_.request_timeout = milliseconds(300);
  outage_.emplace();
  const auto too_slow = [this](std::string_view target, std::string_view lines = "") {
    auto answer = get(target, lines);
    executor_.advance(milliseconds(300));
    EXPECT_EQ(answer->status, 504);
    return answer;
  };
  const auto told = [&](std::string_view target) { return too_slow(target)->header("Cache-Status"); };
  EXPECT_EQ(told("/weather?lat=1&lon=1&mock=true"), "weather-cache; fwd=uri-miss");

  ASSERT_FALSE(outage_->begin(clock_.steady()));
  EXPECT_EQ(told("/weather?lat=2&lon=1&mock=true"), "weather-cache; fwd=uri-miss; detail=redis-unavailable");
  const auto page = too_slow("/weather?lat=3&lon=1&mock=true", kHtml);
  EXPECT_NE(page->body.find("id=\"stop-redis\" data-state=\"failed\""), std::string::npos);
  EXPECT_EQ(told("/weather?lat=4&lon=1&mock=true&cache=off"), "weather-cache; fwd=bypass");
  EXPECT_EQ(told("/weather?lat=5&lon=1"), "weather-cache; fwd=uri-miss") << "a real question keeps Redis";

  clock_.advance(cache::Outage::kSpan);
  EXPECT_EQ(told("/weather?lat=6&lon=1&mock=true"), "weather-cache; fwd=uri-miss");
}

TEST_F(WeatherEndpointTest, KeepsAPlusSignInThePage) {
  const auto page = ask_mock("/weather?lat=+52.52&lon=%2B13.41&mock=true", kHtml);
  ASSERT_EQ(page->status, 200);
  for (const auto* part : {"value=\"+52.52\"", "value=\"+13.41\"", "weather?lat=%2B52.52&amp;lon=%2B13.41"}) {
    EXPECT_NE(page->body.find(part), std::string::npos) << part;
  }
  const auto real = get("/weather?lat=+52.52&lon=1", kHtml);
  provider_.answer(fail(ErrorKind::provider_timeout));
  EXPECT_NE(real->body.find("value=\"+52.52\""), std::string::npos) << "the question of an error";
}

TEST_F(WeatherEndpointTest, TakesNoOtherCoordinatesForJson) {
  for (const auto* accept : {"", "Accept: application/json\r\n"}) {
    const auto answer = get("/weather?lat=-23%2C55&lon=1", accept);
    EXPECT_EQ(answer->status, 400);
    EXPECT_EQ(json_at(answer->body, "/detail"), "lat is not a decimal number");
  }
}

TEST_F(WeatherEndpointTest, LetsABrowserAskAgainForARealPage) {
  get(kReal);
  provider_.answer(current());
  const auto page = get(kReal, kHtml);
  ASSERT_EQ(page->status, 200);
  EXPECT_EQ(page->header("Cache-Control"), "private, no-cache");
  EXPECT_EQ(page->header("X-Cache"), "HIT");
  EXPECT_EQ(page->header("ETag"), "none");
  EXPECT_TRUE(page->header("Content-Security-Policy").starts_with("default-src 'none';"));
  EXPECT_EQ(page->header("Referrer-Policy"), "no-referrer");
  EXPECT_NE(page->body.find("Memory Cache ⚡"), std::string::npos);
  EXPECT_NE(page->body.find("-2.30"), std::string::npos);
}

TEST_F(WeatherEndpointTest, WritesNothingOfTheQuestionIntoThePageUnescaped) {
  const auto page = get("/weather?lat=%3Cscript%3Ealert(1)%3C/script%3E&lon=%22%3E%3Cimg%20src=x%3E", kHtml);
  EXPECT_EQ(page->status, 400);
  EXPECT_EQ(page->body.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page->body.find("<img src=x"), std::string::npos);
  EXPECT_NE(page->body.find("&lt;script&gt;alert(1)&lt;/script&gt;"), std::string::npos) << page->body;
}

TEST_F(WeatherEndpointTest, RefusesTheMockWithTheLaboratoryOff) {
  options_.query.lab = false;
  const auto answer = get(kMock);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(json_at(answer->body, "/errors/0/parameter"), "mock");
}

TEST_F(WeatherEndpointTest, TakesTheRequestIdFromTheClient) {
  EXPECT_EQ(ask_mock(kMock, "X-Request-Id: trace-1\r\n")->header("X-Request-Id"), "trace-1");
  EXPECT_EQ(get(kMock, "X-Request-Id: trace-2\r\n")->header("X-Request-Id"), "trace-2");
  EXPECT_NE(get(kMock, "X-Request-Id: a b\r\n")->header("X-Request-Id"), "a b");
  const auto first = get(kMock)->header("X-Request-Id");
  EXPECT_NE(first, get(kMock)->header("X-Request-Id"));
}

TEST_F(WeatherEndpointTest, CountsEachKindOfAnswer) {
  ask_mock(kMock);
  get(kMock);
  get(kMock);
  get("/weather");
  EXPECT_EQ(metrics_.value(Counter::requests_miss), 1U);
  EXPECT_EQ(metrics_.value(Counter::requests_hit_memory), 2U);
  EXPECT_EQ(metrics_.value(Counter::requests_invalid), 1U);
}

// Anyone who can write to our Redis could store that. It must not stop the service.
TEST_F(WeatherEndpointTest, SurvivesAnEntryThatIsNoJson) {
  const weather::Question question{{*weather::parse_coordinate(weather::Axis::latitude, "52.52"),
                                    *weather::parse_coordinate(weather::Axis::longitude, "13.41")},
                                   false,
                                   cache::Mode::normal};
  const weather::Key key(question);
  for (const auto* body : {"", "x", "}"}) {
    cache::Entry entry;
    entry.body = body;
    entry.spans.fresh_for = seconds(10);
    cache_.memory().insert(key.text(), key.hash(), {std::make_shared<const cache::Entry>(entry), clock_.steady()},
                           clock_.steady());
    EXPECT_EQ(get(kReal)->status, 200);
    EXPECT_EQ(get(kReal, kHtml)->status, 200);
  }
}

}  // namespace
}  // namespace wx::endpoints
