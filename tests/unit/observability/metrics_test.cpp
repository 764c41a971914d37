#include "observability/metrics.hpp"

#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace wx::observability {
namespace {

using std::chrono::microseconds;

TEST(Metrics, AddsUpWhatThreadsCounted) {
  Metrics metrics;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) metrics.add(Counter::redis_commands);
    });
  }
  threads.clear();
  EXPECT_EQ(metrics.value(Counter::redis_commands), 4000U);
  EXPECT_EQ(metrics.value(Counter::redis_timeouts), 0U);
}

TEST(Metrics, WritesEveryCounterOnceInThePrometheusTextFormat) {
  Metrics metrics;
  metrics.add(Counter::requests_miss, 7);
  const auto text = metrics.text();
  EXPECT_NE(text.find("weather_cache_requests_total{outcome=\"miss\"} 7\n"), std::string::npos) << text;
  std::set<std::string_view> families;
  for (const auto& counter : kCounters) {
    families.insert(counter.family);
    EXPECT_TRUE(counter.family.ends_with("_total")) << counter.family;
  }
  for (const auto family : families) {
    const auto type = "# TYPE " + std::string(family) + " counter\n";
    const auto first = text.find(type);
    ASSERT_NE(first, std::string::npos) << family;
    EXPECT_EQ(text.find(type, first + 1), std::string::npos) << family << " must be together in the table";
  }
}

TEST(Metrics, HistogramBucketsAreCumulative) {
  Metrics metrics;
  metrics.observe(Timing::hit, microseconds(30));
  metrics.observe(Timing::hit, microseconds(700));
  metrics.observe(Timing::hit, std::chrono::seconds(60));
  const auto text = metrics.text();
  EXPECT_NE(text.find("weather_cache_hit_duration_seconds_count 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("weather_cache_hit_duration_seconds_bucket{le=\"5e-05\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("weather_cache_hit_duration_seconds_bucket{le=\"0.001\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("weather_cache_hit_duration_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos) << text;
}

// A bucket counts what is at most its bound, as its label "le" (less or equal) says.
TEST(Metrics, AHistogramsBoundBelongsToItsBucket) {
  const std::array<std::pair<std::string_view, Timing>, 2> histograms{
      {{"weather_cache_hit_duration_seconds", Timing::hit}, {"weather_cache_served_age_seconds", Timing::age}}};
  for (const auto& [name, timing] : histograms) {
    const auto& bounds = timing == Timing::age ? kAgeBounds : kBucketBounds;
    Metrics metrics;
    for (const double bound : bounds) metrics.observe(timing, nanoseconds(std::llround(bound * 1e9)));
    const auto text = metrics.text();
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const auto line = fmt::format("\n{}_bucket{{le=\"{:g}\"}} {}\n", name, bounds[i], i + 1);
      EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
  }
}

// A hundred years of a million answers a second, each a day old: 3.2e15 answers, 2.7e20 s. The answers are counted in
// fewer, larger steps.
TEST(Metrics, SumsDoNotOverflow) {
  Metrics metrics;
  constexpr auto kStep = std::chrono::days(100 * 365);
  constexpr int kSteps = 100'000;
  for (int i = 0; i < kSteps; ++i) metrics.observe(Timing::age, kStep);
  const auto text = metrics.text();
  const auto at = text.find("weather_cache_served_age_seconds_sum ");
  ASSERT_NE(at, std::string::npos);
  const double sum = std::stod(text.substr(text.find(' ', at)));
  const double expected = 100.0 * 365 * 86400 * kSteps;
  EXPECT_NEAR(sum / expected, 1, 1e-9);
}

TEST(WideSum, IsExactAroundEveryPowerThatCarries) {
  WideSum sum;
  constexpr auto kHalf = std::uint64_t{1} << 62;
  for (int i = 1; i <= 64; ++i) {
    sum.add(kHalf);
    EXPECT_EQ(sum.value(), std::ldexp(i, 62)) << i;
  }
}

// Readers see a sum that only grows, although a carry takes two steps.
TEST(WideSum, OnlyGrowsForAReader) {
  WideSum sum;
  std::atomic<bool> done{false};
  const std::jthread writer([&] {
    for (int i = 0; i < 200'000; ++i) sum.add((std::uint64_t{1} << 62) + 12345);
    done = true;
  });
  double last = 0;
  while (!done) {
    const auto value = sum.value();
    ASSERT_GE(value, last);
    last = value;
  }
}

TEST(Metrics, GaugesAreReadTogetherAtEveryScrape) {
  Metrics metrics;
  double now = 1;
  metrics.set_gauges([&] {
    return std::vector<Gauge>{{"weather_cache_thing", "kind=\"a\"", "A thing", now},
                              {"weather_cache_thing", "kind=\"b\"", "", now + 1}};
  });
  now = 42;
  EXPECT_NE(metrics.text().find("# TYPE weather_cache_thing gauge\nweather_cache_thing{kind=\"a\"} 42\n"
                                "weather_cache_thing{kind=\"b\"} 43\n"),
            std::string::npos)
      << metrics.text();
  metrics.remove_gauges();
  EXPECT_EQ(metrics.text().find("weather_cache_thing"), std::string::npos);
}

}  // namespace
}  // namespace wx::observability
