#include <cstddef>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "body_check_harness.hpp"

namespace wx::open_meteo {
namespace {

using test::check;

std::string told(const Asked& asked, std::string_view body, std::string_view type = test::kJsonType) {
  return test::describe(check(asked, type, body));
}

constexpr Asked kOne{.current = true, .hourly = true};

// An answer with all kinds of members, in which texts look like what they are not.
const std::string kGood =
    "{\"latitude\":52.52,\"longitude\":-13.419998,\"generationtime_ms\":0.0289,\"utc_offset_seconds\":3600,"
    "\"timezone\":\"nan \\\"latitude\\\":[{\",\"timezone_abbreviation\":\"GMT+1\",\"elevation\":38.0,"
    "\"current_units\":{\"time\":\"iso8601\",\"interval\":\"seconds\",\"temperature_2m\":\"\u00b0C\"},"
    "\"current\":{\"time\":\"2024-11-23T18:15\",\"interval\":900,\"temperature_2m\":-0.3},"
    "\"hourly_units\":{\"time\":\"iso8601\",\"rain\":\"mm\"},"
    "\"hourly\":{\"time\":[\"2024-11-23T00:00\",\"2024-11-23T01:00\"],\"rain\":[0.0,1e-3],\"snow\":[1,2]},"
    "\"daily\":{\"time\":[\"2024-11-23\"],\"sunrise\":[\"2024-11-23T07:38\"]}}";

std::string with(std::string_view from, std::string_view to) {
  std::string body = kGood;
  const auto at = body.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return body.replace(at, from.size(), to);
}

constexpr std::string_view kNotJson = "the reply is not a complete JSON document";
const std::string kCutShort = cat("provider: ", kNotJson);
const std::string kInvalid = cat("query: ", kNotJson);

// 2024-11-23T18:15 at one hour before UTC.
constexpr std::string_view kGoodFacts = "good at 1732382100 for 900 utc+3600";

TEST(JsonBody, AGoodAnswerIsGood) {
  EXPECT_EQ(told(kOne, kGood), kGoodFacts);
  EXPECT_EQ(told(kOne, kGood + " \r\n"), kGoodFacts);
  EXPECT_EQ(told(kOne, "\xef\xbb\xbf" + kGood), kGoodFacts);
  EXPECT_EQ(told(kOne, R"({"latitude":0,"longitude":0})"), "good");
}

TEST(JsonBody, MembersMayHaveAnyOrderAndBlanks) {
  EXPECT_EQ(told(kOne, R"( { "current" : { "interval" : 900 , "time" : "2024-11-23T18:15" } ,
    "utc_offset_seconds" : 3600 , "longitude" : 1 , "latitude" : 2 } )"),
            kGoodFacts);
}

TEST(JsonBody, EveryTruncationIsAFaultOfTheProvider) {
  for (std::size_t size = 1; size < kGood.size(); ++size) {
    EXPECT_EQ(test::describe(check_body(kOne, test::kJsonType, kGood.substr(0, size))), kCutShort) << size;
    EXPECT_EQ(test::describe(test::check_in_pieces(kOne, test::kJsonType, kGood.substr(0, size), 1)), kCutShort);
  }
}

TEST(JsonBody, BytesAroundTheDocumentAreAFault) {
  EXPECT_EQ(told(kOne, kGood + "x"), kInvalid);
  EXPECT_EQ(told(kOne, kGood + "{}"), kInvalid);
  EXPECT_EQ(told(kOne, "x" + kGood), kInvalid);
  EXPECT_EQ(told(kOne, "\xef\xbb" + kGood), kInvalid);
  EXPECT_EQ(told(kOne, kGood + std::string(1, '\0')), kInvalid);
}

TEST(JsonBody, WhoSendsAPageOrNothingOrGivesUpIsAtFault) {
  EXPECT_EQ(told(kOne, "<html><body>Busy</body></html>"), kCutShort);
  EXPECT_EQ(told(kOne, " \n"), kCutShort);
  const std::string gave_up = "provider: the provider gave up while sending: Unexpected error while streaming data: ";
  EXPECT_EQ(told(kOne, "Unexpected error while streaming data: timeoutReached"), gave_up + "timeoutReached");
  EXPECT_EQ(told(kOne, kGood.substr(0, 300) + "Unexpected error while streaming data: a\nb\x7f\xc3"), gave_up + "a b");
  // After a whole document, too, and in a document that stays whole.
  EXPECT_EQ(told(kOne, kGood + "Unexpected error while streaming data: x"), gave_up + "x");
  EXPECT_EQ(told(kOne, with("GMT+1", "Unexpected error while streaming data: ")).substr(0, gave_up.size()), gave_up);
}

TEST(JsonBody, ASentenceFarFromTheEndIsAText) {
  const auto body = [](std::size_t after) {
    return cat(R"({"latitude":1,"longitude":1,"x":"Unexpected error while streaming data)", std::string(after - 2, 'x'),
               "\"}");
  };
  // 37 bytes of the sentence, and 475 after it, are the last 512.
  EXPECT_EQ(told(kOne, body(475)).substr(0, 9), "provider:");
  EXPECT_EQ(told(kOne, body(476)), "good");
  EXPECT_EQ(told(kOne, body(900)), "good");
}

TEST(JsonBody, ADocumentWithADefectConcernsItsQuestion) {
  for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>{"38.0", "38.0.0"},
                                 {"38.0", "NaN"},
                                 {"38.0", "nan1"},
                                 {"38.0", "1nan"},
                                 {"38.0", "Infinity"},
                                 {"38.0", "038"},
                                 {"38.0", "+38"},
                                 {"38.0", "'38'"},
                                 {"38.0", "/*38*/38"},
                                 {"38.0,", "38.0,,"},
                                 {"1e-3]", "1e-3,]"},
                                 {"GMT+1", "GMT\x01"},
                                 {"GMT+1", "GMT\xff"},
                                 {"GMT+1", "GMT\\x"}}) {
    EXPECT_EQ(told(kOne, with(from, to)), kInvalid) << to;
  }
}

TEST(JsonBody, NestingIsBounded) {
  const auto nested = [](std::size_t depth) { return with("38.0", std::string(depth, '[') + std::string(depth, ']')); };
  EXPECT_EQ(told(kOne, nested(20)), kGoodFacts);
  EXPECT_EQ(told(kOne, nested(100)), kInvalid);
  EXPECT_EQ(told(kOne, std::string(5000, '[')), kCutShort);
}

TEST(JsonBody, APlaceNeedsFiniteCoordinates) {
  const std::string missing = "query: the reply has no latitude or no longitude";
  for (const char* const value : {"null", "\"1\"", "1e999", "[]", "{\"latitude\":1}", "true"}) {
    EXPECT_EQ(told(kOne, with("52.52", value)), missing) << value;
    EXPECT_EQ(told(kOne, with("-13.419998", value)), missing) << value;
  }
  EXPECT_EQ(told(kOne, with("latitude", "Latitude")), missing);
  EXPECT_EQ(told(kOne, "{}"), missing);
  EXPECT_EQ(told(kOne, R"({"hourly":{"latitude":1,"longitude":1}})"), missing);
}

TEST(JsonBody, AnErrorIsNoAnswer) {
  EXPECT_EQ(told(kOne, R"({"error":true,"reason":"No"})"), "query: the reply reports an error");
  for (const char* const value : {"true", "1", "\"x\"", "null", "{}", "[]"}) {
    EXPECT_EQ(told(kOne, with("\"elevation\":38.0", cat("\"error\":", value))), "query: the reply reports an error");
  }
  EXPECT_EQ(told(kOne, with("\"elevation\":38.0", "\"error\":false")), kGoodFacts);
  EXPECT_EQ(told({.opaque = true}, R"({"error":true,"reason":"No"})"), "query: the reply reports an error");
  EXPECT_EQ(told({.path = Path::search}, R"({"reason":"No","error":true})"), "query: the reply reports an error");
}

TEST(JsonBody, OtherDocumentsAreNoAnswer) {
  for (const char* const body : {"1", "null", "true", "\"x\""}) {
    EXPECT_EQ(told(kOne, body), "query: the reply is not a JSON object") << body;
  }
  EXPECT_EQ(told(kOne, "[1]"), "query: the reply is not a list of locations");
  EXPECT_EQ(told(kOne, "[[{}]]"), "query: the reply is not a list of locations");
}

TEST(JsonBody, ColumnsAreAsLongAsTheirTimes) {
  const std::string different = "query: the reply has series of different lengths";
  EXPECT_EQ(told(kOne, with("0.0,1e-3", "0.0")), different);
  EXPECT_EQ(told(kOne, with("0.0,1e-3", "0.0,1,2")), different);
  EXPECT_EQ(told(kOne, with("0.0,1e-3", "")), different);
  EXPECT_EQ(told(kOne, with("\"2024-11-23T00:00\",", "")), different);
  EXPECT_EQ(told(kOne, with("[\"2024-11-23T07:38\"]", "[]")), different);
  EXPECT_EQ(told(kOne, with("\"hourly\":{\"time\":", "\"hourly\":{\"other\":")),
            "query: the reply has a series without times");
  EXPECT_EQ(told(kOne, with("[0.0,1e-3]", "[null,\"x\"]")), cat(kGoodFacts, " gap"));
  EXPECT_EQ(told(kOne, with("[0.0,1e-3]", "[[1,2,3],{}]")), kGoodFacts);
  for (const char* const section : {"minutely_15", "hourly", "daily", "weekly", "monthly"}) {
    const std::string at = cat("{\"latitude\":1,\"longitude\":1,\"", section, "\":");
    EXPECT_EQ(told(kOne, at + "{\"time\":[1,2],\"a\":[1]}}"), different) << section;
    EXPECT_EQ(told(kOne, at + "{\"a\":[1],\"time\":[1,2]}}"), different) << section;
    EXPECT_EQ(told(kOne, at + "{\"time\":[1,2]}}"), "good") << section;
    EXPECT_EQ(told(kOne, at + "{\"time\":[]}}"), "good") << section;
    EXPECT_EQ(told(kOne, at + "{}}"), "good") << section;
  }
  // A member that is not known yet is free.
  EXPECT_EQ(told(kOne, R"({"latitude":1,"longitude":1,"yearly":{"time":[1],"a":[1,2]}})"), "good");
}

TEST(JsonBody, SeveralLocationsAreAListOfAsMany) {
  const std::string place = R"({"latitude":1,"longitude":2,"utc_offset_seconds":0})";
  const std::string other = R"({"latitude":1,"longitude":2,"utc_offset_seconds":19800})";
  const std::string wrong = "query: the reply has another number of locations than the question";
  EXPECT_EQ(told({.locations = 3}, cat("[", place, ",", other, ",", place, "]")), "good utc+0 utc+19800");
  EXPECT_EQ(told({.locations = 2}, cat("[", place, ",", other, ",", place, "]")), wrong);
  EXPECT_EQ(told({.locations = 4}, cat("[", place, ",", other, ",", place, "]")), wrong);
  EXPECT_EQ(told({.locations = 2}, place), wrong);
  EXPECT_EQ(told({.locations = 1}, cat("[", place, ",", other, "]")), wrong);
  EXPECT_EQ(told({.locations = 2}, "[]"), wrong);
  // With a bounding box the number is not known.
  EXPECT_EQ(told({.locations = 0}, cat("[", place, ",", other, ",", place, "]")), "good utc+0 utc+19800");
  EXPECT_EQ(told({.locations = 0}, place), "good utc+0");
  // Every location is checked.
  EXPECT_EQ(told({.locations = 2}, cat("[", place, ",{}]")), "query: the reply has no latitude or no longitude");
  EXPECT_EQ(told({.locations = 2}, cat("[", place, R"(,{"latitude":1,"longitude":1,"error":true}])")),
            "query: the reply reports an error");
}

TEST(JsonBody, TheCurrentTimeIsInUtcAndTheEarliest) {
  const auto place = [](std::string_view offset, std::string_view time, std::string_view interval) {
    return cat(R"({"latitude":1,"longitude":2,"utc_offset_seconds":)", offset, R"(,"current":{"time":)", time,
               R"(,"interval":)", interval, "}}");
  };
  // 1732385700 is 2024-11-23T18:15Z.
  EXPECT_EQ(told(kOne, place("0", "\"2024-11-23T18:15\"", "900")), "good at 1732385700 for 900 utc+0");
  EXPECT_EQ(told(kOne, place("19800", "\"2024-11-23T23:45\"", "900")), "good at 1732385700 for 900 utc+19800");
  EXPECT_EQ(told(kOne, place("-12600", "\"2024-11-23T14:45\"", "3600")), "good at 1732385700 for 3600 utc+-12600");
  EXPECT_EQ(told(kOne, place("19800", "1732385700", "900")), "good at 1732385700 for 900 utc+19800");
  EXPECT_EQ(told(kOne, place("19800.0", "1.7323857e9", "9e2")), "good at 1732385700 for 900 utc+19800");
  EXPECT_EQ(told({.locations = 3}, cat("[", place("0", "1732385700", "900"), ",", place("0", "1732384800", "3600"), ",",
                                       place("0", "1732386600", "900"), "]")),
            "good at 1732384800 for 3600 utc+0");
  EXPECT_EQ(told(kOne, with("\"current\"", "\"current_weather\"")), kGoodFacts);
  EXPECT_EQ(told(kOne, with("\"interval\":900,", "")), "good at 1732382100 utc+3600");
}

TEST(JsonBody, InvalidTimesAreNoted) {
  for (const char* const time : {"\"2024-11-23\"", "\"2024-13-23T18:15\"", "\"2024-11-23T18:15:00\"", "null", "true",
                                 "\"\"", "-1", "1.5", "1e300", "[]", "{\"time\":1}"}) {
    EXPECT_EQ(told(kOne, with("\"2024-11-23T18:15\"", time)), "query: the reply has an invalid current.time") << time;
  }
  EXPECT_EQ(told(kOne, with("\"time\":\"2024-11-23T18:15\",", "")), "query: the reply has an invalid current.time");
  for (const char* const interval : {"0", "-900", "1.5", "1e9"}) {
    EXPECT_EQ(told(kOne, with("900", interval)), "query: the reply has an invalid current.interval") << interval;
  }
  for (const char* const offset : {"86400", "-86400", "1.5", "1e300", "null", "\"3600\"", "[]"}) {
    EXPECT_EQ(told(kOne, with("3600", offset)), "query: the reply has an invalid utc_offset_seconds") << offset;
  }
}

TEST(JsonBody, AListOfOffsetsStaysShort) {
  std::string body = "[";
  for (int i = 0; i < 200; ++i) {
    body += cat(i == 0 ? "" : ",", R"({"latitude":1,"longitude":2,"utc_offset_seconds":)", i, "}");
  }
  EXPECT_EQ(test::describe(check_body({.locations = 200}, test::kJsonType, body + "]")),
            "query: the reply has an invalid utc_offset_seconds");
}

// `count` values, of which the ones at `gaps` from the end (the last is 1) are null.
std::string series(std::size_t count, std::size_t gap) {
  std::string out = "[";
  for (std::size_t left = count; left > 0; --left) out += cat(left == gap ? "null" : "1", left == 1 ? "]" : ",");
  return out;
}

TEST(JsonBody, AGapInTheLastDayIsNoted) {
  for (const auto& [section, day] :
       {std::pair<std::string_view, std::size_t>{"minutely_15", 96}, {"hourly", 24}, {"daily", 1}}) {
    const auto outcome = [&](std::size_t gap, std::size_t count = 200) {
      return test::describe(
          check_body(kOne, test::kJsonType,
                     cat(R"({"latitude":1,"longitude":1,")", section, R"(":{"time":)", series(count, 0), R"(,"a":)",
                         series(count, gap), R"(,"b":)", series(count, 0), "}}")));
    };
    EXPECT_EQ(outcome(0), "good") << section;
    EXPECT_EQ(outcome(1), "good gap") << section;
    EXPECT_EQ(outcome(day), "good gap") << section;
    EXPECT_EQ(outcome(day + 1), "good") << section;
    EXPECT_EQ(outcome(200), "good") << section;
    EXPECT_EQ(outcome(1, 1), "good gap") << section;
  }
  EXPECT_EQ(
      told(kOne, R"({"latitude":1,"longitude":1,"weekly":{"time":[1],"a":[null]},"hourly":{"time":[1],"a":[1]}})"),
      "good");
  EXPECT_EQ(told(kOne, R"({"latitude":1,"longitude":1,"daily":{"time":[1,2],"a":[null,1],"b":[1,null]}})"), "good gap");
  EXPECT_EQ(told(kOne, R"({"latitude":1,"longitude":1,"daily":{"time":[1,2],"a":[null,1],"b":[1,1]}})"), "good");
}

TEST(JsonBody, NanAndNothingAreAnswersWithoutValues) {
  EXPECT_EQ(told(kOne, R"({"latitude":nan,"longitude":-nan,"utc_offset_seconds":0})"), "good empty utc+0");
  EXPECT_EQ(told(kOne, with("38.0", "nan")), "good empty at 1732382100 for 900 utc+3600");
  EXPECT_EQ(told(kOne, with("1e-3", "-nan")), "good empty at 1732382100 for 900 utc+3600 gap");
  EXPECT_EQ(told({.locations = 2}, R"([{"latitude":nan,"longitude":nan},{"latitude":1,"longitude":1}])"), "good empty");
  EXPECT_EQ(told(kOne, ""), "good empty");
  // All other rules hold.
  EXPECT_EQ(told({.locations = 2}, R"({"latitude":nan,"longitude":nan})"),
            "query: the reply has another number of locations than the question");
  EXPECT_EQ(told(kOne, R"({"latitude":nan,"longitude":nan)"), kCutShort);
  EXPECT_EQ(told(kOne, R"({"latitude":nan,"longitude":nan]})"), kInvalid);
}

TEST(JsonBody, ElevationIsAListOfFiniteNumbers) {
  const Asked one{.path = Path::elevation};
  const Asked three{.path = Path::elevation, .locations = 3};
  EXPECT_EQ(told(one, R"({"elevation":[38.0]})", "application/json"), "good");
  EXPECT_EQ(told(three, R"({"elevation":[38.0, -4, 1e2]})"), "good");
  EXPECT_EQ(told({.path = Path::elevation, .locations = 0}, R"({"elevation":[38.0, -4]})"), "good");
  EXPECT_EQ(told(one, R"({"elevation":[nan]})"), "good empty");
  EXPECT_EQ(told(three, R"({"elevation":[38.0, nan, -nan]})"), "good empty");
  const std::string wrong = "query: the reply has another number of locations than the question";
  EXPECT_EQ(told(one, R"({"elevation":[]})"), wrong);
  EXPECT_EQ(told(three, R"({"elevation":[1,2]})"), wrong);
  EXPECT_EQ(told(one, R"({"elevation":[1,2]})"), wrong);
  for (const char* const value : {"null", "\"1\"", "1e999", "[1]", "true", "{}"}) {
    EXPECT_EQ(told(one, cat("{\"elevation\":[", value, "]}")), "query: the reply has an invalid elevation") << value;
  }
  for (const char* const body : {"{}", R"({"elevation":38.0})", R"({"elevation":{"elevation":[1]}})", R"({"a":[1]})"}) {
    EXPECT_EQ(told(one, body), "query: the reply has no elevation") << body;
  }
  EXPECT_EQ(told(one, "[38.0]"), "query: the reply is not a JSON object");
}

TEST(JsonBody, OtherContentsAreObjects) {
  for (const Path path : {Path::search, Path::get, Path::metadata}) {
    EXPECT_EQ(told({.path = path}, R"({"generationtime_ms":0.085})"), "good");
    EXPECT_EQ(told({.path = path}, R"({"results":[{"id":1,"name":"x","elevation":[],"latitude":null}]})"), "good");
    for (const char* const body : {"[]", "1", "[{}]", "null"}) {
      EXPECT_EQ(told({.path = path}, body), "query: the reply is not a JSON object") << body;
    }
    EXPECT_EQ(told({.path = path}, R"({"results":[)"), kCutShort);
  }
}

TEST(JsonBody, AnOpaqueQuestionGetsAnyWholeDocument) {
  const Asked opaque{.opaque = true, .locations = 7};
  EXPECT_EQ(told(opaque, kGood), kGoodFacts);
  for (const char* const body : {"{}", "[]", "[{},{}]", "1", R"({"hourly":{"a":[1],"time":[]}})"}) {
    EXPECT_EQ(told(opaque, body), "good") << body;
  }
  EXPECT_EQ(told(opaque, kGood.substr(0, 100)), kCutShort);
  EXPECT_EQ(told({.path = Path::elevation, .opaque = true}, R"({"elevation":[1,2,3]})"), "good");
}

TEST(JsonBody, TheGenerationTimeIsNoData) {
  const auto hash = [](std::string_view body, const Asked& asked = kOne) {
    const auto outcome = check(asked, body);
    EXPECT_TRUE(outcome.has_value()) << body;
    return outcome ? outcome->data_hash : "";
  };
  const std::string first = hash(kGood);
  EXPECT_EQ(first.size(), 32U);
  for (const char* const time : {"1", "4276.5", "8.583068847656e-05", "0.02896"}) {
    EXPECT_EQ(hash(with("0.0289", time)), first) << time;
  }
  EXPECT_NE(hash(with("38.0", "38.1")), first);
  EXPECT_NE(hash(with("0.0,1e-3", "0.0,1e-4")), first);
  EXPECT_NE(hash(kGood + " "), first);
  // It is the hash of the text without the number.
  ContentHasher hasher;
  hasher.update(with("0.0289", ""));
  EXPECT_EQ(hasher.hex(), first);

  const auto two = [](std::string_view a, std::string_view b) {
    return cat("[{\"latitude\":1,\"longitude\":1,\"generationtime_ms\":", a,
               "},{\"latitude\":1,\"longitude\":1,\"generationtime_ms\":", b, "}]");
  };
  EXPECT_EQ(hash(two("1", "2.5"), {.locations = 2}), hash(two("0.25", "1e-7"), {.locations = 2}));
  EXPECT_EQ(hash(R"({"generationtime_ms":0.085})", {.path = Path::search}),
            hash(R"({"generationtime_ms":1.5})", {.path = Path::search}));
  // Elsewhere a member of this name is data, and so is what is no number.
  EXPECT_NE(hash(with("0.0289", "[1]")), hash(with("0.0289", "[2]")));
  EXPECT_NE(hash(with("\"temperature_2m\":-0.3", "\"generationtime_ms\":1")),
            hash(with("\"temperature_2m\":-0.3", "\"generationtime_ms\":2")));
}

TEST(JsonBody, TheTypeIsThatOfJson) {
  const std::string other = "provider: the reply is not JSON";
  for (const std::string_view type : {"text/html", "text/csv", "", "application/octet-stream", "application/jsonx"}) {
    EXPECT_EQ(told(kOne, kGood, type), other);
    EXPECT_EQ(told(kOne, "", type), other);
  }
  EXPECT_EQ(told(kOne, kGood, "Application/JSON"), kGoodFacts);
  EXPECT_EQ(told({.path = Path::elevation, .format = Format::flatbuffers}, R"({"elevation":[38.0]})"), "good");
}

TEST(JsonBody, AnOpaqueQuestionHasTheFormatOfItsAnswer) {
  EXPECT_EQ(told({.opaque = true}, "{}", "text/html"), "provider: the reply is of an unknown type");
  EXPECT_EQ(told({.opaque = true}, "{}", "application/octet-stream"), "provider: the FlatBuffers message is cut short");
  EXPECT_EQ(told({.opaque = true}, "{}\n", "text/csv"), "provider: the reply is not CSV as the provider writes it");
  EXPECT_EQ(told({.opaque = true}, "{}", test::kXlsxType), "provider: the reply is not an XLSX file");
  EXPECT_EQ(told({.path = Path::search, .opaque = true}, "\x0a\x01", "application/x-protobuf"), "good");
  EXPECT_EQ(told({.path = Path::search, .opaque = true}, "", "application/x-protobuf"), "good empty");
  EXPECT_EQ(told({.path = Path::search, .opaque = true}, "x", "text/html"),
            "provider: the reply is of an unknown type");
}

}  // namespace
}  // namespace wx::open_meteo
