#include "endpoints/query.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "web/texts.hpp"

namespace wx::endpoints {
namespace {

using cache::Mode;

WeatherQuery parse(std::string_view query, const QueryOptions& options = {}) {
  return parse_weather_query(query, options);
}

// All faults in one line. "good" if there are none.
std::string faults(std::string_view query, const QueryOptions& options = {}) {
  std::string out;
  for (const auto& fault : parse(query, options).faults) {
    append(out, cat(out.empty() ? "" : "; ", fault.parameter, " ", fault.detail));
  }
  return out.empty() ? "good" : out;
}

std::string key(std::string_view query, const QueryOptions& options = {}) {
  const auto parsed = parse(query, options);
  return parsed.faults.empty() ? std::string(weather::Key(parsed.question).text()) : faults(query, options);
}

TEST(Query, ReadsAPlace) {
  const auto query = parse("lat=52.52&lon=13.41");
  EXPECT_TRUE(query.faults.empty());
  EXPECT_EQ(query.question.location.latitude.text, "52.52");
  EXPECT_EQ(query.question.location.longitude.text, "13.41");
  EXPECT_FALSE(query.question.mock);
  EXPECT_EQ(query.question.mode, Mode::normal);
  EXPECT_EQ(query.format, Format::by_accept);
}

TEST(Query, TakesZeroForAPlace) {
  EXPECT_EQ(key("lat=0&lon=0"), "weather:0:0");
  EXPECT_EQ(key("lat=-0&lon=-0.0"), "weather:0:0");
}

TEST(Query, RefusesWhatIsNotADecimalNumber) {
  for (const auto* value :
       {"abc", "NaN",      "nan",  "inf", "-inf", "Infinity", "0x10", "1e", "1.",  ".5",           "1,5",      "--1",
        "1_0", "52%26x=1", "1%00", "%00", "1%0a", "%201",     "1%20", "+",  "1;2", "52.52%2C48.1", "%EF%BC%91"}) {
    EXPECT_EQ(faults(cat("lat=", value, "&lon=0")), "lat is not a decimal number") << value;
    EXPECT_EQ(faults(cat("lat=0&lon=", value)), "lon is not a decimal number") << value;
  }
}

TEST(Query, RefusesWhatIsOutOfRange) {
  for (const auto* value : {"999", "90.1", "-90.0001", "1e400", "-1e400", "1e99999999999999999999"}) {
    EXPECT_EQ(faults(cat("lat=", value, "&lon=0")), "lat must be between -90 and 90") << value;
  }
  EXPECT_EQ(faults("lat=0&lon=180.5"), "lon must be between -180 and 180");
  EXPECT_EQ(faults("lat=90&lon=-180"), "good");
}

TEST(Query, RefusesWhatIsMissingEmptyOrRepeated) {
  EXPECT_EQ(faults("lon=0"), "lat is missing");
  EXPECT_EQ(faults("lat=0"), "lon is missing");
  EXPECT_EQ(faults("lat=&lon=0"), "lat is empty");
  EXPECT_EQ(faults("lat&lon=0"), "lat is empty");
  EXPECT_EQ(faults("lat=1&lat=2&lon=0"), "lat is given more than once");
  EXPECT_EQ(faults("lat=1&lat=1&lon=0"), "lat is given more than once");
  EXPECT_EQ(faults("lat=1&lon=0&%6cat=1"), "lat is given more than once");
  EXPECT_EQ(faults("mock=true&mock=true&lat=0&lon=0"), "mock is given more than once");
}

TEST(Query, NamesEveryFaultAtOnce) {
  EXPECT_EQ(faults(""), "lat is missing; lon is missing");
  EXPECT_EQ(faults("lat=abc&lon=999&mock=yes&cache=no&format=xml"),
            "lat is not a decimal number; lon must be between -180 and 180; mock must be true or false; "
            "cache must be on, redis or off; format must be json or html");
  EXPECT_EQ(faults("lat=%&lon=&mock="), "lat has a malformed percent escape; lon is empty; mock is empty");
}

TEST(Query, SurvivesAVeryLongValue) {
  EXPECT_EQ(faults(cat("lat=", std::string(8192, '9'), "&lon=0")), "lat must be between -90 and 90");
  EXPECT_EQ(key(cat("lat=0.", std::string(8192, '0'), "1&lon=0")), "weather:0:0");
  EXPECT_EQ(faults(cat("lat=", std::string(8192, 'x'), "&lon=0")), "lat is not a decimal number");
  EXPECT_EQ(faults(std::string(8192, '&')), "lat is missing; lon is missing");
}

TEST(Query, DecodesPercentEscapesInNamesAndValues) {
  EXPECT_EQ(key("%6C%61t=%35%32.52&lo%6E=%31%33.41"), "weather:52.52:13.41");
  EXPECT_EQ(key("lat=%2B5&lon=%2d5"), "weather:5:-5");
}

TEST(Query, SplitsBeforeItDecodes) {
  EXPECT_EQ(faults("lat=1%26lon=2"), "lat is not a decimal number; lon is missing");
  EXPECT_EQ(faults("lat%3D1&lon=2"), "lat is missing");
  EXPECT_EQ(key("x=a=b&lat=1&lon=2"), "weather:1:2");
}

TEST(Query, RefusesMalformedEscapesInValuesAndIgnoresThemInNames) {
  for (const auto* value : {"%", "%4", "1%", "1%2", "%zz", "%4g", "%%31", "% 1"}) {
    EXPECT_EQ(faults(cat("lat=", value, "&lon=0")), "lat has a malformed percent escape") << value;
  }
  EXPECT_EQ(key("%=1&lat=1&lon=2&%zz"), "weather:1:2");
}

TEST(Query, ReadsPlusAsSpaceAsFormsWriteItExceptInNumbers) {
  EXPECT_EQ(faults("lat=1&lon=0&mock=true+"), "mock must be true or false");
  EXPECT_EQ(key("lat=+52.52&lon=+13.41"), "weather:52.52:13.41");
  EXPECT_EQ(key("lat=%2B52.52&lon=%2b13.41"), "weather:52.52:13.41");
  EXPECT_EQ(key("lat=5.252e+1&lon=1.341E%2B1"), "weather:52.52:13.41");
  for (const auto* value : {"+", "++5", "+-5", "-+5", "5+", "+%205", "+ 5"}) {
    EXPECT_EQ(faults(cat("lat=", value, "&lon=0")), "lat is not a decimal number") << value;
  }
}

TEST(Query, KnowsTheLongNamesOfTheCoordinates) {
  EXPECT_EQ(key("latitude=52.52&longitude=13.41"), "weather:52.52:13.41");
  EXPECT_EQ(key("l%61titude=52.52&lon=13.41&mock=true"), "weather:mock:52.52:13.41");
  EXPECT_EQ(parse("latitude=52.520&longitude=13.41").sent.latitude, "52.520");
  EXPECT_EQ(faults("latitude=x&longitude="), "lat is not a decimal number; lon is empty");
  EXPECT_EQ(faults("latitude=1&longitude=2&longitude=2"), "lon is given more than once");
  EXPECT_EQ(faults("lat=1&latitude=1&longitude=2&lon=3"),
            "lat is given as latitude, too; lon is given as longitude, too");
  EXPECT_EQ(faults("Latitude=1&longitude=2"), "lat is missing") << "names are case-sensitive";
}

TEST(Query, IgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(key("utm_source=a&lat=1&lon=2&_=123&altitude=5&LAT=9&lat%20=7&&=&="), "weather:1:2");
}

TEST(Query, KnowsMockAsTrueOrFalse) {
  EXPECT_TRUE(parse("lat=1&lon=2&mock=true").question.mock);
  EXPECT_FALSE(parse("lat=1&lon=2&mock=false").question.mock);
  for (const auto* value : {"True", "TRUE", "1", "yes", "on", "truefalse"}) {
    EXPECT_EQ(faults(cat("lat=1&lon=2&mock=", value)), "mock must be true or false") << value;
  }
}

TEST(Query, TakesACacheModeTogetherWithTheMockOnly) {
  const QueryOptions redis{.redis = true};
  EXPECT_EQ(parse("lat=1&lon=2&mock=true&cache=on").question.mode, Mode::normal);
  EXPECT_EQ(parse("lat=1&lon=2&mock=true&cache=off").question.mode, Mode::bypass);
  EXPECT_EQ(parse("cache=off&mock=true&lat=1&lon=2").question.mode, Mode::bypass);
  EXPECT_EQ(parse("lat=1&lon=2&mock=true&cache=redis", redis).question.mode, Mode::redis_only);
  for (const auto* mode : {"off", "redis"}) {
    EXPECT_EQ(faults(cat("lat=1&lon=2&cache=", mode), redis), "cache can be redis or off only together with mock=true");
    EXPECT_EQ(faults(cat("lat=1&lon=2&mock=false&cache=", mode), redis),
              "cache can be redis or off only together with mock=true");
  }
  EXPECT_EQ(faults("lat=1&lon=2&mock=true&cache=memory", redis), "cache must be on, redis or off");
}

TEST(Query, TakesTheNameOfTheUsualCacheModeWithoutTheMock) {
  for (const auto* rest : {"", "&mock=false"}) {
    const auto query = parse(cat("lat=1&lon=2&cache=on", rest));
    EXPECT_TRUE(query.faults.empty()) << rest;
    EXPECT_EQ(query.question.mode, Mode::normal);
    EXPECT_FALSE(query.question.mock);
  }
}

TEST(Query, RefusesTheRedisModeWithoutARedis) {
  EXPECT_EQ(faults("lat=1&lon=2&mock=true&cache=redis"), "cache cannot be redis: this service has no Redis");
}

TEST(Query, RefusesTheMockWithTheLaboratoryOff) {
  const QueryOptions plain{.lab = false};
  EXPECT_EQ(faults("lat=1&lon=2&mock=true", plain), "mock is not offered by this service (LAB=off)");
  EXPECT_EQ(key("lat=1&lon=2&mock=false", plain), "weather:1:2");
  EXPECT_FALSE(parse("lat=1&lon=2&mock=true", plain).question.mock);
}

// One mistake is one fault: the valid values of `cache` depend on `mock`, so an invalid `mock` does not make `cache`
// invalid, too.
TEST(Query, DoesNotBlameTheCacheModeForAFaultOfTheMock) {
  EXPECT_EQ(faults("lat=1&lon=2&mock=yes&cache=off"), "mock must be true or false");
  EXPECT_EQ(faults("lat=1&lon=2&mock=true&cache=off", {.lab = false}), "mock is not offered by this service (LAB=off)");
}

TEST(Query, KnowsTheFormatThatWasAskedFor) {
  EXPECT_EQ(parse("lat=1&lon=2&format=json").format, Format::json);
  EXPECT_EQ(parse("lat=1&lon=2&format=html").format, Format::html);
  EXPECT_EQ(parse("format=html").format, Format::html);
  EXPECT_EQ(faults("lat=1&lon=2&format=HTML"), "format must be json or html");
}

TEST(Query, RoundsToTheDecimalsThatTheServiceShares) {
  EXPECT_EQ(key("lat=52.5249&lon=13.4051", {.coordinate_decimals = 2}), "weather:52.52:13.41");
  EXPECT_EQ(key("lat=89.9&lon=-0.4", {.coordinate_decimals = 0}), "weather:90:0");
  EXPECT_EQ(faults("lat=90.001&lon=0", {.coordinate_decimals = 0}), "lat must be between -90 and 90");
}

TEST(Query, KeepsTheCoordinatesAsTheyWereSent) {
  const auto sent = [](std::string_view query) { return parse_weather_query(query, {}).sent; };
  EXPECT_EQ(sent("lat=%3Cb%3E&lon=5.0").latitude, "%3Cb%3E");
  EXPECT_EQ(sent("lat=%3Cb%3E&lon=5.0").longitude, "5.0");
  EXPECT_EQ(sent("lon=1").latitude, "");
  EXPECT_EQ(sent("lat=1&lat=2").latitude, "2");
}

TEST(Query, DecodesEachValueForItself) {
  EXPECT_EQ(key("lat=%35%32&lon=%2D%31%33.4&mock=%74rue&cache=%6Fn"), "weather:mock:52:-13.4");
}

TEST(Query, HasWordsForEveryFaultInEveryLanguage) {
  for (const auto* query :
       {"", "lat=&lon=x", "lat=%&lon=1&lon=1", "lat=91&lon=181", "mock=1&format=x",
        "lat=1&latitude=1&lon=1&longitude=1", "mock=true&cache=x&format=", "mock=true&cache=redis", "cache=off"}) {
    for (const bool lab : {true, false}) {
      for (const auto& fault : parse(query, {.lab = lab}).faults) {
        for (const auto language : web::kLanguages) {
          EXPECT_FALSE(web::text(language, cat("fault.", fault.detail)).empty()) << fault.detail;
        }
      }
    }
  }
}

// An accepted question makes a harmless key, whatever the input.
TEST(Query, MakesHarmlessKeysOfWhateverComes) {
  constexpr std::string_view kBytes = "lat=on&mocktrue0123456789.-+eE%2 &=:{}*\r\n";
  Random random(11);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string query = i % 2 == 0 ? "lat=1&lon=2" : "";
    const auto changes = random.next() % 6;
    for (std::uint64_t c = 0; c < changes; ++c) {
      query.insert(random.next() % (query.size() + 1), 1, kBytes[random.next() % kBytes.size()]);
    }
    const auto parsed = parse(query);
    if (!parsed.faults.empty()) continue;
    ++accepted;
    const auto text = std::string(weather::Key(parsed.question).text());
    EXPECT_EQ(text.find_first_not_of("-0123456789.:abcdefghijklmnopqrstuvwxyz"), std::string::npos) << query;
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace wx::endpoints
