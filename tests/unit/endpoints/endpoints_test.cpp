// All routes besides /weather.
#include "endpoints/endpoints.hpp"

#include "flow/json.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using test::is_json;
using test::json_at;

using OtherEndpointsTest = EndpointsTest;

TEST_F(OtherEndpointsTest, GivesThePageWithAFormToFillIn) {
  const auto page = get("/");
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(page->header("Content-Security-Policy").starts_with("default-src 'none';"));
  EXPECT_NE(page->body.find("value=\"52.52\""), std::string::npos);
  EXPECT_NE(page->body.find("value=\"13.41\""), std::string::npos);
}

TEST_F(OtherEndpointsTest, TellsThePageHowLongAnAnswerMayTake) {
  options_.request_timeout = milliseconds(1500);
  EXPECT_NE(get("/")->body.find(" data-request-timeout=\"1500\""), std::string::npos);
}

TEST_F(OtherEndpointsTest, DrawsAMemoryThatIsSwitchedOffAsOff) {
  constexpr std::string_view kOff = "id=\"stop-memory\" data-state=\"off\"";
  EXPECT_EQ(get("/")->body.find(kOff), std::string::npos);
  options_.memory = false;
  const auto page = get("/")->body;
  EXPECT_NE(page.find(kOff), std::string::npos);
  EXPECT_NE(page.find(" data-memory=\"false\""), std::string::npos);
}

TEST_F(OtherEndpointsTest, IsLiveAsLongAsItAnswers) {
  process_.phase = ServicePhase::draining;
  for (const auto* path : {"/health/live", "/livez", "/healthz"}) {
    EXPECT_EQ(get(path)->status, 200) << path;
    EXPECT_EQ(json_at(get(path)->body, "/status"), "ok") << path;
  }
}

TEST_F(OtherEndpointsTest, IsReadyWhileItServes) {
  for (const auto* path : {"/health/ready", "/readyz"}) {
    process_.phase = ServicePhase::starting;
    EXPECT_EQ(get(path)->status, 503) << path;
    EXPECT_EQ(json_at(get(path)->body, "/status"), "starting");
    process_.phase = ServicePhase::serving;
    EXPECT_EQ(get(path)->status, 200) << path;
    process_.phase = ServicePhase::draining;
    EXPECT_EQ(get(path)->status, 503) << path;
    EXPECT_EQ(json_at(get(path)->body, "/status"), "draining");
    EXPECT_EQ(get(path)->header("Retry-After"), "1");
  }
}

TEST_F(OtherEndpointsTest, IsReadyThoughDegradedWithoutItsRedis) {
  for (const std::string_view state : {"off", "connecting", "up"}) {
    process_.redis.state = state;
    EXPECT_EQ(json_at(get("/health/ready")->body, "/status"), "ok") << state;
  }
  process_.redis.state = "down";
  EXPECT_EQ(get("/health/ready")->status, 200);
  EXPECT_EQ(json_at(get("/health/ready")->body, "/status"), "degraded");
}

TEST_F(OtherEndpointsTest, TellsItsNumbersToPeopleAndToPrometheus) {
  EXPECT_TRUE(is_json(get("/stats")->body));
  EXPECT_EQ(get("/stats")->header("Cache-Control"), "no-store");
  const auto metrics = get("/metrics");
  EXPECT_EQ(metrics->header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(metrics->body.find("# TYPE weather_cache_cache_flights_total counter"), std::string::npos);
}

TEST_F(OtherEndpointsTest, KeepsRobotsFromTheQuestions) {
  EXPECT_EQ(get("/robots.txt")->body,
            "User-agent: *\nDisallow: /weather\nDisallow: /v1/\nDisallow: /data\nDisallow: /api/\nDisallow: /*-api/\n"
            "Allow: /\n");
}

TEST_F(OtherEndpointsTest, ExplainsEveryKindOfProblem) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto page = get(cat("/problems/", name(static_cast<ErrorKind>(i))));
    EXPECT_EQ(page->status, 200) << name(static_cast<ErrorKind>(i));
    EXPECT_EQ(page->header("Content-Type"), "text/html; charset=utf-8");
  }
  EXPECT_EQ(get("/problems/nonsense")->status, 404);
  EXPECT_EQ(get("/problems/")->status, 404);
}

TEST_F(OtherEndpointsTest, TellsWhatItDoesNotKnowAsAProblem) {
  const auto missing = get("/nowhere");
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->header("Content-Type"), "application/problem+json");
  EXPECT_EQ(json_at(missing->body, "/type"), "/problems/not-found");
  const auto page = get("/nowhere", "Accept: text/html\r\n");
  EXPECT_EQ(page->status, 404);
  EXPECT_EQ(page->header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page->body.find("href=\"/?lang=pt-BR\""), std::string::npos) << "the link repeats no question";
  EXPECT_EQ(page->body.substr(0, page->body.find("<main")).find("/weather?"), std::string::npos);
}

TEST_F(OtherEndpointsTest, TellsWhichMethodsAPathKnows) {
  const auto refused = send("POST", "/weather?lat=1&lon=2");
  EXPECT_EQ(refused->status, 405);
  EXPECT_EQ(refused->header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(send("DELETE", "/weather?lat=1&lon=2")->status, 405);
  const auto options = send("OPTIONS", "/weather");
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->header("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(OtherEndpointsTest, KnowsNoMethodToForgetAllWithoutAToken) {
  for (const auto* method : {"DELETE", "GET"}) {
    const auto refused = send(method, "/cache");
    EXPECT_EQ(refused->status, 405) << method;
    EXPECT_EQ(refused->header("Allow"), "OPTIONS") << method;
  }
  options_.admin_token = "secret-token";
  endpoints_.reset();
  EXPECT_EQ(send("DELETE", "/cache")->status, 401);
  EXPECT_EQ(send("GET", "/cache")->header("Allow"), "DELETE, OPTIONS");
}

TEST_F(OtherEndpointsTest, SendsEveryLineOnce) {
  for (const auto* target :
       {"/", "/stats", "/metrics", "/health/ready", "/robots.txt", "/nowhere", "/weather", "/problems/internal"}) {
    const auto answer = get(target);
    for (const auto* header : {"Content-Type", "Cache-Control", "X-Request-Id", "X-Content-Type-Options"}) {
      EXPECT_NE(answer->header(header), "twice") << target << " " << header;
      EXPECT_NE(answer->header(header), "none") << target << " " << header;
    }
  }
}

// RFC 9110 §13.1.1
TEST_F(OtherEndpointsTest, ObeyIfMatch) {
  for (const auto* path : {"/", "/livez", "/stats", "/problems/not-found", "/openapi.json"}) {
    EXPECT_EQ(get(path, "If-Match: \"x\"\r\n")->status, 412) << path;
    EXPECT_EQ(get(path, "If-Match: *\r\n")->status, 200) << path;
  }
  EXPECT_EQ(get("/nowhere", "If-Match: \"x\"\r\n")->status, 404);
  const auto tag = get("/openapi.json")->header("ETag");
  EXPECT_EQ(get("/openapi.json", cat("If-Match: \"a,b\", ", tag, "\r\n"))->status, 200);
  EXPECT_EQ(get("/openapi.json", cat("If-Match: W/", tag, "\r\n"))->status, 412);
  EXPECT_EQ(get("/openapi.json", cat("If-Match: ", tag, "\r\nIf-None-Match: ", tag, "\r\n"))->status, 304);
  process_.phase = ServicePhase::draining;
  EXPECT_EQ(get("/readyz", "If-Match: \"x\"\r\n")->status, 503);
}

TEST_F(OtherEndpointsTest, DescribeNoFileInA304) {
  const auto tag = get("/openapi.json", "Accept-Encoding: gzip\r\n")->header("ETag");
  const auto same = get("/openapi.json", cat("Accept-Encoding: gzip\r\nIf-None-Match: ", tag, "\r\n"));
  EXPECT_EQ(same->status, 304);
  for (const auto* name : {"Content-Type", "Content-Encoding"}) EXPECT_EQ(same->header(name), "none") << name;
  EXPECT_EQ(same->header("ETag"), tag);
  EXPECT_NE(same->header("Vary"), "none");
  EXPECT_NE(same->header("Cache-Control"), "none");
}

TEST_F(OtherEndpointsTest, FindFilesAndProblemsHoweverTheirPathIsSpelled) {
  EXPECT_EQ(get("/%6fpenapi.json")->status, 200);
  EXPECT_EQ(get("/%6fpenapi.json")->header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(get("/problems/not%2Dfound")->status, 200);
  EXPECT_EQ(get("/problems/../stats")->status, 400);
  EXPECT_EQ(get("/assets/%2e%2e/stats")->status, 400);
}

}  // namespace
}  // namespace wx::endpoints
