#include "weather/render.hpp"

#include <gtest/gtest.h>

namespace wx::weather {
namespace {

using open_meteo::CurrentWeather;

CurrentWeather real() {
  CurrentWeather weather;
  weather.latitude = "52.52";
  weather.longitude = "13.419998";
  weather.elevation = "38.0";
  weather.time = "2024-11-23T18:15";
  weather.interval = "900";
  weather.temperature_unit = "°C";
  weather.wind_speed_unit = "km/h";
  weather.temperature = "2.3";
  weather.wind_speed = "10.7";
  return weather;
}

CurrentWeather mock() {
  CurrentWeather weather;
  weather.latitude = "52.52";
  weather.longitude = "13.41";
  weather.temperature = "25.0";
  weather.wind_speed = "10.0";
  return weather;
}

TEST(Render, MakesTheWholeOfARealAnswer) {
  EXPECT_EQ(render(real()),
            R"({"latitude":52.52,"longitude":13.419998,"elevation":38.0,)"
            R"("current_units":{"time":"iso8601","interval":"seconds","temperature_2m":"°C","wind_speed_10m":"km/h"},)"
            R"("current":{"time":"2024-11-23T18:15","interval":900,"temperature_2m":2.3,"wind_speed_10m":10.7}})");
}

// With `source` as the last member, this is the published answer of the mock.
TEST(Render, MakesTheMocksAnswerToTheByte) {
  EXPECT_EQ(render(mock()),
            R"({"latitude":52.52,"longitude":13.41,"current":{"temperature_2m":25.0,"wind_speed_10m":10.0}})");
}

TEST(Render, LeavesOutAnElevationThatTheSourceDidNotGive) {
  auto flat = real();
  flat.elevation.clear();
  EXPECT_EQ(render(flat).find("elevation"), std::string::npos);
  flat.elevation = "0";
  EXPECT_NE(render(flat).find(R"("elevation":0,)"), std::string::npos);
}

TEST(Render, CopiesNumbersDigitForDigit) {
  auto odd = real();
  odd.temperature = "-0.0";
  odd.wind_speed = "1.10e+01";
  odd.latitude = "-89.99999237060547";
  odd.interval = "3600";
  const auto body = render(odd);
  EXPECT_NE(body.find(R"("temperature_2m":-0.0,"wind_speed_10m":1.10e+01})"), std::string::npos) << body;
  EXPECT_TRUE(body.starts_with(R"({"latitude":-89.99999237060547,)")) << body;
  EXPECT_NE(body.find(R"("interval":3600,)"), std::string::npos) << body;
}

TEST(Render, EscapesTheSourcesTexts) {
  auto hostile = real();
  hostile.temperature_unit = "\"},\"x\":{\"";
  hostile.wind_speed_unit = "a\\b\n\x01\xff";
  hostile.time = "\"current\":";
  const auto body = render(hostile);
  EXPECT_NE(body.find(R"("temperature_2m":"\"},\"x\":{\"")"), std::string::npos) << body;
  EXPECT_NE(body.find("\"wind_speed_10m\":\"a\\\\b\\n\\u0001\xEF\xBF\xBD\""), std::string::npos) << body;
  EXPECT_NE(body.find(R"("time":"\"current\":",)"), std::string::npos) << body;
}

TEST(ReadBack, FindsWhatThePageShowsOfARealAnswer) {
  const auto body = render(real());
  const auto reading = read_back(body);
  EXPECT_EQ(reading.latitude, "52.52");
  EXPECT_EQ(reading.longitude, "13.419998");
  EXPECT_EQ(reading.temperature, "2.3");
  EXPECT_EQ(reading.wind_speed, "10.7");
  EXPECT_EQ(reading.time, "2024-11-23T18:15");
  EXPECT_EQ(reading.temperature_unit, "°C");
  EXPECT_EQ(reading.wind_speed_unit, "km/h");
}

TEST(ReadBack, LeavesEmptyWhatTheMockDoesNotSay) {
  const auto body = render(mock());
  const auto reading = read_back(body);
  EXPECT_EQ(reading.latitude, "52.52");
  EXPECT_EQ(reading.longitude, "13.41");
  EXPECT_EQ(reading.temperature, "25.0");
  EXPECT_EQ(reading.wind_speed, "10.0");
  EXPECT_EQ(reading.time, "");
  EXPECT_EQ(reading.temperature_unit, "");
  EXPECT_EQ(reading.wind_speed_unit, "");
}

TEST(ReadBack, IsNotMisledByTextsThatLookLikeMembers) {
  auto hostile = real();
  hostile.temperature_unit = R"("current":{"temperature_2m":99)";
  hostile.wind_speed_unit = R"(,"current":{"wind_speed_10m":99)";
  const auto body = render(hostile);
  const auto reading = read_back(body);
  EXPECT_EQ(reading.temperature, "2.3");
  EXPECT_EQ(reading.wind_speed, "10.7");
  EXPECT_EQ(reading.time, "2024-11-23T18:15");
}

TEST(ReadBack, SurvivesBodiesThatRenderDidNotMake) {
  const auto whole = render(real());
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto reading = read_back(std::string_view(whole).substr(0, length));
    EXPECT_LE(reading.temperature.size(), whole.size());
  }
  for (const auto* body : {"", "{}", "[]", "\"current\":", "{\"current\":{\"time\":\"", "\"latitude\":\"\""}) {
    EXPECT_EQ(read_back(body).temperature, "") << body;
  }
}

}  // namespace
}  // namespace wx::weather
