// What the tests of body checks share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "open_meteo/body_check.hpp"

namespace wx::test {

inline constexpr std::string_view kJsonType = "application/json; charset=utf-8";
inline constexpr std::string_view kCsvType = "text/csv; charset=utf-8";
inline constexpr std::string_view kXlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
inline constexpr std::string_view kFlatbuffersType = "application/octet-stream";

inline std::string_view type_of(open_meteo::Format format) {
  switch (format) {
    case open_meteo::Format::csv:
      return kCsvType;
    case open_meteo::Format::xlsx:
      return kXlsxType;
    case open_meteo::Format::flatbuffers:
      return kFlatbuffersType;
    default:
      return kJsonType;
  }
}

// Everything that a check found out, as text: "good ..." with the facts, else "query: ..." or "provider: ..." with the
// detail, after whom the fault concerns.
inline std::string describe(const Result<open_meteo::BodyFacts>& outcome) {
  if (!outcome) {
    EXPECT_EQ(outcome.error().kind, ErrorKind::provider_bad_reply);
    EXPECT_EQ(outcome.error().provider_status, 200);
    EXPECT_FALSE(outcome.error().detail.empty());
    return (outcome.error().of_query ? "query: " : "provider: ") + outcome.error().detail;
  }
  std::string out = "good";
  if (outcome->empty_of_values) out += " empty";
  if (outcome->current_time) out += " at " + std::to_string(outcome->current_time->time_since_epoch().count());
  if (outcome->current_interval) out += " for " + std::to_string(outcome->current_interval->count());
  for (const auto offset : outcome->utc_offsets) out += " utc+" + std::to_string(offset.count());
  if (outcome->ends_with_gap) out += " gap";
  return out;
}

inline Result<open_meteo::BodyFacts> check_in_pieces(const open_meteo::Asked& asked, std::string_view type,
                                                     std::string_view body, std::size_t size) {
  const auto check = open_meteo::BodyCheck::make(asked, type);
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size()))) check->feed(body.substr(0, size));
  return check->finish();
}

// The outcome of a check, which must not depend on how the body is cut into pieces.
inline Result<open_meteo::BodyFacts> check(const open_meteo::Asked& asked, std::string_view type,
                                           std::string_view body) {
  const auto whole = open_meteo::check_body(asked, type, body);
  const auto same = [&](const Result<open_meteo::BodyFacts>& other, std::size_t where) {
    EXPECT_EQ(describe(other), describe(whole)) << where << " of " << body.substr(0, 300);
    if (whole && other) {
      EXPECT_EQ(other->data_hash, whole->data_hash) << where << " of " << body.substr(0, 300);
      EXPECT_EQ(other->size, body.size());
    }
  };
  for (const std::size_t size : {1UL, 2UL, 3UL, 511UL}) same(check_in_pieces(asked, type, body, size), size);
  // All cuts of a short body, and some of a long one.
  for (std::size_t cut = 1; cut < body.size(); cut += 1 + cut / 100 * (body.size() / 1000)) {
    const auto two = open_meteo::BodyCheck::make(asked, type);
    two->feed(body.substr(0, cut));
    two->feed(body.substr(cut));
    same(two->finish(), cut);
  }
  return whole;
}

inline Result<open_meteo::BodyFacts> check(const open_meteo::Asked& asked, std::string_view body) {
  return check(asked, type_of(asked.format), body);
}

}  // namespace wx::test
