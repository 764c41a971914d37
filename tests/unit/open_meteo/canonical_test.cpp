#include "open_meteo/canonical.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

Question ask(std::string_view path, std::string_view query, UnknownParameters unknown = UnknownParameters::keep) {
  auto resource = find_resource(path, "");
  EXPECT_TRUE(resource) << path;
  return make_question(resource.value_or(Resource{}), query, {.unknown = unknown});
}
std::string canonical(std::string_view query) {
  const auto question = ask("/v1/forecast", query);
  return question.asked.opaque ? cat("opaque ", question.query) : question.query;
}

TEST(Canonical, ParametersHaveOneOrderAndTheUnknownFollow) {
  EXPECT_EQ(canonical("hourly=rain&b=2&longitude=13.41&a=1&latitude=52.52&b=1"),
            "latitude=52.52&longitude=13.41&hourly=rain&a=1&b=2&b=1");
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical("&&"), "");
}

TEST(Canonical, FiveSpellingsAreOne) {
  const std::string text = "latitude=52.52&longitude=13.41&current=temperature_2m&hourly=rain,snowfall";
  EXPECT_EQ(canonical("latitude=52.52&longitude=13.41&current=temperature_2m&hourly=rain,snowfall"), text);
  EXPECT_EQ(canonical("latitude=52.52&longitude=13.41&current=temperature_2m&hourly=rain%2Csnowfall"), text);
  EXPECT_EQ(canonical("latitude=52.52&longitude=13.41&current=temperature_2m&hourly=rain&hourly=snowfall"), text);
  EXPECT_EQ(canonical("latitude[]=52.52&longitude[]=13.41&current[]=temperature_2m&hourly[]=rain&hourly[]=snowfall"),
            text);
  EXPECT_EQ(canonical("_=1&hourly=rain|snowfall&format=json&temperature_unit=celsius&wind_speed_unit=kmh&past_days=0&"
                      "timeformat=iso8601&longitude=1.341e1&current=temperature_2m&latitude=52.5200"),
            text);
}

TEST(Canonical, OtherBytesAreEscaped) {
  EXPECT_EQ(canonical("x={a} \"'\\<>`^"), "x=%7Ba%7D%20%22%27%5C%3C%3E%60%5E");
  EXPECT_EQ(canonical("x=a+b%2Bc%20d"), "x=a%20b%2Bc%20d");
  EXPECT_EQ(canonical("x=%00%0a%7f%C3%A9"), "x=%00%0A%7F%C3%A9");
  EXPECT_EQ(canonical("x=\xC3\xA9\x01"), "x=%C3%A9%01");
  EXPECT_EQ(canonical("x=a=b%26c"), "x=a%3Db%26c");
  EXPECT_EQ(canonical("x=1,2:/%2C%3a%2F-._~"), "x=1,2:/,:/-._~");
  EXPECT_EQ(canonical("timezone=Europe%2FBerlin"), "timezone=Europe/Berlin");
}

TEST(Canonical, ABrokenEscapeIsItself) {
  EXPECT_EQ(canonical("x=100%"), "x=100%25");
  EXPECT_EQ(canonical("x=%zz"), "x=%25zz");
  EXPECT_EQ(canonical("x=%4"), "x=%254");
}

TEST(Canonical, CoordinatesAreTheShortestFloat32) {
  EXPECT_EQ(canonical("latitude=52.5200001&longitude=13.4099998474"), "latitude=52.52&longitude=13.41");
  EXPECT_EQ(canonical("latitude=-0.0&longitude=0"), "latitude=-0&longitude=0");
  EXPECT_EQ(canonical("latitude=1e-5&longitude=1.8E%2B2"), "latitude=0.00001&longitude=180");
  EXPECT_EQ(canonical("latitude=90&longitude=-180"), "latitude=90&longitude=-180");
  EXPECT_EQ(canonical("elevation=8848.86,nan,NaN"), "elevation=8848.86,nan,NaN");
  EXPECT_EQ(canonical("elevation=12345678901"), "elevation=12345678848");
}

// Between 52.520004 and 52.520008, beyond their middle by less than a double can tell.
TEST(Canonical, AnEscapedCommaChangesTheRounding) {
  EXPECT_EQ(canonical("latitude=52.52000617980957031250000000001,1"), "latitude=52.520004,1");
  EXPECT_EQ(canonical("latitude=52.52000617980957031250000000001&latitude=1"), "latitude=52.520004,1");
  EXPECT_EQ(canonical("latitude=52.52000617980957031250000000001%2C1"), "latitude=52.520008,1");
  EXPECT_EQ(canonical("latitude=52.52000617980957031250000000001,"), "latitude=52.520008");
}

TEST(Canonical, WhatIsNoNumberIsLeftToTheProvider) {
  for (const auto* const value :
       {"abc", "", "91", "-90.1", "nan", "inf", "0x10", ".5", "5.", "%2B5", "+5", "5+", "1e", "1e999", "--5", "1;2"}) {
    const auto question = ask("/v1/forecast", cat("latitude=", value, "&x=1&hourly=rain"));
    // Nothing at all is a list of no items.
    EXPECT_EQ(question.asked.opaque, *value != '\0') << value;
  }
  EXPECT_EQ(canonical("longitude=181"), "opaque longitude=181");
  EXPECT_EQ(canonical("elevation=1e39"), "opaque elevation=1e39");
  EXPECT_EQ(canonical("elevation=1%2C1e39"), "opaque elevation=1%2C1e39");
  EXPECT_EQ(canonical("tilt=flat"), "opaque tilt=flat");
  EXPECT_EQ(canonical("tilt="), "opaque tilt=");
  EXPECT_EQ(canonical("forecast_days=3.0"), "opaque forecast_days=3.0");
  EXPECT_EQ(canonical("forecast_days="), "opaque forecast_days=");
  EXPECT_EQ(canonical("forecast_days=3d"), "opaque forecast_days=3d");
  EXPECT_EQ(canonical("forecast_days=%2B3"), "opaque forecast_days=%2B3");
  EXPECT_EQ(canonical("forecast_days=-"), "opaque forecast_days=-");
  EXPECT_EQ(canonical("forecast_days=99999999999999999999"), "opaque forecast_days=99999999999999999999");
  EXPECT_EQ(canonical("forecast_days=-007"), "forecast_days=-7");
}

TEST(Canonical, AnOpaqueQuestionKeepsItsTextInTheSafeAlphabet) {
  EXPECT_EQ(canonical("z=1&hourly[0]=a|b c&&a=%2c%ff%zz{"), "opaque z=1&hourly%5B0%5D=a%7Cb%20c&a=%2C%FF%25zz%7B");
  EXPECT_EQ(canonical("hourly"), "opaque hourly");
  EXPECT_EQ(canonical("=1"), "opaque =1");
  EXPECT_EQ(canonical("[]=1"), "opaque %5B%5D=1");
  EXPECT_EQ(canonical("a[b=1"), "opaque a%5Bb=1");
  EXPECT_EQ(canonical("forecast_days[]=1"), "opaque forecast_days%5B%5D=1");
  EXPECT_EQ(canonical("current_weather[]=1"), "opaque current_weather%5B%5D=1");
  EXPECT_EQ(canonical("debug"), "opaque debug");
  EXPECT_EQ(canonical("hourly=%C3%A9"), "opaque hourly=%C3%A9");
  EXPECT_EQ(canonical("%C3%A9[]=1"), "opaque %C3%A9%5B%5D=1");
  EXPECT_EQ(canonical("x=%FF&a=1"), "opaque x=%FF&a=1");
  EXPECT_EQ(canonical("%FF=x&a=1"), "opaque %FF=x&a=1");
}

TEST(Canonical, FlagsAreReadAsTheProviderDoes) {
  for (const auto* const yes : {"current_weather", "current_weather=TRUE", "current_weather=1", "current_weather=oN",
                                "current_weather=0&current_weather=true", "current%5Fweather"}) {
    EXPECT_EQ(canonical(yes), "current_weather=true") << yes;
  }
  for (const auto* const no : {"current_weather=False", "current_weather=0", "current_weather&current_weather=0"}) {
    EXPECT_EQ(canonical(no), "") << no;
  }
  for (const auto* const other :
       {"current_weather=off", "current_weather=yes", "current_weather=", "current_weather=2"}) {
    EXPECT_TRUE(ask("/v1/forecast", other).asked.opaque) << other;
  }
}

TEST(Canonical, AListWithoutItemsIsNotAbsent) {
  EXPECT_EQ(canonical("hourly="), "hourly=");
  EXPECT_EQ(canonical("hourly=,"), "hourly=");
  EXPECT_EQ(canonical("hourly=&hourly[]=rain"), "hourly=rain");
  EXPECT_EQ(canonical("models="), "models=");
}

TEST(Canonical, TheKeyIsTakenOut) {
  for (const auto* const query : {"apikey=secret&latitude=52.52", "latitude=52.52&apikey=secret",
                                  "latitude=52.52&%61pikey=secret&apikey=", "latitude=52.52&apikey",
                                  "latitude=52.52&apikey[]=secret", "latitude=52.52&apikey[secret=secret"}) {
    const auto question = ask("/v1/forecast", query);
    EXPECT_TRUE(question.has_key) << query;
    EXPECT_EQ(question.query, "latitude=52.52") << query;
  }
  const auto opaque = ask("/v1/forecast", "latitude=x&apikey=secret&%zz=1");
  EXPECT_TRUE(opaque.has_key && opaque.asked.opaque);
  EXPECT_EQ(opaque.query, "latitude=x&%25zz=1");
  EXPECT_FALSE(ask("/v1/forecast", "latitude=52.52").has_key);
  // The provider ignores this name, but it may be a slip.
  const auto slip = ask("/v1/forecast", "ApiKey=secret&latitude=52.52");
  EXPECT_FALSE(slip.has_key);
  EXPECT_EQ(slip.query, "latitude=52.52");
}

TEST(Canonical, UnknownParametersCanBeDropped) {
  EXPECT_EQ(ask("/v1/forecast", "x=1&latitude=52.52&y[]=2", UnknownParameters::drop).query, "latitude=52.52");
  EXPECT_EQ(ask("/v1/forecast", "x=1&latitude=52.52&y[]=2").query, "latitude=52.52&x=1&y%5B%5D=2");
  EXPECT_EQ(canonical("_=1&cache_buster=2&cachebuster=3&utm_x=4&__=5&Utm_y=6"), "Utm_y=6&__=5");
}

TEST(Canonical, EachContentHasItsParameters) {
  EXPECT_EQ(ask("/v1/elevation", "longitude=13.410&latitude=52.52&timeformat=iso8601").query,
            "latitude=52.52&longitude=13.41&timeformat=iso8601");
  EXPECT_EQ(ask("/v1/search", "count=05&latitude=1.0&name=New+York,%20NY&format=json").query,
            "name=New%20York,%20NY&count=5&format=json&latitude=1.0");
  EXPECT_EQ(ask("/data/x/meta.json", "b=1&a=2").query, "a=2&b=1");
  EXPECT_TRUE(ask("/v1/search", "name=x&format=protobuf").asked.opaque);
  EXPECT_TRUE(ask("/v1/search", "name=x&count=many").asked.opaque);
}

TEST(CacheKey, NamesHostPathAndQuestion) {
  EXPECT_EQ(cache_key(ask("/v1/forecast", "longitude=13.41&latitude=52.52")),
            "weather:om:api:forecast?latitude=52.52&longitude=13.41");
  EXPECT_EQ(cache_key(ask("/previous-runs-api/v1/forecast", "")), "weather:om:previous-runs-api:forecast?");
  EXPECT_EQ(cache_key(ask("/data/dwd_icon/static/meta.json", "")), "weather:om:api:data/dwd_icon/static/meta.json?");
  EXPECT_EQ(question_text(ask("/v1/archive", "latitude=1")), "archive-api:archive?latitude=1");
}

TEST(CacheKey, CustomersHaveTheirOwn) {
  EXPECT_EQ(cache_key(ask("/customer-api/v1/forecast", "latitude=1")), "weather:om:customer-api:forecast?latitude=1");
}

TEST(CacheKey, ALongQuestionIsHashed) {
  const std::string start = "weather:om:api:forecast?x=";
  const auto longest = ask("/v1/forecast", cat("x=", std::string(400 - start.size(), 'a')));
  EXPECT_EQ(cache_key(longest).size(), 400);
  EXPECT_EQ(cache_key(longest), cat("weather:om:", question_text(longest)));

  const auto longer = ask("/v1/forecast", cat("x=", std::string(401 - start.size(), 'a')));
  const auto other = ask("/v1/forecast", cat("x=", std::string(400 - start.size(), 'a'), "b"));
  // printf 'api:forecast?x=aaa...' | sha256sum
  EXPECT_EQ(cache_key(longer), "weather:om:api:forecast#273937a46f259ffeb83bca4f79589f59");
  EXPECT_NE(cache_key(longer), cache_key(other));
  EXPECT_EQ(question_text(longer).size(), 401 - std::string("weather:om:").size());
}

}  // namespace
}  // namespace wx::open_meteo
