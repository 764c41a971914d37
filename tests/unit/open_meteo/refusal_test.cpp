#include "open_meteo/refusal.hpp"

#include <string>

#include <gtest/gtest.h>

#include "recorded.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;

// 2026-08-01T22:58:30.250Z
constexpr WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 22h + 58min + 30s + 250ms;

constexpr std::string_view kMinutely =
    R"({"error":true,"reason":"Minutely API request limit exceeded. Please try again in one minute."})";
constexpr std::string_view kHourly =
    R"({"reason":"Hourly API request limit exceeded. Please try again in the next hour.","error":true})";
constexpr std::string_view kDaily =
    R"({"error":true,"reason":"Daily API request limit exceeded. Please try again tomorrow."})";
constexpr std::string_view kConcurrent = R"({"error":true,"reason":"Too many concurrent requests"})";

TEST(Refusal, ALimitLastsUntilTheEndOfTheWindowThatTheReasonNames) {
  EXPECT_EQ(refusal(429, kMinutely, kNow).retry_after, 29750ms + 1s);
  EXPECT_EQ(refusal(429, kHourly, kNow).retry_after, 1min + 29750ms + 1min);
  EXPECT_EQ(refusal(429, kDaily, kNow).retry_after, 1h + 1min + 29750ms + 1min);
  EXPECT_EQ(refusal(429, kConcurrent, kNow).retry_after, 2s);
}

TEST(Refusal, AtTheVeryStartOfAWindowItLastsAllOfIt) {
  constexpr WallTime midnight = std::chrono::sys_days(std::chrono::year(2026) / 8 / 2);
  EXPECT_EQ(refusal(429, kMinutely, midnight).retry_after, 61s);
  EXPECT_EQ(refusal(429, kHourly, midnight).retry_after, 1h + 1min);
  EXPECT_EQ(refusal(429, kDaily, midnight).retry_after, 24h + 1min);
}

TEST(Refusal, ALimitWithoutANamedWindowLastsTheShortest) {
  for (const auto* body : {"", "<html>", "{}", R"({"reason":7})", R"({"reason":"Slow down"})"}) {
    const auto error = refusal(429, body, kNow);
    EXPECT_EQ(error.kind, ErrorKind::provider_limited);
    EXPECT_EQ(error.retry_after, 30750ms) << body;
  }
}

TEST(Refusal, EachStatusHasItsKind) {
  const auto kind = [](int status) { return refusal(status, "", kNow).kind; };
  EXPECT_EQ(kind(401), ErrorKind::provider_denied);
  EXPECT_EQ(kind(403), ErrorKind::provider_denied);
  EXPECT_EQ(kind(404), ErrorKind::provider_error);
  EXPECT_EQ(kind(414), ErrorKind::provider_error);
  EXPECT_EQ(kind(429), ErrorKind::provider_limited);
  for (const int status : {500, 502, 503, 504, 599}) EXPECT_EQ(kind(status), ErrorKind::provider_error) << status;
  for (const int status : {301, 302, 303, 304, 307, 308, 101}) {
    EXPECT_EQ(kind(status), ErrorKind::provider_bad_reply) << status;
  }
  EXPECT_EQ(refusal(503, "", kNow).provider_status, 503);
  EXPECT_FALSE(refusal(503, "", kNow).retry_after);
}

TEST(Refusal, ARejectionInTheProvidersOwnWordsConcernsTheQueryAlone) {
  constexpr std::string_view kOwn = R"({"error":true,"reason":"Not Found"})";
  for (const int status : {404, 405, 410, 414, 422}) {
    EXPECT_TRUE(refusal(status, kOwn, kNow).of_query) << status;
    EXPECT_FALSE(refusal(status, "<html>404</html>", kNow).of_query) << status << ": something else answers there";
    EXPECT_FALSE(refusal(status, "", kNow).of_query) << status;
  }
  for (const int status : {301, 401, 403, 500, 503}) EXPECT_FALSE(refusal(status, kOwn, kNow).of_query) << status;
}

TEST(Refusal, ABadRequestThatIsNotInTheProvidersOwnWordsIsNoAnswerToTheQuery) {
  for (const auto* body :
       {"", "<html><body>400 Bad Request</body></html>", "Bad Request", "{\"reason\":\"cut sho", "{}"}) {
    const auto error = refusal(400, body, kNow);
    EXPECT_EQ(error.kind, ErrorKind::provider_error) << body;
    EXPECT_FALSE(error.of_query) << body;
    EXPECT_EQ(error.provider_status, 400) << body;
  }
}

Reply without_whole_body(int status, std::string type, std::string body, bool of_query) {
  return {.status = status,
          .content_type = std::move(type),
          .body = std::move(body),
          .body_fault = Error{.kind = ErrorKind::provider_bad_reply, .detail = "why", .of_query = of_query}};
}

TEST(Incomplete, AStatusMeansWhatItAlwaysMeans) {
  for (const int status : {301, 400, 401, 403, 404, 429, 500, 503}) {
    const auto error = incomplete(without_whole_body(status, "application/json", std::string(kHourly), true), kNow);
    const auto expected = refusal(status, "", kNow);
    EXPECT_EQ(error.kind, expected.kind) << status;
    EXPECT_EQ(error.provider_status, status);
    EXPECT_EQ(error.detail, expected.detail) << status;
    EXPECT_EQ(error.retry_after, expected.retry_after) << status << ": a reason that may be cut says nothing";
    EXPECT_FALSE(error.of_query) << status;
  }
}

TEST(Incomplete, TooLargeConcernsTheQueryOnlyInAnAnswerOfTheProvider) {
  constexpr auto of_query = [](int status, std::string type, std::string body, bool too_large = true) {
    const auto error = incomplete(without_whole_body(status, std::move(type), std::move(body), too_large), kNow);
    EXPECT_EQ(error.kind, ErrorKind::provider_bad_reply);
    EXPECT_EQ(error.detail, "why");
    EXPECT_EQ(error.provider_status, status);
    return error.of_query;
  };
  EXPECT_TRUE(of_query(200, "application/json; charset=utf-8", "{\"latitude\":"));
  EXPECT_TRUE(of_query(200, "Text/CSV ; charset=utf-8", "latitude,"));
  EXPECT_TRUE(of_query(200, "application/octet-stream", "x"));
  EXPECT_TRUE(of_query(200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK"));
  EXPECT_FALSE(of_query(200, "text/plain", "latitude,"));
  EXPECT_FALSE(of_query(200, "application/json", "{\"latitude\":", false)) << "cut short";
  EXPECT_FALSE(of_query(200, "text/html", "<html>"));
  EXPECT_FALSE(of_query(200, "application/json", " <html>")) << "whatever it says that it is";
  EXPECT_FALSE(of_query(200, "", "{}"));
  EXPECT_FALSE(of_query(206, "application/json", "{}"));
}

TEST(Refusal, AWrongKeyIsNoFaultOfTheQuestion) {
  EXPECT_EQ(refusal(400, R"({"error":true,"reason":"The supplied API key is invalid."})", kNow).kind,
            ErrorKind::provider_denied);
  EXPECT_EQ(refusal(400, R"({"error":true,"reason":"Invalid timezone"})", kNow).kind, ErrorKind::provider_refused);
}

// The provider quotes the query, which is the client's.
TEST(Refusal, IsNotAboutTheKeyBecauseAQueryMentionsOne) {
  for (
      const auto* body :
      {R"({"error":true,"reason":"Data corrupted at path ''. Cannot initialize Variable from invalid String value API key."})",
       R"({"error":true,"reason":"Invalid value 'The supplied API key is invalid.'"})"}) {
    EXPECT_EQ(refusal(400, body, kNow).kind, ErrorKind::provider_refused) << body;
  }
}

TEST(Refusal, TheReasonIsReadInEitherOrder) {
  EXPECT_EQ(read_reason(R"({"error":true,"reason":"Invalid timezone"})"), "Invalid timezone");
  EXPECT_EQ(read_reason(R"({"reason":"Invalid timezone","error":true})"), "Invalid timezone");
  EXPECT_EQ(read_reason("{\"error\":true,\"reason\":\"-90 to 90\u00b0. Given: 999.0.\"}"),
            "-90 to 90\u00b0. Given: 999.0.");
}

TEST(Refusal, WhatIsNoReasonIsNone) {
  for (const auto* body : {"", "null", "[]", "\"reason\"", "{", R"({"reason":null})", R"({"reason":["x"]})",
                           "{\"reason\":\"\xff\"}", "<html><body>502</body></html>"}) {
    EXPECT_EQ(read_reason(body), "") << body;
  }
  EXPECT_EQ(refusal(502, "<html>", kNow).detail, "the provider answered with status 502");
}

TEST(Refusal, TheReasonIsMadeFitToBeShown) {
  EXPECT_EQ(read_reason(R"({"reason":"a\r\nb\u0000c\u007fd\u0085e\u200ef\u2028g\u202eh\u2066i\ufeffj"})"),
            "a  b c d e f g h i j");
  EXPECT_EQ(read_reason("{\"reason\":\"  25 \u00b0C \u2013 \u20ac \U0001f422 \"}"),
            "25 \u00b0C \u2013 \u20ac \U0001f422");
}

TEST(Refusal, ALongReasonIsCutBetweenCharacters) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string long_one(shift, 'x');
    while (long_one.size() < 1000) long_one += "\U0001f422";
    EXPECT_EQ(read_reason("{\"reason\":\"" + long_one + "\"}"), long_one);
    const auto reason = shortened(long_one);
    EXPECT_GT(reason.size(), 196U);
    EXPECT_LE(reason.size(), 200U);
    EXPECT_EQ((reason.size() - shift) % 4, 0U);
  }
  EXPECT_EQ(shortened("short"), "short");
  EXPECT_EQ(shortened(std::string(200, 'x')).size(), 200U);
}

TEST(Refusal, TheRecordedErrorsMeanWhatTheirNamesSay) {
  for (const auto& [name, body] : test::recorded("errors")) {
    const int status = std::stoi(name.substr(0, 3));
    if (status == 200) continue;
    const auto error = refusal(status, body, kNow);
    const auto expected = status == 400   ? ErrorKind::provider_refused
                          : status == 429 ? ErrorKind::provider_limited
                                          : ErrorKind::provider_error;
    EXPECT_EQ(error.kind, expected) << name;
    EXPECT_EQ(error.provider_status, status) << name;
    if (name.ends_with(".json")) EXPECT_FALSE(read_reason(body).empty()) << name;
    if (name.starts_with("429-minutely")) EXPECT_EQ(error.retry_after, 30750ms);
    if (name.starts_with("429-hourly")) EXPECT_EQ(error.retry_after, 2min + 29750ms);
    if (name.starts_with("429-daily")) EXPECT_EQ(error.retry_after, 1h + 2min + 29750ms);
    if (name.starts_with("429-concurrent")) EXPECT_EQ(error.retry_after, 2s);
  }
}

}  // namespace
}  // namespace wx::open_meteo
