// Properties of canonical questions, over random queries made of the provider's words.
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "open_meteo/canonical.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::array<std::string_view, 24> kNames{"latitude",
                                                  "longitude",
                                                  "elevation",
                                                  "hourly",
                                                  "daily[]",
                                                  "models",
                                                  "current_weather",
                                                  "current",
                                                  "wind_speed_unit",
                                                  "format",
                                                  "windspeed_unit",
                                                  "length_unit",
                                                  "past_days",
                                                  "tilt",
                                                  "precipitation_unit",
                                                  "start_date",
                                                  "cell_selection",
                                                  "timezone",
                                                  "bounding_box",
                                                  "disable_bias_correction",
                                                  "x y",
                                                  "h%6Furly",
                                                  "_",
                                                  "temporal_resolution"};
constexpr std::array<std::string_view, 28> kValues{
    "52.52",     "-13.4099998474", "1e-7",     "nan", "0",   "007",    "true",       "celsius",       "kmh",
    "ms",        "inch",           "imperial", "mm",  "csv", "json",   "best_match", "rain",          "sea",
    "land",      "hourly_1",       "a%2Cb",    "a|b", "%zz", "%C3%A9", "{ \"",       "Europe/Berlin", "+",
    "2020-01-31"};

class RandomQueries {
 public:
  std::vector<std::string> pairs() {
    std::vector<std::string> pairs;
    const auto count = below(6);
    for (std::size_t i = 0; i < count; ++i) {
      std::string pair(kNames.at(below(kNames.size())));
      if (below(12) > 0) {
        append(pair, '=');
        for (auto values = below(4); values > 0; --values) {
          append(pair, kValues.at(below(kValues.size())));
          if (values > 1 || below(8) == 0) append(pair, ',');
        }
      }
      pairs.push_back(std::move(pair));
    }
    return pairs;
  }
  void shuffle(std::vector<std::string>& pairs) { std::shuffle(pairs.begin(), pairs.end(), random_); }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

 private:
  std::mt19937_64 random_{20261130};
};

std::string join(const std::vector<std::string>& pairs) {
  std::string query;
  for (const auto& pair : pairs) query += (query.empty() ? "" : "&") + pair;
  return query;
}

TEST(CanonicalRandom, TheTextIsTheSameQuestion) {
  RandomQueries random;
  int opaque = 0;
  constexpr int kQuestions = 3'000;
  for (int i = 0; i < kQuestions; ++i) {
    const auto query = join(random.pairs());
    for (const auto* const path : {"/v1/forecast", "/v1/marine", "/v1/search"}) {
      const auto question = make_question(*find_resource(path, ""), query, {});
      ASSERT_EQ(make_question(question.resource, question.query, {}), question) << query;
      opaque += question.asked.opaque ? 1 : 0;
    }
  }
  EXPECT_GT(opaque, kQuestions / 10);
  EXPECT_LT(opaque, 3 * kQuestions * 9 / 10);
}

// Those of one name keep their order.
TEST(CanonicalRandom, TheOrderOfDifferentParametersDoesNotMatter) {
  RandomQueries random;
  int compared = 0;
  for (int i = 0; i < 3'000; ++i) {
    auto pairs = random.pairs();
    const auto name = [](const std::string& pair) { return pair.substr(0, pair.find('=')); };
    std::ranges::sort(pairs, {}, name);
    const auto same = std::ranges::unique(pairs, {}, name);
    pairs.erase(same.begin(), same.end());
    const bool both = std::ranges::any_of(pairs, [](const auto& p) { return p.starts_with("h%6Furly"); });
    const auto question = make_question({.text = "/v1/forecast"}, join(pairs), {});
    if (question.asked.opaque || both) continue;
    ++compared;
    random.shuffle(pairs);
    ASSERT_EQ(make_question({.text = "/v1/forecast"}, join(pairs), {}), question) << join(pairs);
  }
  EXPECT_GT(compared, 300);
}

TEST(CanonicalRandom, EveryCoordinateIsItsShortestTextInBothLists) {
  RandomQueries random;
  for (int i = 0; i < 5'000; ++i) {
    const auto digits = cat(random.below(90), ".", random.below(100'000'000));
    const auto once = make_question({.text = "/v1/forecast"}, cat("latitude=", digits, "%2C1"), {});
    const auto twice = make_question({.text = "/v1/forecast"}, cat("latitude=", digits, ",1"), {});
    ASSERT_FALSE(once.asked.opaque) << digits;
    // So few digits are never that close to the middle of two Float32.
    ASSERT_EQ(once.query, twice.query) << digits;
    ASSERT_EQ(make_question({.text = "/v1/forecast"}, once.query, {}).query, once.query);
  }
}

}  // namespace
}  // namespace wx::open_meteo
