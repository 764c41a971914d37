#include "redis/command_encoder.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "reply_text.hpp"

namespace wx::redis {
namespace {

TEST(CommandEncoder, WritesAnArrayOfBulkStrings) {
  std::string out = "before";
  append_command(out, std::array<Argument, 3>{"SET", "key", ""});
  EXPECT_EQ(out, "before*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n");
}

TEST(CommandEncoder, WritesAHeadAndABodyAsOneString) {
  std::string out;
  append_command(out, std::array<Argument, 3>{"SET", Argument("head ", "and body"), Argument("", "")});
  EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$13\r\nhead and body\r\n$0\r\n\r\n");
}

TEST(CommandEncoder, IsReadBackByTheParserWhateverTheBytes) {
  std::string every;
  for (int i = 0; i < 256; ++i) every.push_back(static_cast<char>(i));
  std::string out;
  append_command(out, std::array<Argument, 2>{"\r\n$5\r\n", every});
  const test::OneReply reply(out);
  ASSERT_TRUE(reply.whole());
  EXPECT_EQ((*reply)[0].text(), "\r\n$5\r\n");
  EXPECT_EQ((*reply)[1].text(), every);
}

}  // namespace
}  // namespace wx::redis
