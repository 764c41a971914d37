// Good answers of the provider are passed on unchanged. Bad ones become problem documents and are not stored.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/certificate.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

using Framing = ProviderReply::Framing;

// An answer recorded from the real provider on 2024-11-23 (Weather data by Open-Meteo.com, CC BY 4.0).
constexpr std::string_view kRecorded =
    R"({"latitude":52.52,"longitude":13.419998,"generationtime_ms":0.033974647521972656,"utc_offset_seconds":0,)"
    R"("timezone":"GMT","timezone_abbreviation":"GMT","elevation":38.0,"current_units":{"time":"iso8601",)"
    R"("interval":"seconds","temperature_2m":"°C","wind_speed_10m":"km/h"},"current":{"time":"2024-11-23T18:15",)"
    R"("interval":900,"temperature_2m":2.3,"wind_speed_10m":10.7}})";

TEST(Provider, IsAskedForTheCanonicalPointAndNothingElse) {
  FakeProvider provider;
  const Service service({{"OPEN_METEO_URL", cat(provider.url(), "/")}});
  EXPECT_EQ(service.get("/weather?lat=52.520&apikey=evil&lon=1.341e1&models=x&current=rain&lat2=7").status, 200);
  ASSERT_EQ(provider.calls(), 1U);
  const ProviderRequest request = provider.requests().front();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/v1/forecast?latitude=52.52&longitude=13.41&current=temperature_2m,wind_speed_10m");
  EXPECT_EQ(request.header("Host"), cat("127.0.0.1:", provider.port()));
  EXPECT_TRUE(request.header("Accept-Encoding").contains("gzip"));
  for (const auto* name : {"X-Forwarded-For", "Forwarded", "Cookie", "Authorization", "X-Api-Key", "If-None-Match"}) {
    EXPECT_EQ(request.header(name), "") << name;
  }
}

TEST(Provider, IsGivenItsKeyInAHeaderThatNoLogShows) {
  FakeProvider provider;
  const Service service(
      {{"OPEN_METEO_URL", provider.url()}, {"OPEN_METEO_API_KEY", "hunter2"}, {"LOG_LEVEL", "debug"}});
  EXPECT_EQ(service.get(kReal).status, 200);
  EXPECT_EQ(provider.requests().front().header("X-Api-Key"), "hunter2");
  EXPECT_FALSE(provider.requests().front().target.contains("hunter2"));
  EXPECT_FALSE(service.log().contains("hunter2")) << service.log();
}

TEST(Provider, NumbersComeOutDigitForDigit) {
  FakeProvider provider;
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  int lat = 0;
  for (const std::string_view number :
       {"2.3", "-0.0", "0", "21.90", "-40", "1e2", "1.50E-1", "0.30000000000000004", "123456789.123456789"}) {
    provider.script([number](const ProviderRequest& request) { return weather_reply(request, number, "10.70"); });
    const Answer answer = service.get(cat("/weather?lat=", ++lat, "&lon=2"));
    EXPECT_EQ(answer.status, 200) << number;
    EXPECT_TRUE(answer.body.contains(cat(R"("temperature_2m":)", number, R"(,"wind_speed_10m":10.70})")))
        << answer.body;
  }
}

// The reply, compressed with gzip(1).
ProviderReply gzipped(ProviderReply reply) {
  const TempDir dir;
  Process gzip("gzip", {"-9", "-c", dir.write("body", reply.body)});
  EXPECT_EQ(gzip.wait(milliseconds(10000)), 0);
  reply.body = gzip.standard_output();
  reply.headers.emplace_back("Content-Encoding", "gzip");
  return reply;
}

TEST(Provider, MayCompressItsAnswers) {
  FakeProvider provider;
  provider.always(gzipped(json_reply(200, std::string(kRecorded))));
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  const Answer answer = service.get(kReal);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.body.contains(R"("temperature_2m":2.3,)")) << answer.body;
}

TEST(Provider, AnswerIsServedInTheContractsOrder) {
  FakeProvider provider;
  provider.always(json_reply(200, std::string(kRecorded)));
  const Service service({{"OPEN_METEO_URL", provider.url()}, {"CACHE_TTL", "15m"}});
  const Answer first = service.get(kReal);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("X-Cache"), "MISS");
  EXPECT_EQ(first.header("Cache-Status"), "weather-cache; fwd=uri-miss; fwd-status=200; stored; ttl=900");
  EXPECT_TRUE(first.header("Cache-Control").starts_with("public, max-age=900")) << first.header("Cache-Control");
  EXPECT_TRUE(first.header("Link").contains("https://creativecommons.org/licenses/by/4.0/"));
  EXPECT_EQ(json_at(first.body, "/latitude"), "52.52");
  EXPECT_EQ(json_at(first.body, "/longitude"), "13.419998") << "the grid cell of the provider's answer";
  EXPECT_EQ(json_at(first.body, "/elevation"), "38.0") << first.body;
  EXPECT_EQ(json_at(first.body, "/current/time"), "2024-11-23T18:15");
  EXPECT_EQ(json_at(first.body, "/current/interval"), "900");
  EXPECT_EQ(json_at(first.body, "/current_units/temperature_2m"), "°C");
  EXPECT_TRUE(first.body.contains(R"("temperature_2m":2.3,"wind_speed_10m":10.7})")) << first.body;
  EXPECT_TRUE(first.body.starts_with(R"({"latitude":)")) << first.body;
  EXPECT_TRUE(first.body.ends_with(cat(R"(,"source":")", kFromProvider, "\"}\n"))) << first.body;
  EXPECT_FALSE(first.body.contains("generationtime_ms"));
  const Answer second = service.get(kReal);
  EXPECT_TRUE(second.body.ends_with(cat(R"(,"source":")", kFromMemory, "\"}\n"))) << second.body;
  EXPECT_EQ(second.body.substr(0, second.body.find(R"("source")")),
            first.body.substr(0, first.body.find(R"("source")")));
}

TEST(Provider, HasNoValueAtAPlaceAndThatIsItsAnswer) {
  FakeProvider provider;
  provider.script([](const ProviderRequest& request) { return weather_reply(request, "null", "10.7"); });
  const RedisServer redis;
  const Service service({{"OPEN_METEO_URL", provider.url()}, {"REDIS_URL", redis.url()}, {"CACHE_TTL", "15m"}});
  const Answer first = service.get(kReal);
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_TRUE(first.body.contains(R"("temperature_2m":null,"wind_speed_10m":10.7})")) << first.body;
  EXPECT_EQ(first.header("X-Cache"), "MISS");
  EXPECT_EQ(service.get(kReal).header("X-Cache"), "HIT") << "it is kept like any other answer";
  const Answer page = service.get(kReal, {{"Accept", "text/html"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.body.contains("no value here")) << page.body;
  EXPECT_EQ(provider.calls(), 1U);
}

TEST(Provider, AnswersGoodPlacesHoweverManyBadOnesThereAre) {
  FakeProvider provider;
  provider.script([](const ProviderRequest& request) {
    if (request.parameter("latitude") == "1") return json_reply(200, R"({"latitude":nan,"longitude":nan})");
    return weather_reply(request);
  });
  const Service service({{"OPEN_METEO_URL", provider.url()}, {"ERROR_TTL", "1ms"}});
  for (int lon = 0; lon < 12; ++lon) {  // five failures in a row would open the breaker
    const Answer bad = service.get(cat("/weather?lat=1&lon=", lon));
    expect_problem(bad, 502);
    EXPECT_EQ(json_at(bad.body, "/type"), "/problems/provider-bad-reply");
  }
  for (int lon = 0; lon < 12; ++lon) EXPECT_EQ(service.get(cat("/weather?lat=2&lon=", lon)).status, 200);
  EXPECT_FALSE(service.log().contains("breaker is open")) << service.log();
}

TEST(Provider, AnswerIsFreshUntilTheNextQuarterOfAnHour) {
  FakeProvider provider;
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto to_quarter = 900 - std::chrono::duration_cast<std::chrono::seconds>(now).count() % 900;
  const int ttl = cache_status_number(service.get(kReal), "ttl").value_or(-1);
  EXPECT_GE(ttl, std::max<long>(10, to_quarter - 10));
  EXPECT_LE(ttl, std::min<long>(900, to_quarter + 31) + 1);
}

TEST(Provider, TheNextAnswerKeepsTheETagUnlessTheDataChange) {
  FakeProvider provider;
  const auto answer = [&](std::string_view temperature) {
    provider.script([=](const ProviderRequest& request) { return weather_reply(request, temperature, "1.0"); });
    const Service service({{"OPEN_METEO_URL", provider.url()}});
    return service.get(kReal).header("ETag");
  };
  const std::string first = answer("2.3");
  EXPECT_TRUE(first.starts_with("W/\"")) << first;
  EXPECT_EQ(answer("2.3"), first) << "only generationtime_ms differs";
  EXPECT_NE(answer("2.4"), first);
}

struct Fault {
  std::string name;
  ProviderReply reply;
  int status;
  std::string problem;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
  return out << fault.name;
}

std::vector<Fault> faults() {
  const std::string good(kRecorded);
  const auto with = [&](std::string_view what, std::string_view by) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), by);
  };
  const auto streaming_error = [](ProviderReply reply) {
    reply.body += "Unexpected error while streaming data: timeoutReached";
    return reply;
  };
  const auto hold = [](ProviderReply reply) {
    reply.stop_after = reply.body.size() / 2;
    reply.ending = ProviderReply::Ending::hang;
    return reply;
  };
  const auto reset = [](ProviderReply reply) {
    reply.stop_after = reply.body.size() / 2;
    reply.ending = ProviderReply::Ending::reset;
    return reply;
  };
  const auto typed = [](ProviderReply reply, std::string_view type) {
    reply.content_type = type;
    return reply;
  };
  ProviderReply elsewhere = json_reply(302, "");
  elsewhere.headers.emplace_back("Location", "http://127.0.0.1:1/elsewhere");

  const std::string bad = "provider-bad-reply";
  const std::string error = "provider-error";
  const std::string gone = "provider-unreachable";
  const std::string slow = "provider-timeout";
  return {
      {"StreamingErrorAlone", streaming_error(json_reply(200, "")), 502, bad},
      {"StreamingErrorBehindAWholeDocument", streaming_error(json_reply(200, good)), 502, bad},
      {"StreamingErrorWithinADocument", streaming_error(json_reply(200, good.substr(0, 200))), 502, bad},
      {"NanTemperature", json_reply(200, with(":2.3,", ":nan,")), 502, bad},
      {"NanLatitude", json_reply(200, with(":52.52,", ":nan,")), 502, bad},
      {"NanInAMemberWeDoNotUse", json_reply(200, with(":0.033974647521972656,", ":-nan,")), 502, bad},
      {"NullTime", json_reply(200, with("\"2024-11-23T18:15\"", "null")), 502, bad},
      {"TemperatureAsText", json_reply(200, with(":2.3,", ":\"2.3\",")), 502, bad},
      {"TemperatureBeyondAllNumbers", json_reply(200, with(":2.3,", ":1e999,")), 502, bad},
      {"WindMissing", json_reply(200, with(",\"wind_speed_10m\":10.7}", "}")), 502, bad},
      {"TwoDocuments", json_reply(200, good + good), 502, bad},
      {"AnArray", json_reply(200, "[" + good + "]"), 502, bad},
      {"AnErrorWithStatus200", json_reply(200, R"({"error":true,"reason":"no"})"), 502, bad},
      {"Empty", json_reply(200, ""), 502, bad},
      {"EmptyWithLength", truncated(json_reply(200, ""), Framing::content_length), 502, bad},
      {"TruncatedByLength", truncated(json_reply(200, good), Framing::content_length), 502, ""},
      {"TruncatedWithinAChunk", truncated(json_reply(200, good), Framing::chunked), 502, ""},
      {"TruncatedButFramedWhole", json_reply(200, good.substr(0, good.size() - 1)), 502, bad},
      {"FiveMegabytes", json_reply(200, good + std::string(5'000'000, ' ')), 502, bad},
      {"FiveMegabytesInAFewKilobytes", gzipped(json_reply(200, good + std::string(5'000'000, ' '))), 502, bad},
      {"BrokenCompression",
       [&] {
         ProviderReply reply = gzipped(json_reply(200, good));
         reply.body[reply.body.size() / 2] ^= 0x55;
         return reply;
       }(),
       502, ""},
      {"Html", typed(json_reply(200, "<html></html>"), "text/html"), 502, bad},
      {"JsonThatSaysItIsHtml", typed(json_reply(200, good), "text/html"), 502, bad},
      {"Refused", refusal(400, "No data is available for this location"), 400, "provider-refused"},
      {"KeyInvalid", refusal(400, "The supplied API key is invalid."), 502, "provider-denied"},
      {"Forbidden", refusal(403, "This API endpoint requires the API Professional or Enterprise plan"), 502,
       "provider-denied"},
      {"NotFound", refusal(404, "Not Found"), 502, error},
      {"TooMany", refusal(429, "Too many concurrent requests"), 429, "provider-limited"},
      {"Status500", refusal(500, "Something went wrong."), 502, error},
      {"Nginx502", html_reply(502, "<html><head><title>502 Bad Gateway</title></head></html>"), 502, error},
      {"Status503", refusal(503, "The service is overloaded"), 502, error},
      {"Nginx504", html_reply(504, "<html><head><title>504 Gateway Time-out</title></head></html>"), 502, error},
      {"Redirect", elsewhere, 502, bad},
      {"Reset", connection_reset(), 502, gone},
      {"ResetWithinTheBody", reset(json_reply(200, good)), 502, gone},
      {"Garbage", garbage("\x01\x02\x03 not HTTP at all\r\n\r\n"), 502, ""},
      {"ClosedWithoutAWord", garbage(""), 502, gone},
      {"NeverAnswering", never(), 504, slow},
      {"SilentWithinTheBody", hold(json_reply(200, good)), 504, slow},
      {"OneByteASecond", trickled(json_reply(200, good), milliseconds(1000)), 504, slow},
  };
}

class ProviderFault : public testing::TestWithParam<Fault> {};

TEST_P(ProviderFault, IsAProblemForTheClientAndLeavesNothingBehind) {
  const Fault& fault = GetParam();
  const RedisServer redis;
  FakeProvider provider;
  provider.always(fault.reply);
  const Service service({{"OPEN_METEO_URL", provider.url()},
                         {"REDIS_URL", redis.url()},
                         {"UPSTREAM_TIMEOUT", "700ms"},
                         {"REFUSAL_TTL", "2s"}});
  const Answer answer = service.get(kReal);
  expect_problem(answer, fault.status);
  EXPECT_LT(answer.took, milliseconds(700 + 1000 * kSlowdown));
  if (!fault.problem.empty()) EXPECT_EQ(json_at(answer.body, "/type"), cat("/problems/", fault.problem));
  EXPECT_TRUE(answer.header("Cache-Status").starts_with("weather-cache; fwd=uri-miss"))
      << answer.header("Cache-Status");
  EXPECT_FALSE(answer.body.contains("127.0.0.1")) << "an internal address: " << answer.body;
  // A refused question would be refused again, so it has no Retry-After. All other problems have one.
  EXPECT_EQ(answer.has("Retry-After"), fault.problem != "provider-refused");
  std::string stored = redis.command({"GET", "weather:52.52:13.41"}).value_or("");
  if (fault.problem == "provider-refused") {  // the answer does not wait for the write
    const auto limit = std::chrono::steady_clock::now() + milliseconds(900);
    while (stored.empty() && std::chrono::steady_clock::now() < limit) {
      stored = redis.command({"GET", "weather:52.52:13.41"}).value_or("");
    }
    EXPECT_TRUE(stored.contains("kind=refusal")) << stored;
  }
  EXPECT_FALSE(stored.contains("kind=answer")) << stored;

  provider.answer_weather();
  const Answer next =
      get_until(service, kReal, milliseconds(10000), [](const Answer& later) { return later.status == 200; });
  EXPECT_EQ(next.status, 200) << next.body;
  EXPECT_EQ(source_of(next), kFromProvider) << "nothing had been stored";
}

INSTANTIATE_TEST_SUITE_P(Provider, ProviderFault, testing::ValuesIn(faults()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Provider, ThatRefusesConnectionsIsAProblemUntilItIsBack) {
  FakeProvider provider;
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  provider.shut();
  const Answer answer = service.get(kReal);
  expect_problem(answer, 502);
  EXPECT_EQ(json_at(answer.body, "/type"), "/problems/provider-unreachable");
  provider.open();
  EXPECT_EQ(
      get_until(service, kReal, milliseconds(10000), [](const Answer& later) { return later.status == 200; }).status,
      200);
}

TEST(Provider, WithAnUnknownCertificateIsNotTrusted) {
  CertificateAuthority authority;
  const FakeProvider provider(authority.issue({"localhost"}));
  const Service service({{"OPEN_METEO_URL", provider.url()}});
  const Answer answer = service.get(kReal);
  expect_problem(answer, 502);
  EXPECT_EQ(json_at(answer.body, "/type"), "/problems/provider-unreachable");
  EXPECT_EQ(provider.calls(), 0U);
}

TEST(Provider, ThatCountsOurCallsIsAskedAgainWhenItsWindowEnds) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  struct Window {
    std::string_view reason;
    long length;
  };
  for (const auto& [reason, length] :
       {Window{"Minutely API request limit exceeded. Please try again in one minute.", 60},
        Window{"A reason that nobody has heard of", 60},
        Window{"Hourly API request limit exceeded. Please try again in the next hour.", 3600},
        Window{"Daily API request limit exceeded. Please try again tomorrow.", 86400}}) {
    SCOPED_TRACE(reason);
    FakeProvider provider;
    provider.always(refusal(429, reason));
    const Service service({{"OPEN_METEO_URL", provider.url()}});
    const auto now = duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const Answer answer = service.get(kReal);
    expect_problem(answer, 429);
    EXPECT_EQ(json_at(answer.body, "/type"), "/problems/provider-limited");
    const long left = length - now % length;
    const long told = std::atol(answer.header("Retry-After").c_str());
    EXPECT_GE(told, left - 5);
    EXPECT_LE(told, left + 65) << "the provider clears its counters once a minute";
  }
}

// Passes every recorded answer of a folder through the service.
std::string folder_of_recordings() {
  const char* given = std::getenv("WX_RECORDED");  // NOLINT(concurrency-mt-unsafe): no thread changes it
  return given != nullptr ? given : WX_RECORDED;
}

TEST(Recordings, OfTheRealProviderComeOutDigitForDigitOrAsProblems) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> recordings{{"built in", std::string(kRecorded)}};
  std::error_code absent;
  for (const char* folder : {"current-samples", "frenck-python-open-meteo", "home-assistant-core", "linecast"}) {
    for (const auto& file : fs::directory_iterator(fs::path(folder_of_recordings()) / folder, absent)) {
      std::ostringstream text;
      text << std::ifstream(file.path(), std::ios::binary).rdbuf();
      recordings[file.path().string()] = text.str();
    }
  }
  FakeProvider provider;
  const std::regex number(R"re("current":\s*\{[^}]*"temperature_2m":\s*([-+.eE0-9]+)[^}]*\})re");
  const std::regex wind(R"re("current":\s*\{[^}]*"wind_speed_10m":\s*([-+.eE0-9]+)[^}]*\})re");
  int lat = 0;
  for (const auto& [name, text] : recordings) {
    SCOPED_TRACE(name);
    provider.always(json_reply(200, text));
    const Service service(
        {{"OPEN_METEO_URL",
          provider.url()}});  // a new service each time, because failures in a row would open its breaker
    const Answer answer = service.get(cat("/weather?lat=", ++lat, "&lon=3"));
    std::smatch temperature;
    std::smatch speed;
    const bool complete = is_json(text) && text.contains("temperature_2m") &&
                          std::regex_search(text, temperature, number) && std::regex_search(text, speed, wind);
    if (!complete) {
      expect_problem(answer, 502);
      continue;
    }
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.body.contains(cat(R"("temperature_2m":)", temperature[1].str(), ","))) << answer.body;
    EXPECT_TRUE(answer.body.contains(cat(R"("wind_speed_10m":)", speed[1].str(), "}"))) << answer.body;
  }
}

TEST(Recordings, OfTheRealProvidersErrorsAreProblems) {
  namespace fs = std::filesystem;
  std::error_code absent;
  FakeProvider provider;
  for (const auto& file : fs::directory_iterator(fs::path(folder_of_recordings()) / "errors", absent)) {
    const std::string name = file.path().filename().string();
    SCOPED_TRACE(name);
    std::ostringstream text;
    text << std::ifstream(file.path(), std::ios::binary).rdbuf();
    const int status = std::stoi(name);
    const bool html = name.ends_with(".html");
    provider.always(html ? html_reply(status, text.str()) : json_reply(status, text.str()));
    const Service service({{"OPEN_METEO_URL", provider.url()}});
    expect_problem(service.get(kReal), status == 400 || status == 429 ? status : 502);
  }
}

}  // namespace
}  // namespace wx::test
