// The provider's own paths: its clients get its bytes, from the cache.
#include <algorithm>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "base/gzip.hpp"
#include "base/text.hpp"
#include "flow/json.hpp"
#include "flow/service.hpp"
#include "support/background.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/movable_clock.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Headers kGzip{{"Accept-Encoding", "gzip"}};

// A forecast as the provider writes one: the hours of a day, and `more` at the end of its head.
std::string forecast(std::string_view generation_time, std::size_t rows = 24, std::string_view more = {}) {
  std::string times;
  std::string values;
  for (std::size_t i = 0; i < rows; ++i) {
    append(times, cat(i == 0 ? "" : ",", "\"2026-11-", 10 + i / 24, "T", i % 24 < 10 ? "0" : "", i % 24, ":00\""));
    append(values, cat(i == 0 ? "" : ",", i % 17, ".", i % 10));
  }
  return cat("{\"latitude\":52.52,\"longitude\":13.419998,\"generationtime_ms\":", generation_time,
             ",\"utc_offset_seconds\":0,\"timezone\":\"GMT\",\"timezone_abbreviation\":\"GMT\",\"elevation\":38.0",
             more, ",\"hourly_units\":{\"time\":\"iso8601\",\"temperature_2m\":\"°C\"},\"hourly\":{\"time\":[", times,
             "],\"temperature_2m\":[", values, "]}}");
}

ProviderReply reply_of(std::string body, std::string type = "application/json; charset=utf-8") {
  ProviderReply reply;
  reply.content_type = std::move(type);
  reply.body = std::move(body);
  return reply;
}

ProviderReply packed(ProviderReply reply) {
  reply.body = deflate_gzip(reply.body, 6);
  reply.headers.emplace_back("Content-Encoding", "gzip");
  return reply;
}

constexpr std::string_view kForecast = "/v1/forecast?latitude=52.52&longitude=13.41&hourly=temperature_2m";

std::string decoded(const Answer& answer) {
  if (!answer.has("Content-Encoding")) return answer.body;
  EXPECT_EQ(answer.header("Content-Encoding"), "gzip");
  return inflate_gzip(answer.body, std::size_t{64} << 20).value_or("(not gzip)");
}

void expect_envelope(const Answer& answer, int status, std::string_view reason) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*");
  EXPECT_TRUE(answer.body.starts_with("{\"error\":true,\"reason\":")) << answer.body;
  EXPECT_EQ(json_at(answer.body, "/reason"), reason) << answer.body;
}

class DropIn : public testing::Test {
 protected:
  DropIn() { clock_.begin_day(); }  // at the end of a day, no answer would be fresh for long
  [[nodiscard]] Settings settings(Settings more = {}) const {
    more.insert(clock_.setting());
    more.emplace("OPEN_METEO_URL", cat(provider_.url(), "/{api}"));
    return more;
  }
  // Answers every call with this body, which has the time that this call took.
  void answer_forecasts() {
    provider_.script(
        [](const ProviderRequest& request) { return packed(reply_of(forecast(cat("0.", 100 + request.number)))); });
  }

  ClockControl clock_;
  FakeProvider provider_;
};

TEST_F(DropIn, AsksOnceForFiveSpellingsOfAQuestion) {
  answer_forecasts();
  const Service service(settings());
  const std::vector<std::string> spellings{
      "/v1/forecast?latitude=52.52&longitude=13.41&hourly=temperature_2m,rain",
      "/v1/forecast?latitude=52.52&longitude=13.41&hourly=temperature_2m%2Crain",
      "/v1/forecast?latitude=52.52&longitude=13.41&hourly=temperature_2m&hourly=rain",
      "/v1/forecast?latitude[]=52.52&longitude[]=13.41&hourly[]=temperature_2m&hourly[]=rain",
      "/v1/forecast?_=1&past_days=0&hourly=temperature_2m,rain&longitude=13.410&temperature_unit=celsius&"
      "latitude=5.252e1&timeformat=iso8601&format=json&cell_selection=land",
  };
  std::set<std::string> bodies;
  for (const auto& target : spellings) {
    const auto answer = service.get(target);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("X-Cache"), bodies.empty() ? "MISS" : "HIT") << target;
    bodies.insert(answer.body);
  }
  EXPECT_EQ(provider_.calls(), 1U);
  EXPECT_EQ(bodies.size(), 1U);
  EXPECT_EQ(provider_.requests().at(0).target,
            "/api/v1/forecast?latitude=52.52&longitude=13.41&hourly=temperature_2m,rain");
}

TEST_F(DropIn, SharesAnAnswerThroughRedis) {
  answer_forecasts();
  const RedisServer redis({.clock = &clock_});
  const Service first(patient(redis, settings()));
  const Service second(patient(redis, settings()));
  const auto asked = first.get(kForecast);
  EXPECT_EQ(asked.status, 200) << asked.body;
  const auto shared = get_until(second, "/v1/forecast?longitude=13.41&latitude=52.520&hourly[]=temperature_2m",
                                milliseconds(10'000), [](const Answer& a) { return a.header("X-Cache") == "HIT"; });
  EXPECT_EQ(shared.header("X-Cache"), "HIT");
  EXPECT_EQ(shared.body, asked.body);
  EXPECT_EQ(shared.header("ETag"), asked.header("ETag"));
  EXPECT_EQ(shared.header("Content-Type"), asked.header("Content-Type"));
  EXPECT_EQ(provider_.calls(), 1U);
}

TEST_F(DropIn, GivesTheProvidersBytesFromEveryTierInEveryCoding) {
  struct Case {
    std::string name;
    std::string format;
    ProviderReply reply;
  };
  auto csv = reply_of(
      "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
      "52.52,13.419998,38.0,0,GMT,GMT\n\ntime,temperature_2m (°C)\n2026-11-10T00:00,2.3\n",
      "text/csv; charset=utf-8");
  csv.headers.emplace_back("Content-Disposition", "attachment; filename=\"open-meteo-52.52N13.42E38m.csv\"");
  const std::vector<Case> cases{{"small", "json", reply_of(forecast("0.5", 12))},
                                {"large", "json", reply_of(forecast("0.5", 24 * 14))},
                                {"csv", "csv", csv}};
  for (const bool gzip : {false, true}) {
    for (const auto& [name, format, plain] : cases) {
      SCOPED_TRACE(cat(name, gzip ? " as gzip" : " as it is"));
      provider_.open();
      provider_.always(gzip ? packed(plain) : plain);
      const RedisServer redis({.clock = &clock_});
      const auto all = patient(redis, settings({{"FORECAST_TTL", "1h"}}));
      const Service first(all);
      const auto target = cat(kForecast, "&format=", format);
      const auto check = [&](const Service& service, const Headers& headers) {
        const auto answer = service.get(target, headers);
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(decoded(answer), plain.body);
        EXPECT_EQ(answer.header("Content-Type"), plain.content_type);
        EXPECT_EQ(answer.header("Vary"), "Accept-Encoding");
        EXPECT_EQ(answer.has("Content-Encoding"), !headers.empty() && plain.body.size() > 1400);
        if (name == "csv") EXPECT_EQ(answer.header("Content-Disposition"), plain.headers.at(0).second);
        const auto head = HttpClient(service.port()).request("HEAD", target, headers);
        for (const auto* field : {"Content-Type", "Content-Encoding", "Content-Length", "ETag", "Vary"}) {
          EXPECT_EQ(head.header(field), answer.header(field)) << field;
        }
        return answer;
      };
      EXPECT_EQ(check(first, {}).header("X-Cache"), "MISS");
      EXPECT_EQ(check(first, kGzip).header("X-Cache"), "HIT");
      EXPECT_EQ(check(first, {}).header("X-Cache"), "HIT");
      const Service second(all);
      (void)get_until(second, target, milliseconds(10'000),
                      [](const Answer& a) { return a.header("Cache-Status").contains("detail=memory"); });
      check(second, kGzip);
      check(second, {});
    }
  }
}

TEST_F(DropIn, KeepsTheHostsOfAPathApart) {
  provider_.script([](const ProviderRequest& request) {
    return reply_of(
        forecast("0.5", 24, cat(",\"x\":\"", request.target.substr(1, request.target.find('/', 1) - 1), "\"")));
  });
  const Service service(settings());
  const auto host_of = [&](std::string_view target, const Headers& headers = {}) {
    const auto answer = service.get(target, headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json_at(answer.body, "/x");
  };
  const std::string query = "?latitude=1&longitude=2&hourly=temperature_2m&run=2026-11-01T00:00";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(host_of(cat("/v1/forecast", query)), "api");
    EXPECT_EQ(host_of(cat("/v1/forecast", query), {{"Host", "api.open-meteo.com"}}), "api");
    for (const auto* label : {"historical-forecast-api", "previous-runs-api", "single-runs-api"}) {
      EXPECT_EQ(host_of(cat("/", label, "/v1/forecast", query)), label);
      EXPECT_EQ(host_of(cat("/v1/forecast", query), {{"Host", cat(label, ".open-meteo.com:80")}}), label);
      EXPECT_EQ(host_of(cat("/", label, "/v1/forecast", query), {{"Host", "api.open-meteo.com"}}), label);
      EXPECT_EQ(host_of(cat("http://", label, ".open-meteo.com/v1/forecast", query)), label);
    }
  }
  EXPECT_EQ(provider_.calls(), 4U);
}

TEST_F(DropIn, RefusesInTheProvidersEnvelope) {
  answer_forecasts();
  const Service service(settings());
  expect_envelope(service.get("/v1/nothing"), 404, "Not Found");
  expect_envelope(service.get("/archive-api/v1/forecast"), 404, "Not Found");
  expect_envelope(service.get("/v1/../weather"), 400,
                  "The path has a malformed percent escape, or a segment that is . or ..");
  expect_envelope(service.get(cat("/v1/forecast?latitude=", std::string(17'000, '1'))), 400,
                  "Your API URL is too long. Use POST.");
  expect_envelope(service.get(cat("/v1/forecast?latitude=1&longitude=1&x=", std::string(7'000, '1'))), 400,
                  "Your API URL is too long. Use POST.");
  expect_envelope(service.get(kForecast, {{"X", std::string(33'000, 'a')}}), 400, "the header is larger than 32 KiB");
  expect_envelope(service.get(cat(kForecast, "&apikey=secret")), 400,
                  "API keys of clients are not supported by this cache. Ask it without a key.");
  expect_envelope(service.get(kForecast, {{"X-Api-Key", "secret"}}), 400,
                  "API keys of clients are not supported by this cache. Ask it without a key.");
  expect_envelope(service.get(cat("/customer-api", kForecast)), 401,
                  "API key required. Please add &apikey= to the URL.");
  expect_envelope(service.get(kForecast, {{"Cache-Control", "only-if-cached"}}), 504,
                  "The request accepts only a cached answer, and none is cached");
  for (const auto* method : {"PUT", "PATCH", "BREW", "DELETE"}) {
    const auto answer = HttpClient(service.port()).request(method, kForecast);
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(json_at(answer.body, "/error"), "true");
  }
  HttpClient post(service.port());
  const std::string form(100'000, 'x');
  post.send_raw(
      cat("POST /v1/forecast HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
          "Content-Length: ",
          form.size(), "\r\n\r\n", form));
  const auto refused = post.read();
  EXPECT_EQ(refused.status, 405) << refused.body;
  EXPECT_EQ(json_at(refused.body, "/error"), "true");
  const auto options = HttpClient(service.port()).request("OPTIONS", kForecast);
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(options.header("Access-Control-Max-Age"), "600");
  EXPECT_EQ(provider_.calls(), 0U);
  EXPECT_FALSE(service.log().contains("secret"));
}

// What the provider says reaches the client byte for byte, and its failures do not reach one that has a kept answer.
TEST_F(DropIn, PassesOnWhatTheProviderRefuses) {
  const Service service(settings({{"UPSTREAM_LIMIT", "off"}}));
  const std::string swift = R"({"reason":"No data is available for this location","error":true})";
  const auto answer_with = [&](ProviderReply reply) {
    provider_.always(packed(std::move(reply)));
    static int place = 0;
    return service.get(cat("/v1/forecast?latitude=", ++place, "&longitude=1&hourly=rain"));
  };
  for (const int status : {400, 401, 403, 404}) {
    const auto answer = answer_with(json_reply(status, swift));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, swift);
    EXPECT_EQ(answer.header("Content-Type"), "application/json; charset=utf-8");
  }
  const auto late = answer_with(json_reply(500, R"({"error":true,"reason":"Something went wrong."})"));
  EXPECT_EQ(late.status, 502);
  const auto page = answer_with(html_reply(502, "<html>"));
  EXPECT_EQ(page.status, 502);
  EXPECT_EQ(json_at(page.body, "/error"), "true");
}

// A web page is not the provider's answer, whatever its status. npm's openmeteo decodes the body of a 404 as an answer.
TEST_F(DropIn, PassesOnNoStatusOfAWebPage) {
  const Service service(settings({{"UPSTREAM_LIMIT", "off"}}));
  for (const int status : {400, 401, 403, 404, 405}) {
    provider_.always(html_reply(status, "<html>"));
    const auto answer = service.get(cat("/v1/forecast?latitude=", status % 90, "&longitude=1"));
    EXPECT_EQ(answer.status, 502) << status;
    EXPECT_EQ(json_at(answer.body, "/error"), "true");
  }
}

TEST_F(DropIn, SendsNothingOfTheClientsHeadersOn) {
  answer_forecasts();
  const Service service(settings());
  EXPECT_EQ(service.get(kForecast, {{"CDN-Loop", std::string(9'000, 'x')}, {"X-Forwarded-For", "192.0.2.1"}}).status,
            200);
  const auto request = provider_.requests().at(0);
  EXPECT_TRUE(request.header("CDN-Loop").starts_with("weather-cache; id=")) << request.header("CDN-Loop");
  EXPECT_LT(request.header("CDN-Loop").size(), 60U);
  EXPECT_EQ(request.header("X-Forwarded-For"), "");
  EXPECT_EQ(request.header("Accept-Encoding"), "gzip");
}

TEST_F(DropIn, SendsOnNoHeaderFieldThatIsNotPlainText) {
  const Service service(settings());
  auto reply = reply_of(forecast("0.5"));
  reply.headers.emplace_back("Content-Disposition", "attachment; filename=\"a\xc3\xa9\t\x01\"");
  provider_.always(reply);
  const auto answer = service.get(kForecast);
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.has("Content-Disposition"));
  reply.content_type = "application/json; a=\"\xc3\xa9\"";
  provider_.always(reply);
  EXPECT_EQ(service.get(cat(kForecast, "&x=1")).status, 502);
}

TEST_F(DropIn, RemembersARefusal) {
  const Service service(settings());
  provider_.always(json_reply(400, R"({"reason":"Invalid timezone","error":true})"));
  for (int i = 0; i < 3; ++i) {
    const auto answer = service.get(kForecast);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body, R"({"reason":"Invalid timezone","error":true})");
  }
  EXPECT_EQ(provider_.calls(), 1U);
}

TEST_F(DropIn, CapsRetryAfterAndTellsTheTrueEnd) {
  const Service service(settings());
  provider_.always(refusal(429, "Daily API request limit exceeded. Please try again tomorrow."));
  const auto answer = service.get(kForecast);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(json_at(answer.body, "/reason"), "Daily API request limit exceeded. Please try again tomorrow.");
  EXPECT_LE(std::stoi(answer.header("Retry-After")), 60);
  EXPECT_GE(std::stoi(answer.header("X-Quota-Reset")), std::stoi(answer.header("Retry-After")));
}

TEST_F(DropIn, SaysThatTheBudgetIsUsedUpInTheProvidersWords) {
  answer_forecasts();
  const Service service(settings({{"UPSTREAM_LIMIT", "1/d"}}));
  EXPECT_EQ(service.get(kForecast).status, 200);
  const auto answer = service.get("/v1/forecast?latitude=1&longitude=1");
  EXPECT_EQ(answer.status, 429);
  EXPECT_TRUE(json_at(answer.body, "/reason").contains("API request limit exceeded")) << answer.body;
}

// A stream that fails after the status 200 is no answer.
TEST_F(DropIn, KeepsNothingOfAStreamThatFailed) {
  const Service service(settings());
  const auto whole = forecast("0.5");
  for (const auto& body : {std::string("Unexpected error while streaming data: timeoutReached"),
                           cat(whole.substr(0, 200), "Unexpected error while streaming data: timeoutReached"),
                           whole.substr(0, whole.size() - 1)}) {
    provider_.always(packed(reply_of(body)));
    const auto answer = service.get(cat(kForecast, "&x=", body.size()));
    EXPECT_EQ(answer.status, 502) << answer.body;
    EXPECT_EQ(json_at(answer.body, "/error"), "true");
  }
  provider_.always(reply_of(whole));
  EXPECT_EQ(service.get(kForecast).body, whole);
}

// Home Assistant's library looks for the text of a bare nan.
TEST_F(DropIn, PassesOnAnAnswerWithoutValues) {
  const std::string nan = R"({"latitude":nan,"longitude":nan,"generationtime_ms":0.1,"utc_offset_seconds":0})";
  const Service service(settings());
  provider_.always(reply_of(nan));
  for (int i = 0; i < 2; ++i) {
    const auto answer = service.get(kForecast);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, nan);
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  }
  EXPECT_EQ(provider_.calls(), 1U);
}

TEST_F(DropIn, ServesAKeptAnswerWhileTheProviderIsAway) {
  answer_forecasts();
  const Service service(settings({{"FORECAST_TTL", "1h"}, {"CACHE_SOFT_WAIT", "0"}}));
  const auto first = service.get(kForecast, kGzip);
  EXPECT_EQ(first.status, 200);
  clock_.advance(hours(3));
  for (const auto& fault : {html_reply(502, "<html>"), refusal(429, "Hourly API request limit exceeded."),
                            connection_reset(), truncated(reply_of(forecast("1")), ProviderReply::Framing::chunked)}) {
    provider_.always(fault);
    clock_.advance(minutes(2));
    const auto kept = get_until(service, kForecast, milliseconds(10'000),
                                [](const Answer& a) { return a.header("Cache-Status").contains("stale-if-error"); });
    EXPECT_EQ(kept.header("X-Cache"), "STALE");
    EXPECT_EQ(kept.body, decoded(first));
    EXPECT_GT(std::stoi(kept.header("Age")), 3 * 3600);
  }
}

TEST_F(DropIn, CollapsesManyClientsAndKeepsToItsConcurrency) {
  provider_.script([](const ProviderRequest&) {
    auto reply = packed(reply_of(forecast("0.5")));
    reply.delay = milliseconds(20);
    return reply;
  });
  const Service service(settings({{"UPSTREAM_CONCURRENCY", "4"}}));
  std::atomic<int> good = 0;
  in_parallel(200, [&](std::size_t i) {
    good += service.get(cat("/v1/forecast?latitude=", i % 40, "&longitude=1&hourly=rain")).status == 200 ? 1 : 0;
  });
  EXPECT_EQ(good, 200);
  EXPECT_EQ(provider_.calls(), 40U);
  EXPECT_LE(provider_.max_running(), 4U);
}

TEST_F(DropIn, DoesNotCallItself) {
  const auto port = free_port();
  const Service service({{"PORT", std::to_string(port)}, {"OPEN_METEO_URL", cat("http://127.0.0.1:", port)}});
  const auto answer = service.get(kForecast);
  EXPECT_EQ(answer.status, 502) << answer.body;
  EXPECT_TRUE(json_at(answer.body, "/reason").contains("OPEN_METEO_RESOLVE")) << answer.body;
}

TEST_F(DropIn, PurgesOneQuestion) {
  answer_forecasts();
  const Service service(settings({{"ADMIN_TOKEN", "s3cret-token"}}));
  EXPECT_EQ(service.get(kForecast).header("X-Cache"), "MISS");
  EXPECT_EQ(service.get(kForecast).header("X-Cache"), "HIT");
  const auto wrong = HttpClient(service.port()).request("DELETE", kForecast, {{"Authorization", "Bearer nonsense"}});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(json_at(wrong.body, "/error"), "true");
  const auto purged = HttpClient(service.port())
                          .request("DELETE", "/v1/forecast?longitude=13.41&latitude=52.52&hourly[]=temperature_2m",
                                   {{"Authorization", "Bearer s3cret-token"}});
  EXPECT_EQ(purged.status, 204) << purged.body;
  EXPECT_EQ(service.get(kForecast).header("X-Cache"), "MISS");
}

// A failed purge must not look like a limit of the provider's.
TEST_F(DropIn, SaysThatRedisHasNotConfirmedAPurge) {
  const Service service(
      settings({{"ADMIN_TOKEN", "s3cret-token"}, {"REDIS_URL", cat("redis://127.0.0.1:", free_port())}}));
  const auto purged =
      HttpClient(service.port()).request("DELETE", kForecast, {{"Authorization", "Bearer s3cret-token"}});
  EXPECT_EQ(purged.status, 502);
  EXPECT_TRUE(json_at(purged.body, "/reason").contains("Purged in this process only")) << purged.body;
}

TEST_F(DropIn, RevalidatesByTheDataAlone) {
  answer_forecasts();
  const Service service(settings());
  const auto first = service.get(kForecast);
  EXPECT_EQ(service.get(kForecast, {{"If-None-Match", first.header("ETag")}}).status, 304);
  clock_.advance(hours(30));
  const auto second = get_until(service, kForecast, milliseconds(10'000),
                                [](const Answer& a) { return a.header("X-Cache") != "STALE"; });
  EXPECT_NE(second.body, first.body) << "the provider took another time";
  EXPECT_EQ(second.header("ETag"), first.header("ETag"));
}

TEST_F(DropIn, IsOffWhereTheOperatorSaysSo) {
  const Service service(settings({{"DROP_IN", "off"}}));
  EXPECT_EQ(service.get(kForecast).status, 404);
  EXPECT_EQ(service.get(kForecast).header("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace wx::test
