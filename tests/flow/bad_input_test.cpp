// Invalid places are refused before the cache or the provider is asked.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"

namespace wx::test {
namespace {

class BadInput : public testing::Test {
 protected:
  FakeProvider provider;
  const Service service{{{"OPEN_METEO_URL", provider.url()}, {"MOCK_DELAY", "10ms"}}};
};

TEST_F(BadInput, IsRefusedWithTheNameOfTheParameter) {
  for (const std::string_view lat :
       {"lat=abc",     "lat=999",     "lat=-90.0001", "lat=",      "lat",           "",
        "lat=1&lat=2", "lat=1&lat=1", "lat=NaN",      "lat=nan",   "lat=inf",       "lat=-Infinity",
        "lat=0x10",    "lat=1e400",   "lat=52%26x=1", "lat=1%00",  "lat=%31%2",     "lat=1%zz",
        "lat=1,2",     "lat=1%2C5",   "lat=52.52%20", "lat=%2052", "lat=1+",        "lat=--1",
        "lat=1e",      "lat=.",       "lat=1;2",      "LAT=1",     "lat=1%0d%0aX:1"}) {
    SCOPED_TRACE(lat);
    const Answer answer = service.get(cat("/weather?", lat, "&lon=13.41"));
    expect_problem(answer, 400);
    EXPECT_EQ(json_at(answer.body, "/errors/0/parameter"), "lat") << answer.body;
    EXPECT_FALSE(json_at(answer.body, "/errors/0/detail").empty()) << answer.body;
    EXPECT_TRUE(json_at(answer.body, "/errors/1").empty()) << answer.body;
  }
  EXPECT_EQ(provider.calls(), 0U);
}

TEST_F(BadInput, IsNamedWhollyInOneAnswer) {
  const Answer answer = service.get("/weather?lat=abc&lon=181&mock=perhaps&cache=sometimes");
  expect_problem(answer, 400);
  std::string named;
  for (int i = 0; i < 4; ++i) append(named, cat(json_at(answer.body, cat("/errors/", i, "/parameter")), " "));
  for (const auto* parameter : {"lat", "lon", "mock", "cache"}) EXPECT_TRUE(named.contains(parameter)) << named;

  const Answer nothing = service.get("/weather");
  expect_problem(nothing, 400);
  EXPECT_EQ(json_at(nothing.body, "/errors/0/parameter"), "lat");
  EXPECT_EQ(json_at(nothing.body, "/errors/1/parameter"), "lon");
  EXPECT_EQ(provider.calls(), 0U);
}

TEST_F(BadInput, ThatIsLongIsRefusedByItsLength) {
  const Answer eight = service.get(cat("/weather?lat=", std::string(8192, '1'), "&lon=1"));
  EXPECT_EQ(eight.status, 400);
  EXPECT_EQ(eight.header("Content-Type"), "application/problem+json");
  const Answer seventeen = service.get(cat("/weather?lat=", std::string(17 * 1024, '1'), "&lon=1"));
  EXPECT_EQ(seventeen.status, 414);
  EXPECT_EQ(seventeen.header("Content-Type"), "application/problem+json");
  const Answer two = service.get(cat("/weather?lat=1.", std::string(2000, '0'), "x&lon=1"));
  EXPECT_EQ(two.status, 400);
  EXPECT_LT(two.body.size(), 2000U) << "an answer does not repeat a long invalid value";
  EXPECT_EQ(provider.calls(), 0U);
}

TEST_F(BadInput, NeverBreaksTheJsonOfItsAnswer) {
  for (const std::string_view lat : {"%22%5C%00%1f", "%ff%fe", "%3Cscript%3E", "%F0%9F%90%A2", "%0a"}) {
    const Answer answer = service.get(cat("/weather?lat=", lat, "&lon=1"));
    expect_problem(answer, 400);
  }
  const Answer page = service.get("/weather?lat=%3Cscript%3Ealert(1)%3C/script%3E&lon=1", {{"Accept", "text/html"}});
  EXPECT_EQ(page.status, 400);
  EXPECT_TRUE(page.header("Content-Type").starts_with("text/html"));
  EXPECT_FALSE(page.body.contains("<script>alert")) << page.body;
}

TEST_F(BadInput, IsNotWhatOnlyLooksOdd) {
  for (const auto& [target, key] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"lat=0&lon=0", "latitude=0&longitude=0"},
           {"lat=-0&lon=-0.0", "latitude=0&longitude=0"},
           {"lat=90&lon=180", "latitude=90&longitude=180"},
           {"lat=-90&lon=-180", "latitude=-90&longitude=-180"},
           {"lat=5.252e1&lon=13.41", "latitude=52.52&longitude=13.41"},
           {"lat=%35%32.5&lon=7", "latitude=52.5&longitude=7"},
           {"lat=1&lon=2&nonsense=%26x&Lat=7", "latitude=1&longitude=2"}}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(service.get(cat("/weather?", target)).status, 200);
    EXPECT_TRUE(provider.requests().back().target.contains(cat("?", key, "&current=")))
        << provider.requests().back().target;
  }
  EXPECT_EQ(provider.calls(), 6U) << "-0 is 0";
}

TEST_F(BadInput, OneKeyIsOneQuestionHoweverItIsWritten) {
  EXPECT_EQ(service.get("/weather?lat=52.52&lon=13.41").header("X-Cache"), "MISS");
  for (const auto* same : {"lat=52.520&lon=13.41", "lat=5.252e1&lon=1341e-2", "lon=13.41&lat=52.52000000001",
                           "lat=52.52&lon=13.41&mock=false", "lat=052.52&lon=13.41"}) {
    EXPECT_EQ(service.get(cat("/weather?", same)).header("X-Cache"), "HIT") << same;
  }
  EXPECT_EQ(provider.calls(), 1U);
}

TEST(Rounding, SendsTheRoundedPointToTheProvider) {
  FakeProvider provider;
  const Service service({{"OPEN_METEO_URL", provider.url()}, {"COORDINATE_DECIMALS", "1"}});
  EXPECT_EQ(service.get("/weather?lat=52.5249&lon=-13.46").header("X-Cache"), "MISS");
  EXPECT_EQ(service.get("/weather?lat=52.4751&lon=-13.54").header("X-Cache"), "HIT");
  EXPECT_EQ(provider.requests().front().parameter("latitude"), "52.5");
  EXPECT_EQ(provider.requests().front().parameter("longitude"), "-13.5");
}

}  // namespace
}  // namespace wx::test
