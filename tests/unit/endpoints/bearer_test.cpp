// Who holds the admin token (RFC 6750 §2.1).
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "endpoints/admin.hpp"
#include "http_server/head_parser.hpp"

namespace wx::endpoints {
namespace {

constexpr std::string_view kToken = "correct-horse";

bool is_admin_with(std::string_view fields, std::string_view token = kToken) {
  const std::string bytes = cat("DELETE /cache HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
  http_server::HeadParser parser;
  EXPECT_EQ(parser.feed(bytes), http_server::HeadParser::Status::complete) << fields;
  return is_admin(http_server::Request(bytes.data(), parser.head(), SteadyTime{}, nullptr), token);
}

TEST(Bearer, IsWhoeverSendsExactlyTheToken) {
  EXPECT_TRUE(is_admin_with("Authorization: Bearer correct-horse\r\n"));
  EXPECT_TRUE(is_admin_with("authorization: bearer   correct-horse  \r\n"));
}

TEST(Bearer, IsNobodyElse) {
  for (const std::string_view fields : {
           "",
           "Authorization: Bearer\r\n",
           "Authorization: Bearer \r\n",
           "Authorization: Bearer correct-hors\r\n",
           "Authorization: Bearer orrect-horse\r\n",
           "Authorization: Bearer correct-horsee\r\n",
           "Authorization: Bearer correct-horse correct-horse\r\n",
           "Authorization: Bearer correct-horse, x\r\n",
           "Authorization: Bearer correct-horse\r\nAuthorization: Bearer correct-horse\r\n",
           "Authorization: Bearer Correct-horse\r\n",
           "Authorization: Bearercorrect-horse\r\n",
           "Authorization: Basic correct-horse\r\n",
           "Authorization: correct-horse\r\n",
           "Accept: Bearer correct-horse\r\n",
       }) {
    EXPECT_FALSE(is_admin_with(fields)) << fields;
  }
}

TEST(Bearer, IsNobodyWithoutAToken) {
  EXPECT_FALSE(is_admin_with("Authorization: Bearer \r\n", ""));
  EXPECT_FALSE(is_admin_with("Authorization: Bearer x\r\n", ""));
}

}  // namespace
}  // namespace wx::endpoints
