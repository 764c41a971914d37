// The service as an HTTP client sees it: methods, negotiation, validators, limits, and the routes besides /weather.
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

class HttpFace : public testing::Test {
 protected:
  FakeProvider provider;
  const Service service{{{"OPEN_METEO_URL", provider.url()}, {"MOCK_DELAY", "10ms"}, {"CACHE_TTL", "1h"}}};

  Answer request(std::string_view method, std::string_view target, const Headers& headers = {}) const {
    return HttpClient(service.port()).request(method, target, headers);
  }
  // The status of the answer to these bytes, and whether the server then closes.
  std::pair<int, bool> raw(std::string_view bytes) const {
    HttpClient client(service.port(), milliseconds(5000 * kSlowdown));
    client.send_raw(bytes);
    const int status = client.read().status;
    client.socket().shutdown_write();
    try {
      return {status, client.closed_by_server()};
    } catch (const SocketError&) {
      return {status, true};  // a reset closes as well
    }
  }
};

std::set<std::string> words(const std::string& list) {
  std::set<std::string> out;
  std::stringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) out.emplace(trim(word));
  return out;
}

TEST_F(HttpFace, HeadIsGetWithoutTheBody) {
  for (const std::string_view target :
       {kMock, kReal, std::string_view("/"), std::string_view("/stats"), std::string_view("/metrics"),
        std::string_view("/health/live"), std::string_view("/nowhere"), std::string_view("/weather?lat=x")}) {
    SCOPED_TRACE(target);
    (void)service.get(target);
    HttpClient client(service.port());
    const Answer head = client.request("HEAD", target);
    const Answer get = client.get(target);
    EXPECT_EQ(head.status, get.status);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(head.header("Content-Type"), get.header("Content-Type"));
    EXPECT_EQ(head.header("ETag"), get.header("ETag"));
    EXPECT_EQ(head.header("X-Cache"), get.header("X-Cache"));
    EXPECT_TRUE(head.has("Content-Length"));
  }
}

TEST_F(HttpFace, OptionsNamesTheMethodsAndAllowsOtherOriginsOnTheApi) {
  for (const std::string_view target : {"/weather", "/openapi.json", "/", "/stats", "/health/ready"}) {
    SCOPED_TRACE(target);
    const Answer answer = request("OPTIONS", target, {{"Origin", "https://example.org"}});
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(words(answer.header("Allow")), (std::set<std::string>{"GET", "HEAD", "OPTIONS"}));
    const bool api = target == "/weather" || target == "/openapi.json";
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), api ? "*" : "");
  }
}

TEST_F(HttpFace, KnowsItsPathsAndTheirMethods) {
  for (const auto* target : {"/nowhere", "/weather/", "/Weather", "//", "/health", "/%2Fweather"}) {
    SCOPED_TRACE(target);
    expect_problem(service.get(target), 404);
  }
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    SCOPED_TRACE(method);
    const Answer answer = request(method, kMock);
    expect_problem(answer, 405);
    EXPECT_EQ(words(answer.header("Allow")), (std::set<std::string>{"GET", "HEAD", "OPTIONS"}));
  }
  expect_problem(request("BREW", kMock), 501);
  expect_problem(service.get("/%2e%2e/etc/passwd"), 400);
}

TEST_F(HttpFace, EveryAnswerIsDatedAndNumbered) {
  const std::regex date(
      "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
      "20[0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT");
  std::set<std::string> ids;
  for (const std::string_view target : {kMock, kReal, std::string_view("/nowhere"), std::string_view("/stats")}) {
    const Answer answer = service.get(target);
    EXPECT_TRUE(std::regex_match(answer.header("Date"), date)) << answer.header("Date");
    ids.insert(answer.header("X-Request-Id"));
  }
  EXPECT_EQ(ids.size(), 4U);
  EXPECT_FALSE(ids.contains(""));
  EXPECT_EQ(service.get(kMock, {{"X-Request-Id", "a-b.C_9"}}).header("X-Request-Id"), "a-b.C_9");
  for (const auto& bad : {std::string("has space"), std::string(65, 'a'), std::string("a\"b"), std::string("<b>")}) {
    EXPECT_NE(service.get(kMock, {{"X-Request-Id", bad}}).header("X-Request-Id"), bad);
  }
}

TEST_F(HttpFace, WeatherSaysHowLongItTookWhere) {
  const Answer miss = service.get(kReal);
  EXPECT_TRUE(
      std::regex_match(miss.header("Server-Timing"),
                       std::regex(R"(cache;desc="miss"(;dur=[0-9.]+)?, upstream;dur=[0-9.]+, total;dur=[0-9.]+)")))
      << miss.header("Server-Timing");
  const Answer hit = service.get(kReal);
  EXPECT_TRUE(std::regex_match(hit.header("Server-Timing"),
                               std::regex(R"(cache;desc="hit"(;dur=[0-9.]+)?, total;dur=[0-9.]+)")))
      << hit.header("Server-Timing");
}

TEST_F(HttpFace, RealJsonMayBeCachedByOthersAndNothingElse) {
  const std::string shared = service.get(kReal).header("Cache-Control");
  EXPECT_TRUE(std::regex_match(
      shared, std::regex("public, max-age=3600, stale-while-revalidate=[0-9]+, stale-if-error=[0-9]+")))
      << shared;
  const Answer hit = service.get(kReal);
  EXPECT_TRUE(hit.has("Age"));
  EXPECT_EQ(hit.header("Cache-Control"), shared) << "max-age is the whole span, and Age is the part that has passed";
  EXPECT_EQ(service.get(kReal, {{"Accept", "text/html"}}).header("Cache-Control"), "private, no-cache");
  for (const std::string_view target :
       {kMock, std::string_view("/stats"), std::string_view("/metrics"), std::string_view("/health/live")}) {
    EXPECT_EQ(service.get(target).header("Cache-Control"), "no-store") << target;
  }
}

TEST_F(HttpFace, ConditionalRequestsAreAnsweredWith304) {
  const Answer full = service.get(kReal);
  const std::string tag = full.header("ETag");
  ASSERT_TRUE(std::regex_match(tag, std::regex(R"re(W/"[^"]+")re"))) << tag;
  const std::string strong = tag.substr(2);
  for (const std::string& match : {tag, strong, std::string("*"), cat("\"x\", ", tag), cat("W/\"y\",", strong)}) {
    SCOPED_TRACE(match);
    const Answer answer = service.get(kReal, {{"If-None-Match", match}});
    EXPECT_EQ(answer.status, 304);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.header("ETag"), tag);
    EXPECT_TRUE(answer.has("Date") && answer.has("Vary") && answer.has("Cache-Control"));
  }
  for (const std::string& other : {std::string("\"x\""), tag.substr(0, tag.size() - 2), std::string()}) {
    EXPECT_EQ(service.get(kReal, {{"If-None-Match", other}}).status, 200) << other;
  }
  // The data do not depend on the tier that serves them, and neither does the tag.
  EXPECT_EQ(service.get(kReal).header("ETag"), tag);
}

TEST_F(HttpFace, SpeaksJsonToProgramsAndHtmlToBrowsers) {
  const auto type = [&](const std::string& accept, std::string_view target = kMock) {
    const Answer answer = accept.empty() ? service.get(target) : service.get(target, {{"Accept", accept}});
    const std::string value = answer.header("Content-Type");
    if (!target.contains("format=")) {
      EXPECT_EQ(answer.header("Vary"), value.starts_with("text/html") ? "Accept, Accept-Language" : "Accept");
    }
    return value.substr(0, value.find(';'));
  };
  const std::string browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
  for (const auto* accept : {"", "*/*", "application/json", "application/*", "text/html;q=0.5, application/json",
                             "text/html;q=0, */*", "application/json, text/html;q=0.9", "text/plain"}) {
    EXPECT_EQ(type(accept), "application/json") << accept;
  }
  for (const auto& accept : {browser, std::string("text/html"), std::string("text/*"), std::string("TEXT/HTML"),
                             std::string("application/json;q=0.1, text/html;q=0.2")}) {
    EXPECT_EQ(type(accept), "text/html") << accept;
  }
  EXPECT_EQ(type(browser, cat(kMock, "&format=json")), "application/json");
  EXPECT_EQ(type("application/json", cat(kMock, "&format=html")), "text/html");
  expect_problem(service.get(cat(kMock, "&format=xml")), 400);
}

TEST_F(HttpFace, ThePageShowsTheAnswerWithoutScript) {
  const Answer page = service.get("/weather?lat=0&lon=0&mock=true&format=html");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.body.contains("<form")) << page.body;
  EXPECT_TRUE(page.body.contains("25.0")) << page.body;
  EXPECT_TRUE(page.body.contains("MISS")) << page.body;
  EXPECT_TRUE(service.get("/weather?lat=0&lon=0&mock=true&format=html").body.contains("HIT"));
  const std::string policy = page.header("Content-Security-Policy");
  EXPECT_TRUE(policy.contains("default-src 'none'")) << policy;
  EXPECT_FALSE(policy.contains("unsafe")) << policy;
  EXPECT_TRUE(policy.contains("frame-ancestors 'none'")) << policy;
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");

  const Answer root = service.get("/");
  EXPECT_EQ(root.status, 200);
  EXPECT_TRUE(root.header("Content-Type").starts_with("text/html"));
  EXPECT_TRUE(root.body.contains("Open-Meteo")) << "the licence requires it";
}

TEST_F(HttpFace, AMockAnswerIsNeverGivenToARealQuestionNorTheReverse) {
  EXPECT_EQ(source_of(service.get(kMock)), kFromMock);
  const Answer real = service.get(kReal);
  EXPECT_EQ(source_of(real), kFromProvider);
  EXPECT_TRUE(real.body.contains("\"time\""));
  EXPECT_EQ(source_of(service.get(kMock)), kFromMemory);
  EXPECT_FALSE(service.get(kMock).body.contains("\"time\""));
  EXPECT_TRUE(service.get(kReal).body.contains("\"time\""));
  EXPECT_EQ(provider.calls(), 1U);
}

TEST(MockAndReal, AreApartInRedisToo) {
  FakeProvider provider;
  const RedisServer redis;
  const Service service({{"OPEN_METEO_URL", provider.url()},
                         {"REDIS_URL", redis.url()},
                         {"MEMORY_LIMIT", "0"},
                         {"MOCK_DELAY", "10ms"},
                         {"CACHE_TTL", "1h"}});
  const auto from_redis = [](const Answer& answer) { return source_of(answer) == kFromRedis; };
  EXPECT_EQ(source_of(service.get(kReal)), kFromProvider);
  EXPECT_EQ(source_of(service.get(kMock)), kFromMock);
  const Answer real = get_until(service, kReal, milliseconds(3000), from_redis);
  const Answer mock = get_until(service, kMock, milliseconds(3000), from_redis);
  EXPECT_TRUE(real.body.contains("\"time\"")) << real.body;
  EXPECT_FALSE(mock.body.contains("\"time\"")) << mock.body;
}

TEST_F(HttpFace, PipelinedRequestsAreAnsweredInOrder) {
  HttpClient client(service.port());
  (void)client.get(kMock);
  for (int i = 0; i < 20; ++i) {
    // A slow request precedes each fast one.
    client.send("GET", i % 2 == 0 ? cat("/weather?lat=", i, "&lon=1&mock=true") : std::string(kMock),
                {{"X-Request-Id", cat("number-", i)}});
  }
  for (int i = 0; i < 20; ++i) {
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-Request-Id"), cat("number-", i));
    EXPECT_EQ(json_at(answer.body, "/latitude").substr(0, 2), i % 2 == 0 ? cat(i) : "52");
  }
}

TEST_F(HttpFace, AConnectionIsKeptUntilSomebodySaysClose) {
  HttpClient client(service.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/health/live").status, 200);
  const Answer last = client.get("/health/live", {{"Connection", "close"}});
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_TRUE(client.closed_by_server());

  EXPECT_EQ(raw("GET /health/live HTTP/1.0\r\n\r\n"), (std::pair{200, true}));
}

TEST_F(HttpFace, MalformedRequestsAreAnsweredOnceAndTheConnectionClosed) {
  const std::string host = "Host: x\r\n";
  const std::vector<std::pair<std::string, int>> cases{
      {"GET / HTTP/1.1\r\n\r\n", 400},                       // no Host
      {cat("GET / HTTP/1.1\r\n", host, host, "\r\n"), 400},  // two Host lines
      {cat("GET / HTTP/2.0\r\n", host, "\r\n"), 505},
      {cat("POST /weather HTTP/1.1\r\n", host, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), 413},
      {cat("GET / HTTP/1.1\r\n", host, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501},
      {cat("POST /weather HTTP/1.1\r\n", host, "Content-Length: 3\r\n\r\nabc"), 413},
      {cat("GET / HTTP/1.1\r\n", host, "Content-Length: 0, 0\r\n\r\n"), 400},
      {cat("GET / HTTP/1.1\r\n", host, "Content-Length: -1\r\n\r\n"), 400},
      {cat("GET / HTTP/1.1\r\n", host, "A: b\r\n folded\r\n\r\n"), 400},
      {cat("GET / HTTP/1.1\r\n", host, "A : b\r\n\r\n"), 400},
      {cat("GET /\xc3\xa9 HTTP/1.1\r\n", host, "\r\n"), 400},
      {cat("GET /a", std::string(1, '\0'), " HTTP/1.1\r\n", host, "\r\n"), 400},
      {cat("GET / HTTP/1.1\n", "Host: x\n\n"), 400},  // bare LF
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n", 400},
      {cat("GET /", std::string(17000, 'a'), " HTTP/1.1\r\n", host, "\r\n"), 414},
      {cat("GET / HTTP/1.1\r\n", host, "A: ", std::string(33000, 'a'), "\r\n\r\n"), 431},
      {cat(
           "GET / HTTP/1.1\r\n", host,
           [] {
             std::string many;
             for (int i = 0; i < 70; ++i) append(many, cat("A", i, ": b\r\n"));
             return many;
           }(),
           "\r\n"),
       431},
  };
  for (const auto& [bytes, status] : cases) {
    SCOPED_TRACE(bytes.substr(0, 100));
    EXPECT_EQ(raw(bytes), (std::pair{status, true}));
  }
  EXPECT_EQ(service.get("/health/live").status, 200);
}

TEST_F(HttpFace, AnEmptyBodyInChunksAndStrayLinesAreNoMisfortune) {
  HttpClient client(service.port());
  client.send_raw("GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(client.get("/%68ealth/l%69ve").status, 200);
  EXPECT_EQ(client.get("/health/../health/live").status, 400);
  client.send_raw("GET /health/live HTTP/1.7\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(HttpFace, ARequestMayComeByteByByte) {
  HttpClient client(service.port());
  for (const char byte : cat("GET ", kMock, " HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n")) {
    client.send_raw(std::string_view(&byte, 1));
  }
  EXPECT_EQ(client.read().status, 200);
}

TEST(SlowClients, AreCutOffAtTheDeadlineForAHead) {
  const Service service({{"REQUEST_TIMEOUT", "500ms"}});
  HttpClient client(service.port());
  const auto begin = std::chrono::steady_clock::now();
  client.send_raw("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3000 * kSlowdown));
}

TEST(ManyClients, AreTurnedAwayAboveTheLimit) {
  const Service service({{"MAX_CONNECTIONS", "5"}});
  std::vector<HttpClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(service.port());
    EXPECT_EQ(clients.back().get("/health/live").status, 200);
    clients.back().send_raw("GET /stats HTTP/1.1\r\n");  // not idle, so it keeps its place
  }
  // Closing the connection without an answer is a refusal, too.
  HttpClient sixth(service.port());
  int told = 0;
  try {
    sixth.send("GET", "/stats");
    told = sixth.read().status;
  } catch (const SocketError&) {
    told = 503;
  }
  EXPECT_EQ(told, 503);
  clients.pop_back();
  const auto served = [&] {
    try {
      return service.get("/stats").status == 200;
    } catch (const SocketError&) {
      return false;
    }
  };
  EXPECT_TRUE(eventually(served, milliseconds(5000 * kSlowdown)));
}

TEST_F(HttpFace, TellsItsHealthUnderEveryName) {
  for (const auto* target : {"/health/live", "/health/ready", "/livez", "/readyz", "/healthz"}) {
    EXPECT_EQ(service.get(target).status, 200) << target;
  }
}

TEST_F(HttpFace, StatsAreJsonThatCounts) {
  (void)service.get(kMock);
  (void)service.get(kMock);
  (void)service.get(kReal);
  const Answer stats = service.get("/stats");
  EXPECT_EQ(stats.status, 200);
  EXPECT_TRUE(stats.header("Content-Type").starts_with("application/json"));
  ASSERT_TRUE(is_json(stats.body)) << stats.body;
  EXPECT_TRUE(stats.body.contains("version")) << stats.body;
  EXPECT_TRUE(stats.body.contains("uptime")) << stats.body;
}

TEST_F(HttpFace, MetricsAreWellFormedPrometheusText) {
  (void)service.get(kMock);
  (void)service.get(kMock);
  (void)service.get(kReal);
  const Answer metrics = service.get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_TRUE(metrics.header("Content-Type").starts_with("text/plain; version=0.0.4"))
      << metrics.header("Content-Type");
  const std::regex comment("# (HELP [a-z_:]+ .+|TYPE [a-z_:]+ (counter|gauge|histogram|summary))");
  const std::regex sample(R"re([a-z_:]+(\{([a-z_]+="[^"\\\n]*",?)+\})? ([-+]?[0-9.]+(e[-+]?[0-9]+)?|[-+]?Inf|NaN))re");
  std::set<std::string> typed;
  std::set<std::string> seen;
  std::stringstream lines(metrics.body);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(std::regex_match(line, line.starts_with("#") ? comment : sample)) << line;
    if (line.starts_with("# TYPE ")) {
      const std::string family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(typed.insert(family).second) << "twice: " << family;
    } else if (!line.starts_with("#")) {
      EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    }
  }
  EXPECT_TRUE(metrics.body.ends_with("\n"));
  for (const auto* line : {"weather_cache_requests_total{outcome=\"hit-memory\"} 1\n",
                           "weather_cache_requests_total{outcome=\"miss\"} 2\n",
                           "weather_cache_open_meteo_calls_total{result=\"ok\"} 1\n"}) {
    EXPECT_TRUE(metrics.body.contains(line)) << line;
  }
}

TEST_F(HttpFace, AnErrorForABrowserIsAPage) {
  const Answer page = service.get("/weather?lat=91&lon=1", {{"Accept", "text/html"}});
  EXPECT_EQ(page.status, 400);
  EXPECT_TRUE(page.header("Content-Type").starts_with("text/html"));
  EXPECT_TRUE(page.body.contains("<form")) << "so that the visitor can correct the question";
  EXPECT_EQ(page.header("Cache-Control"), "no-store");
  provider.shut();
  const Answer gone = service.get("/weather?lat=1&lon=1", {{"Accept", "text/html"}});
  EXPECT_EQ(gone.status, 502);
  EXPECT_TRUE(gone.header("Content-Type").starts_with("text/html"));
  provider.open();
}

}  // namespace
}  // namespace wx::test
