#include "base/http_url.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wx {
namespace {

std::string base(std::string_view url) {
  const auto parsed = parse_base_url(url);
  return parsed ? *parsed : "refused: " + parsed.error().detail;
}

TEST(HttpUrl, TakesAHostAPortAndAPath) {
  EXPECT_EQ(base("https://weather.example"), "https://weather.example");
  EXPECT_EQ(base("HTTP://127.0.0.1:8080///"), "http://127.0.0.1:8080");
  EXPECT_EQ(base("https://[2001:db8::1]:8443/a/b/"), "https://[2001:db8::1]:8443/a/b");
}

TEST(HttpUrl, SaysWhatElseItHas) {
  EXPECT_EQ(base("weather.example"), "refused: must begin with http:// or https://");
  EXPECT_EQ(base("https://?x"), "refused: must not have a query or a fragment");
  EXPECT_EQ(base("https://weather.example#x"), "refused: must not have a query or a fragment");
  EXPECT_EQ(base("https://a@weather.example"), "refused: must not have a user or a password");
  EXPECT_EQ(base("https:///a"), "refused: must name a host");
  EXPECT_EQ(base("https://weather.example:0"), "refused: must have a port between 1 and 65535");
  EXPECT_EQ(base("https://weather.example/<"),
            "refused: must have only letters, digits and /-._~%!$&'()*+,;=: in its path");
}

}  // namespace
}  // namespace wx
