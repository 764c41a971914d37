// What a client of the provider's own paths gets when there is no new answer: with a kept answer, and without one.
#include <functional>

#include <gtest/gtest.h>

#include "base/gzip.hpp"
#include "base/text.hpp"
#include "flow/json.hpp"
#include "flow/service.hpp"
#include "support/fake_provider.hpp"
#include "support/movable_clock.hpp"

namespace wx::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const std::string kAnswer =
    R"({"latitude":52.52,"longitude":13.419998,"generationtime_ms":0.2,"utc_offset_seconds":0,"timezone":"GMT",)"
    R"("timezone_abbreviation":"GMT","elevation":38.0,"hourly_units":{"time":"iso8601","rain":"mm"},)"
    R"("hourly":{"time":["2026-11-30T00:00"],"rain":[0.10]}})";
constexpr std::string_view kKept = "/v1/forecast?latitude=1&longitude=1&hourly=rain";
constexpr std::string_view kNew = "/v1/forecast?latitude=2&longitude=1&hourly=rain";

class DropInErrors : public testing::Test {
 protected:
  DropInErrors() { clock_.begin_day(); }  // the budget is that of a day
  [[nodiscard]] Settings settings(Settings more = {}) const {
    more.emplace("OPEN_METEO_URL", cat(provider_.url(), "/{api}"));
    more.emplace("UPSTREAM_LIMIT", "off");
    more.insert(clock_.setting());
    return more;
  }
  // Keeps an answer that is no longer fresh nor stale.
  void keep(const Service& service) {
    provider_.always(json_reply(200, kAnswer));
    EXPECT_EQ(service.get(kKept).status, 200);
    clock_.advance(hours(2));
  }
  // A fault of the provider: the kept answer for the one, and `status` with this text in its reason for the other.
  void expect(const Settings& more, const std::function<void()>& fail, int status, std::string_view reason) {
    const Service service(settings(more));
    keep(service);
    fail();
    const auto kept = service.get(kKept);
    EXPECT_EQ(kept.status, 200) << kept.body;
    EXPECT_EQ(kept.header("X-Cache"), "STALE");
    EXPECT_EQ(kept.body, kAnswer);
    expect_envelope(service.get(kNew), status, reason);
    provider_.open();
  }
  static void expect_envelope(const Answer& answer, int status, std::string_view reason) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(json_at(answer.body, "/error"), "true") << answer.body;
    EXPECT_TRUE(json_at(answer.body, "/reason").contains(reason)) << answer.body;
  }

  ClockControl clock_;
  FakeProvider provider_;
};

TEST_F(DropInErrors, OfTheProvider) {
  const std::vector<std::pair<ProviderReply, std::string>> cases{
      {refusal(500, "Something went wrong."), "Something went wrong."},
      {html_reply(502, "<html>"), "502"},
      {html_reply(200, "<html>"), ""},
      {connection_reset(), ""},
      {json_reply(200, kAnswer.substr(0, 200) + "Unexpected error while streaming data: timeoutReached"),
       "timeoutReached"},
      {truncated(json_reply(200, kAnswer), ProviderReply::Framing::content_length), ""},
      {garbage("HTTP/9.9 what\r\n\r\n"), ""}};
  for (const auto& [reply, reason] : cases) {
    SCOPED_TRACE(cat(reply.status, " ", reply.body.substr(0, 40)));
    expect({}, [&] { provider_.always(reply); }, 502, reason);
  }
}

TEST_F(DropInErrors, OfAProviderThatIsNotThere) {
  expect({}, [&] { provider_.shut(); }, 502, "");
}

TEST_F(DropInErrors, OfAProviderThatIsSilent) {
  expect({{"UPSTREAM_TIMEOUT", "300ms"}, {"CACHE_SOFT_WAIT", "100ms"}}, [&] { provider_.always(never()); }, 504, "");
}

TEST_F(DropInErrors, OfTheProvidersLimit) {
  const Service service(settings());
  keep(service);
  provider_.always(refusal(429, "Hourly API request limit exceeded. Please try again in the next hour."));
  EXPECT_EQ(service.get(kKept).header("X-Cache"), "STALE");
  const auto answer = service.get(kNew);
  expect_envelope(answer, 429, "Hourly API request limit exceeded.");
  EXPECT_LE(std::stoi(answer.header("Retry-After")), 60);
}

TEST_F(DropInErrors, OfAnAnswerThatIsTooLarge) {
  const auto large = kAnswer.substr(0, kAnswer.size() - 1) + std::string(100'000, ' ') + "}";
  auto packed = json_reply(200, deflate_gzip(large, 6));
  packed.headers.emplace_back("Content-Encoding", "gzip");
  for (const auto& reply : {packed, json_reply(200, large)}) {
    expect({{"RESPONSE_LIMIT", "64KiB"}}, [&] { provider_.always(reply); }, 502, "RESPONSE_LIMIT");
  }
}

// Other questions may well be answered, so the breaker does not count it.
TEST_F(DropInErrors, ALargeAnswerInAnyFormatIsNoFaultOfTheProvider) {
  const Service service(settings({{"RESPONSE_LIMIT", "64KiB"}}));
  auto csv = json_reply(200, std::string(100'000, ','));
  csv.content_type = "text/csv; charset=utf-8";
  provider_.always(csv);
  for (int i = 0; i < 10; ++i) {
    expect_envelope(service.get(cat(kNew, "&format=csv&x=", i)), 502, "RESPONSE_LIMIT");
  }
  provider_.always(json_reply(200, kAnswer));
  EXPECT_EQ(service.get(kNew).status, 200);
}

TEST_F(DropInErrors, OfTheBudget) {
  expect({{"UPSTREAM_LIMIT", "1/d"}}, [] {}, 429, "API request limit exceeded");
}

// The query itself is not good any more: an old answer is none to it.
TEST_F(DropInErrors, ARefusalTakesThePlaceOfAKeptAnswer) {
  const Service service(settings());
  keep(service);
  const std::string swift = R"({"reason":"No data is available for this location","error":true})";
  provider_.always(json_reply(400, swift));
  const auto calls = provider_.calls();
  for (int i = 0; i < 3; ++i) {
    const auto answer = service.get(kKept);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body, swift);
  }
  EXPECT_EQ(provider_.calls(), calls + 1) << "it is remembered";
  // The kept answer is still there for a fault.
  clock_.advance(minutes(10));
  provider_.always(html_reply(502, "<html>"));
  EXPECT_EQ(service.get(kKept).body, kAnswer);
}

TEST_F(DropInErrors, AnAnswerWithoutValuesDoesNotTakeThePlaceOfAKeptOne) {
  const Service service(settings());
  keep(service);
  provider_.always(json_reply(200, R"({"latitude":nan,"longitude":nan,"generationtime_ms":0.1})"));
  for (int i = 0; i < 2; ++i) {
    const auto answer = service.get(kKept);
    EXPECT_EQ(answer.header("X-Cache"), "STALE");
    EXPECT_EQ(answer.body, kAnswer);
  }
}

// A missing key is not remembered: the operator may set it right.
TEST_F(DropInErrors, ADenialIsTheProviders) {
  const Service service(settings());
  const std::string denied = R"({"reason":"API key required","error":true})";
  for (const int status : {401, 403}) {
    provider_.always(json_reply(status, denied));
    const auto answer = service.get(cat(kNew, "&x=", status));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, denied);
  }
}

TEST_F(DropInErrors, OfAClientThatLoadsTooMuch) {
  provider_.always(json_reply(200, kAnswer));
  const Service service(settings({{"CLIENT_LOADS", "1/m"}}));
  EXPECT_EQ(service.get(kKept).status, 200);
  const auto answer = service.get(kNew);
  expect_envelope(answer, 429, "Too many concurrent requests");
  EXPECT_LE(std::stoi(answer.header("Retry-After")), 60);
  EXPECT_EQ(service.get(kKept).header("X-Cache"), "HIT");
}

TEST_F(DropInErrors, OfACopyThatIsNotThere) {
  const Service service(settings());
  keep(service);
  const Headers only{{"Cache-Control", "only-if-cached"}};
  expect_envelope(service.get(kNew, only), 504, "none is cached");
  EXPECT_EQ(service.get(kKept, only).header("X-Cache"), "STALE");
}

}  // namespace
}  // namespace wx::test
