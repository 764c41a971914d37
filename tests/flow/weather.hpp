// The form that every answer to a weather request must have.
#pragma once

#include <optional>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "flow/json.hpp"
#include "support/http_client.hpp"

namespace wx::test {

inline constexpr std::string_view kFromMemory = "Memory Cache ⚡";
inline constexpr std::string_view kFromRedis = "Redis Cache ⚡";
inline constexpr std::string_view kFromMock = "Mock API (Slow) 🐢";
inline constexpr std::string_view kFromProvider = "Open-Meteo API (Slow) 🐢";

inline constexpr std::string_view kMock = "/weather?lat=52.52&lon=13.41&mock=true";
inline constexpr std::string_view kReal = "/weather?lat=52.52&lon=13.41";

[[nodiscard]] inline std::string source_of(const Answer& answer) {
  return json_at(answer.body, "/source");
}

// The number after `name=` in Cache-Status.
[[nodiscard]] inline std::optional<int> cache_status_number(const Answer& answer, const std::string& name) {
  const std::string value = answer.header("Cache-Status");
  std::smatch match;
  if (!std::regex_search(value, match, std::regex("; " + name + "=(-?[0-9]+)"))) return std::nullopt;
  return std::stoi(match[1]);
}

// Expects a problem document (RFC 9457).
inline void expect_problem(const Answer& answer, int status) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_FALSE(answer.has("Age"));
  EXPECT_FALSE(answer.has("X-Cache"));
  ASSERT_TRUE(is_json(answer.body)) << answer.body;
  EXPECT_TRUE(json_at(answer.body, "/type").starts_with("/problems/")) << answer.body;
  EXPECT_FALSE(json_at(answer.body, "/title").empty()) << answer.body;
  EXPECT_EQ(json_at(answer.body, "/status"), std::to_string(status)) << answer.body;
  EXPECT_TRUE(json_at(answer.body, "/instance").starts_with("urn:uuid:")) << answer.body;
  EXPECT_TRUE(answer.has("X-Request-Id"));
}

}  // namespace wx::test
