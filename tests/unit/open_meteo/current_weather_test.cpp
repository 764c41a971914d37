#include "open_meteo/current_weather.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "recorded.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 12h;
constexpr std::string_view kJson = "application/json; charset=utf-8";

// A reply of the provider, with numbers that a round trip through a double would change.
const std::string kGood =
    "{\"latitude\":52.520,\"longitude\":13.419998,\"generationtime_ms\":0.02896,\"utc_offset_seconds\":0,"
    "\"timezone\":\"GMT\",\"timezone_abbreviation\":\"GMT\",\"elevation\":38.0,"
    "\"current_units\":{\"time\":\"iso8601\",\"interval\":\"seconds\",\"temperature_2m\":\"\u00b0C\","
    "\"wind_speed_10m\":\"km/h\"},"
    "\"current\":{\"time\":\"2024-11-23T18:15\",\"interval\":900,\"temperature_2m\":-0.0,\"wind_speed_10m\":1.070E+1}}";

Result<CurrentWeather> read(std::string_view body, std::string_view type = kJson, int status = 200) {
  return read_current_weather({.status = status, .content_type = std::string(type), .body = std::string(body)}, kNow);
}

// The good reply with one piece of it changed.
std::string with(std::string_view from, std::string_view to) {
  std::string body = kGood;
  const auto at = body.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return body.replace(at, from.size(), to);
}

// Whom the fault of `body` concerns: "query" (this place alone), "provider", or "accepted".
std::string concerns(std::string_view body, std::string_view type = kJson, int status = 200) {
  const auto outcome = read(body, type, status);
  if (outcome) return "accepted";
  return outcome.error().of_query ? "query" : "provider";
}

// The detail of the provider_bad_reply that `body` causes, or "accepted".
std::string fault(std::string_view body, std::string_view type = kJson) {
  const auto outcome = read(body, type);
  if (outcome) return "accepted";
  EXPECT_EQ(outcome.error().kind, ErrorKind::provider_bad_reply);
  EXPECT_EQ(outcome.error().provider_status, 200);
  return outcome.error().detail;
}

TEST(CurrentWeatherTarget, CarriesTheCoordinatesAndNothingElse) {
  EXPECT_EQ(current_weather_target("52.52", "-13.41"),
            "/v1/forecast?latitude=52.52&longitude=-13.41&current=temperature_2m,wind_speed_10m");
}

TEST(Reply, NumbersComeOutDigitForDigit) {
  const auto answer = read(kGood);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->latitude, "52.520");
  EXPECT_EQ(answer->longitude, "13.419998");
  EXPECT_EQ(answer->elevation, "38.0");
  EXPECT_EQ(answer->time, "2024-11-23T18:15");
  EXPECT_EQ(answer->interval, "900");
  EXPECT_EQ(answer->temperature, "-0.0");
  EXPECT_EQ(answer->wind_speed, "1.070E+1");
  EXPECT_EQ(answer->temperature_unit, "\u00b0C");
  EXPECT_EQ(answer->wind_speed_unit, "km/h");
  EXPECT_EQ(answer->valid_from, std::chrono::sys_days(std::chrono::year(2024) / 11 / 23) + 18h + 15min);
  EXPECT_EQ(answer->valid_for, 900s);
}

TEST(Reply, WhiteSpaceAndOrderDoNotMatter) {
  const auto answer = read(R"(
    { "current" : { "wind_speed_10m" : 10.7
      , "temperature_2m":2.30 	, "interval": 900 , "time" : "2024-11-23T18:15" } ,
      "unknown": [1, {"latitude": 7, "current": null}, "}"], "current_units" : { "wind_speed_10m":"km\/h",
      "temperature_2m" : "\u00b0C" }, "lo\u006egitude" : 13.41 , "latitude":52.52 }  )");
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->wind_speed, "10.7");
  EXPECT_EQ(answer->temperature, "2.30");
  EXPECT_EQ(answer->latitude, "52.52");
  EXPECT_EQ(answer->longitude, "13.41");
  EXPECT_EQ(answer->elevation, "");
  EXPECT_EQ(answer->temperature_unit, "\u00b0C");
  EXPECT_EQ(answer->wind_speed_unit, "km/h");
}

TEST(Reply, AnAnswerCutAnywhereIsNone) {
  for (std::size_t n = 0; n < kGood.size(); ++n) {
    EXPECT_EQ(fault(kGood.substr(0, n)), "the reply is not a complete JSON document") << n;
  }
}

TEST(Reply, NothingMayStandBeforeOrBehindTheDocument) {
  const std::string failure = "Unexpected error while streaming data: timeoutReached";
  for (const auto& body : {failure, kGood + failure, kGood.substr(0, 200) + failure, failure + kGood, kGood + kGood,
                           kGood + ",", kGood + "}", "," + kGood, kGood + std::string(1, '\0'), "\x01" + kGood}) {
    EXPECT_EQ(fault(body), "the reply is not a complete JSON document") << body;
  }
}

TEST(Reply, BareNanIsNoDocumentWhereverItStands) {
  for (const auto* token :
       {"nan", "-nan", "NaN", "inf", "-Infinity", "1e400", "-1e999", "01", "1.", ".5", "+1", "0x10"}) {
    EXPECT_EQ(fault(with("52.520", token)), "the reply is not a complete JSON document") << token;
    EXPECT_EQ(fault(with("0.02896", token)), "the reply is not a complete JSON document") << token;
    EXPECT_EQ(fault(with("-0.0", token)), "the reply is not a complete JSON document") << token;
  }
}

TEST(Reply, WhatIsNoObjectIsNoAnswer) {
  EXPECT_EQ(fault("[" + kGood + "]"), "the reply is not a JSON object");
  EXPECT_EQ(fault("[" + kGood + "," + kGood + "]"), "the reply is not a JSON object");
  for (const auto* body : {"null", "true", "1", "\"x\"", "[]"})
    EXPECT_EQ(fault(body), "the reply is not a JSON object");
  for (const auto* body : {"", " ", "\n"}) EXPECT_EQ(fault(body), "the reply is not a complete JSON document");
}

TEST(Reply, EveryNumberMustBeThereAndANumber) {
  EXPECT_EQ(fault("{}"), "the reply has no latitude");
  EXPECT_EQ(fault(with("\"latitude\":52.520,", "")), "the reply has no latitude");
  EXPECT_EQ(fault(with("\"longitude\":13.419998,", "")), "the reply has no longitude");
  EXPECT_EQ(fault(with("\"temperature_2m\":-0.0,", "")), "the reply has no current.temperature_2m");
  EXPECT_EQ(fault(with(",\"wind_speed_10m\":1.070E+1", "")), "the reply has no current.wind_speed_10m");
  EXPECT_EQ(fault(with("\"interval\":900,", "")), "the reply has no current.interval");
  EXPECT_EQ(fault(with("\"time\":\"2024-11-23T18:15\",", "")), "the reply has no current.time");
  for (const auto* other : {"true", "\"2.3\"", "[2.3]", "{}"}) {
    EXPECT_EQ(fault(with("-0.0", other)), "the reply has an invalid current.temperature_2m") << other;
    EXPECT_EQ(fault(with("1.070E+1", other)), "the reply has an invalid current.wind_speed_10m") << other;
    EXPECT_EQ(fault(with("52.520", other)), "the reply has an invalid latitude") << other;
    EXPECT_EQ(fault(with("38.0", other)), "the reply has an invalid elevation") << other;
    EXPECT_EQ(fault(with("900", other)), "the reply has an invalid current.interval") << other;
  }
  EXPECT_EQ(fault(with("-0.0", "0." + std::string(40, '1'))), "the reply has an invalid current.temperature_2m");
}

// The provider has no value at some places (outside a regional model, for example), and says so with null.
TEST(Reply, ANullIsTheProvidersAnswerThatThereIsNoValue) {
  const auto answer = read(with("-0.0", "null"));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->temperature, "null");
  EXPECT_EQ(answer->wind_speed, "1.070E+1");
  EXPECT_EQ(answer->valid_for, 900s) << "it is kept like any other answer";
  EXPECT_EQ(read(with("1.070E+1", "null"))->wind_speed, "null");
  EXPECT_EQ(read(with("38.0", "null"))->elevation, "null");
  EXPECT_EQ(read(with("52.520", "null"))->latitude, "null");
  EXPECT_EQ(read(with("13.419998", " null "))->longitude, "null");
  EXPECT_EQ(fault(with("\"elevation\":38.0", "\"latitude\":null")), "the reply has an invalid latitude")
      << "given twice";
}

// Without these nothing tells what the values mean, or until when they hold.
TEST(Reply, TimeIntervalAndUnitsCannotBeNull) {
  EXPECT_EQ(fault(with("\"2024-11-23T18:15\"", "null")), "the reply has an invalid current.time");
  EXPECT_EQ(fault(with("900", "null")), "the reply has an invalid current.interval");
  EXPECT_EQ(fault(with("\"km/h\"", "null")), "the reply has an invalid current_units.wind_speed_10m");
  EXPECT_EQ(fault(with("\"utc_offset_seconds\":0", "\"utc_offset_seconds\":null")),
            "the reply has an invalid utc_offset_seconds");
}

TEST(Reply, AWholeReplyThatIsWrongConcernsItsPlaceAlone) {
  for (const auto* token : {"nan", "-nan", "NaN", "Infinity", "1e999", "01", "undefined", "\"2.3\"", "{}", "[}"}) {
    EXPECT_EQ(concerns(with("-0.0", token)), "query") << token;
  }
  EXPECT_EQ(concerns(R"({"latitude":nan,"longitude":nan})"), "query");
  EXPECT_EQ(concerns("{}"), "query");
  EXPECT_EQ(concerns("null"), "query");
  EXPECT_EQ(concerns("nan"), "query");
  EXPECT_EQ(concerns("[" + kGood + "]"), "query");
  EXPECT_EQ(concerns(R"({"error":true,"reason":"no"})"), "query");
  EXPECT_EQ(concerns(with("\"interval\":900,", "")), "query");
  EXPECT_EQ(concerns(with("km/h", "\xff")), "query");
  EXPECT_EQ(concerns(with("km/h", "}\\\"}")), "accepted") << "brackets and quotes within a text";
  EXPECT_EQ(concerns(kGood + ","), "query");
}

TEST(Reply, WhatIsCutShortOrFromElsewhereConcernsTheProvider) {
  for (std::size_t n = 0; n < kGood.size(); ++n) EXPECT_EQ(concerns(kGood.substr(0, n)), "provider") << n;
  const std::string nan = with("-0.0", "nan");
  EXPECT_EQ(concerns(nan.substr(0, nan.size() - 1)), "provider");
  EXPECT_EQ(concerns("[" + kGood), "provider");
  EXPECT_EQ(concerns(" \n"), "provider");
  const std::string failure = "Unexpected error while streaming data: timeoutReached";
  for (const auto& body : {failure, kGood + failure, kGood.substr(0, 200) + failure, failure + kGood}) {
    EXPECT_EQ(concerns(body), "provider") << body;
  }
  EXPECT_EQ(concerns(" <html>{}</html>"), "provider") << "a page under the type of JSON";
  EXPECT_EQ(concerns(kGood, "text/html"), "provider");
  EXPECT_EQ(concerns(kGood, "text/html", 404), "provider");
  for (const int status : {201, 206, 302, 500, 502, 503}) EXPECT_EQ(concerns(kGood, kJson, status), "provider");
}

TEST(Reply, AByteOrderMarkBeforeTheDocumentIsNoPartOfIt) {
  const std::string mark = "\xef\xbb\xbf";
  const auto answer = read(mark + kGood);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->temperature, "-0.0");
  EXPECT_EQ(fault(mark + mark + kGood), "the reply is not a complete JSON document") << "one mark only";
  EXPECT_EQ(fault(kGood + mark), "the reply is not a complete JSON document");
  EXPECT_EQ(concerns(mark), "provider") << "cut short";
  EXPECT_EQ(read(mark + R"({"error":true,"reason":"Invalid timezone"})", kJson, 400).error().detail,
            "Invalid timezone");
}

TEST(Reply, SectionsMustBeObjects) {
  EXPECT_EQ(fault(with("\"current\":{", "\"current_weather\":{")), "the reply has no current.time");
  EXPECT_EQ(fault(R"({"latitude":1,"longitude":1,"current":null})"), "the reply has an invalid current");
  EXPECT_EQ(fault(R"({"latitude":1,"longitude":1,"current":[]})"), "the reply has an invalid current");
  EXPECT_EQ(fault(R"({"latitude":1,"longitude":1,"current_units":7})"), "the reply has an invalid current_units");
}

TEST(Reply, ANameGivenTwiceIsRefused) {
  EXPECT_EQ(fault(with("\"elevation\"", "\"latitude\"")), "the reply has an invalid latitude");
  EXPECT_EQ(fault(with("\"interval\":900", "\"temperature_2m\":1")), "the reply has an invalid current.temperature_2m");
  EXPECT_EQ(fault(with("\"current_units\":{", "\"current\":{},\"current_units\":{")),
            "the reply has an invalid current");
}

TEST(Reply, UnitsMustBeShortTexts) {
  EXPECT_EQ(fault(with(",\"wind_speed_10m\":\"km/h\"", "")), "the reply has no current_units.wind_speed_10m");
  for (const std::string unit : {"\"\"", "7", "null", "\"a\\nb\"", "\"\\u0000\""}) {
    EXPECT_EQ(fault(with("\"km/h\"", unit)), "the reply has an invalid current_units.wind_speed_10m") << unit;
  }
  EXPECT_EQ(fault(with("km/h", std::string(33, 'x'))), "the reply has an invalid current_units.wind_speed_10m");
  EXPECT_EQ(fault(with("km/h", "\\\"<b>")), "accepted");
}

TEST(Reply, TheTimeMustBeADateAndAMinute) {
  for (const auto* time :
       {"2024-11-23", "2024-11-23T18:15:00", "2024-11-23T18:15Z", "2024-11-23 18:15", "2024-02-30T00:00",
        "2023-02-29T00:00", "2024-13-01T00:00", "2024-00-01T00:00", "2024-01-00T00:00", "2024-11-23T24:00",
        "2024-11-23T18:60", "2024-11-23T1a:15", "-024-11-23T18:15", "1732385700"}) {
    EXPECT_EQ(fault(with("2024-11-23T18:15", time)), "the reply has an invalid current.time") << time;
  }
  EXPECT_EQ(fault(with("\"2024-11-23T18:15\"", "1732385700")), "the reply has an invalid current.time");
  EXPECT_EQ(fault(with("2024-11-23T18:15", "2024-02-29T23:59")), "accepted");
}

TEST(Reply, TheIntervalMustBeWholeSecondsUpToADay) {
  for (const auto* interval :
       {"0", "-900", "-0.0", "900.5", "9e-1", "86401", "8.6401e4", "1e300", "1e-300", "99999999999999999"}) {
    EXPECT_EQ(fault(with("900", interval)), "the reply has an invalid current.interval") << interval;
  }
  EXPECT_EQ(fault(with("900", "86400")), "accepted");
  EXPECT_EQ(read(with("900", "3600"))->valid_for, 3600s);
}

TEST(Reply, AWholeNumberIsOneInEverySpelling) {
  for (const auto* interval : {"900", "900.0", "900.000", "9e2", "9E+2", "9.00e2", "90000e-2", "0.9e3"}) {
    const auto answer = read(with("900", interval));
    ASSERT_TRUE(answer) << interval << ": " << answer.error().detail;
    EXPECT_EQ(answer->valid_for, 900s) << interval;
    EXPECT_EQ(answer->interval, "900") << interval << ": an integer for clients that read only integers";
  }
  for (const auto* offset : {"10800.0", "1.08e4", "108E2"}) {
    const auto answer = read(with("\"utc_offset_seconds\":0", cat("\"utc_offset_seconds\":", offset)));
    ASSERT_TRUE(answer) << offset << ": " << answer.error().detail;
    EXPECT_EQ(answer->valid_from, std::chrono::sys_days(std::chrono::year(2024) / 11 / 23) + 15h + 15min);
  }
  EXPECT_TRUE(read(with("\"utc_offset_seconds\":0", "\"utc_offset_seconds\":-0.0")));
}

TEST(Reply, TheTimeIsLocalToTheOffset) {
  const auto answer = read(with("\"utc_offset_seconds\":0", "\"utc_offset_seconds\":10800"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->valid_from, std::chrono::sys_days(std::chrono::year(2024) / 11 / 23) + 15h + 15min);
  EXPECT_EQ(fault(with("\"utc_offset_seconds\":0", "\"utc_offset_seconds\":1.5")),
            "the reply has an invalid utc_offset_seconds");
  EXPECT_EQ(fault(with("\"utc_offset_seconds\":0", "\"utc_offset_seconds\":86401")),
            "the reply has an invalid utc_offset_seconds");
  EXPECT_EQ(fault(with("\"utc_offset_seconds\":0,", "")), "accepted");
}

TEST(Reply, TheContentTypeMustBeJson) {
  for (const auto* type :
       {"", "text/html", "text/plain", "application/jsonx", "x;application/json", "application/octet-stream"}) {
    EXPECT_EQ(fault(kGood, type), "the reply is not JSON") << type;
  }
  for (const auto* type :
       {"application/json", "Application/JSON", "application/json;charset=utf-8", "application/json ; x"}) {
    EXPECT_EQ(fault(kGood, type), "accepted") << type;
  }
}

TEST(Reply, OnlyStatus200IsAnAnswer) {
  for (const int status : {201, 202, 203, 204, 206, 301, 303, 304}) {
    const auto outcome = read(kGood, kJson, status);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::provider_bad_reply) << status;
    EXPECT_EQ(outcome.error().provider_status, status);
  }
  EXPECT_EQ(read(kGood, kJson, 429).error().kind, ErrorKind::provider_limited);
  EXPECT_EQ(read(kGood, "text/html", 502).error().kind, ErrorKind::provider_error);
}

TEST(Reply, AnErrorUnderStatus200IsNoAnswer) {
  EXPECT_EQ(fault(R"({"error":true,"reason":"The service is overloaded"})"), "the reply has no latitude");
  EXPECT_EQ(fault("{\"latitude\":\xff\xfe}"), "the reply is not a complete JSON document");
}

TEST(Reply, DeepNestingIsRefusedNotFollowed) {
  EXPECT_EQ(fault("{\"x\":" + std::string(100000, '[')), "the reply is not a complete JSON document");
  EXPECT_EQ(fault("{\"x\":" + std::string(5000, '[') + std::string(5000, ']') + "}"),
            "the reply is not a complete JSON document");
}

TEST(Reply, TheRecordedAnswersAreReadDigitForDigit) {
  for (const auto& [name, body] : test::recorded("current-samples")) {
    const auto answer = read(body);
    // Two of the recordings are replies to requests for other values.
    const bool whole = body.find("\"wind_speed_10m\":") != std::string::npos;
    ASSERT_EQ(answer.has_value(), whole) << name;
    if (!answer) continue;
    EXPECT_NE(body.find("{\"latitude\":" + answer->latitude + ",\"longitude\":" + answer->longitude + ","),
              std::string::npos);
    EXPECT_NE(body.find("\"elevation\":" + answer->elevation + ","), std::string::npos);
    EXPECT_NE(body.find("\"time\":\"" + answer->time + "\",\"interval\":" + answer->interval + ","), std::string::npos);
    EXPECT_NE(body.find("\"temperature_2m\":" + answer->temperature + ","), std::string::npos);
    EXPECT_NE(body.find("\"wind_speed_10m\":" + answer->wind_speed + "}"), std::string::npos);
    EXPECT_EQ(answer->temperature_unit, "\u00b0C");
    EXPECT_EQ(answer->wind_speed_unit, "km/h");
    EXPECT_EQ(answer->valid_for, 900s);
  }
}

TEST(Reply, AnAnswerToMoreThanWeAskedIsReadAsWell) {
  for (const auto& [name, body] : test::recorded("linecast")) {
    const auto answer = read(body);
    ASSERT_TRUE(answer) << name << ": " << answer.error().detail;
    EXPECT_NE(body.find("\"temperature_2m\":" + answer->temperature + ","), std::string::npos);
  }
}

TEST(Reply, NoOtherRecordedBodyIsTakenForAnAnswer) {
  for (const auto* folder : {"errors", "frenck-python-open-meteo", "home-assistant-core", "jetblack-open-meteo", "meta",
                             "flatbuffers", "vcr-open-meteo-ruby"}) {
    for (const auto& [name, body] : test::recorded(folder)) EXPECT_FALSE(read(body)) << folder << '/' << name;
  }
}

}  // namespace
}  // namespace wx::open_meteo
