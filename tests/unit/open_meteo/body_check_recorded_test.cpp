// Recorded answers of the provider, if they are there.
#include <string>

#include <gtest/gtest.h>

#include "body_check_harness.hpp"
#include "recorded.hpp"

namespace wx::open_meteo {
namespace {

using test::check;
using test::describe;
using test::recorded;

Asked asked_of(const std::string& folder, const std::string& file) {
  Asked asked;
  if (file.starts_with("elevation")) asked.path = Path::elevation;
  if (file.starts_with("search") || file.starts_with("geocoding")) asked.path = Path::search;
  if (folder == "meta") asked.path = Path::metadata;
  if (file.starts_with("cities")) asked.locations = 12;
  if (file.find("multi") != std::string::npos || file.find("2-locations") != std::string::npos) asked.locations = 2;
  if (file.ends_with(".fb")) asked.format = Format::flatbuffers;
  if (file.ends_with(".csv")) asked.format = Format::csv;
  return asked;
}

TEST(BodyCheckOfRecordedAnswers, EveryAnswerIsGood) {
  std::size_t seen = 0;
  for (const std::string folder :
       {"current-samples", "flatbuffers", "format-expected", "frenck-python-open-meteo", "home-assistant-core",
        "jetblack-open-meteo", "linecast", "meta", "vcr-open-meteo-ruby"}) {
    for (const auto& [file, body] : recorded(folder)) {
      const Asked asked = asked_of(folder, file);
      const auto outcome = check_body(asked, test::type_of(asked.format), body);
      for (const std::size_t size : {1UL, 1000UL}) {
        const auto other = test::check_in_pieces(asked, test::type_of(asked.format), body, size);
        EXPECT_EQ(describe(other), describe(outcome)) << folder << "/" << file;
        if (other && outcome) {
          EXPECT_EQ(other->data_hash, outcome->data_hash) << folder << "/" << file;
        }
      }
      ++seen;
      EXPECT_TRUE(outcome.has_value()) << folder << "/" << file << ": " << describe(outcome);
      if (!outcome) continue;
      EXPECT_EQ(outcome->empty_of_values, file == "satellite_radiation_not_covered.txt") << file;
      EXPECT_EQ(outcome->data_hash.size(), 32U);
      if (folder == "current-samples") {
        EXPECT_EQ(outcome->current_interval, std::chrono::seconds(900)) << file;
      }
    }
  }
  if (seen == 0) GTEST_SKIP() << "no recorded answers here";
}

TEST(BodyCheckOfRecordedAnswers, NoErrorIsAnAnswer) {
  for (const auto& [file, body] : recorded("errors")) {
    for (const Format format : {Format::json, Format::csv, Format::xlsx, Format::flatbuffers}) {
      EXPECT_FALSE(check({.format = format}, body)) << file;
    }
  }
}

}  // namespace
}  // namespace wx::open_meteo
