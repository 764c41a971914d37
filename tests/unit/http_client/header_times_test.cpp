#include "http_client/header_times.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wx::http_client {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

// The example of RFC 9110 §5.6.7.
constexpr sys_seconds kExample = sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

TEST(HeaderTimes, AnHttpDateHasThreeForms) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), kExample);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), kExample);
  EXPECT_EQ(parse_http_date(" Sun, 06 Nov 1994 08:49:37 GMT "), kExample);
  const auto now = sys_days(std::chrono::year(2026) / 8 / 1) + 12h;
  EXPECT_EQ(parse_http_date("Sat, 01 Aug 2026 12:00:00 GMT"), now);
  EXPECT_EQ(parse_http_date("Saturday, 01-Aug-26 12:00:00 GMT"), now);
  EXPECT_EQ(parse_http_date("Sat Aug  1 12:00:00 2026"), now);
}

TEST(HeaderTimes, WhatIsNoDateIsNone) {
  for (const auto* text : {"", " ", "soon", "120", "-1", "2026-08-01T12:00:00Z", "12:00:00", "Sat, 01 Aug 2026",
                           "Sat, 99 Aug 2026 12:00:00 GMT", "Sat, 01 Foo 2026 12:00:00 GMT",
                           "Sat, 01 Aug 2026 25:00:00 GMT", "Wed, 31 Dec 1969 23:59:00 GMT", ":", "a:"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(HeaderTimes, DeltaSecondsAreDigits) {
  EXPECT_EQ(parse_delta_seconds("120"), 120s);
  EXPECT_EQ(parse_delta_seconds(" 0 "), 0s);
  EXPECT_EQ(parse_delta_seconds("2147483649"), 2147483648s);
  EXPECT_EQ(parse_delta_seconds(std::string(100, '9')), 2147483648s) << "as large as it gets";
  for (const auto* text : {"", " ", "-1", "+1", "1.5", "1e3", "0x10", "1 2", "120,120"}) {
    EXPECT_FALSE(parse_delta_seconds(text)) << text;
  }
}

TEST(HeaderTimes, RetryAfterIsEither) {
  EXPECT_EQ(parse_retry_after("120"), RetryAfter(120s));
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT"), RetryAfter(kExample));
  EXPECT_FALSE(parse_retry_after("later"));
}

}  // namespace
}  // namespace wx::http_client
