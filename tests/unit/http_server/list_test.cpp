#include "http_server/list.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wx::http_server {
namespace {

std::vector<std::string> members(std::string_view list, char separator = ',') {
  std::vector<std::string> out;
  while (!list.empty()) out.emplace_back(cut_member(list, separator));
  return out;
}

using Members = std::vector<std::string>;

TEST(List, IsCutAtItsSeparators) {
  EXPECT_EQ(members("a"), Members{"a"});
  EXPECT_EQ(members("a, b ,\tc"), (Members{"a", "b", "c"}));
  EXPECT_EQ(members(",a,"), (Members{"", "a"}));
  EXPECT_EQ(members("a;b,c", ';'), (Members{"a", "b,c"}));
}

// RFC 9110 §5.6.4
TEST(List, KeepsAQuotedStringWhole) {
  EXPECT_EQ(members("a=\"1,2\";q=0.1, b"), (Members{"a=\"1,2\";q=0.1", "b"}));
  EXPECT_EQ(members("a;b=\"c;d\";e", ';'), (Members{"a", "b=\"c;d\"", "e"}));
  EXPECT_EQ(members("\"a\\\",b\",c"), (Members{"\"a\\\",b\"", "c"}));
  EXPECT_EQ(members("\"a\\\\\",b"), (Members{"\"a\\\\\"", "b"}));
  EXPECT_EQ(members("\"\",\",\",\"\""), (Members{"\"\"", "\",\"", "\"\""}));
  EXPECT_EQ(members("a, \"b\""), (Members{"a", "\"b\""}));
}

TEST(List, EndsWithAStringThatDoesNotEnd) {
  EXPECT_EQ(members("\"a,b"), Members{"\"a,b"});
  EXPECT_EQ(members("\"a\\\",b"), Members{"\"a\\\",b"});
  EXPECT_EQ(members("a,\"b\\"), (Members{"a", "\"b\\"}));
  EXPECT_EQ(members("\","), Members{"\","});
}

TEST(QuotedString, HasALength) {
  EXPECT_EQ(quoted_string_length("\"\""), 2U);
  EXPECT_EQ(quoted_string_length("\"a\"b\""), 3U);
  EXPECT_EQ(quoted_string_length("\"\\\"\""), 4U);
  for (const std::string_view open : {"\"", "\"a", "\"\\\"", "\"\\"}) EXPECT_EQ(quoted_string_length(open), 0U) << open;
}

}  // namespace
}  // namespace wx::http_server
