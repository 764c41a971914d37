#include "redis/reply_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reply_text.hpp"

namespace wx::redis {
namespace {

using test::parse;
using test::Parsed;
using testing::ElementsAre;

std::string one(std::string_view bytes) {
  const Parsed parsed = parse({bytes});
  if (parsed.broken) return "broken";
  return parsed.replies.size() == 1 ? parsed.replies[0] : cat(parsed.replies.size(), " replies");
}

// Every kind, attributes, empty texts and texts that contain line ends.
constexpr std::string_view kConversation =
    "+OK\r\n"
    "$5\r\nhel\r\n\r\n"
    "$0\r\n\r\n"
    "_\r\n"
    "$-1\r\n"
    "*-1\r\n"
    "-ERR no\r\n"
    "!9\r\nERR\r\n bad\r\n"
    ":-42\r\n"
    ",3.25\r\n"
    "#t\r\n"
    "(123456789012345678901234567890\r\n"
    "=8\r\ntxt:Some\r\n"
    "*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n~1\r\n#f\r\n"
    "%2\r\n+a\r\n:1\r\n+b\r\n%0\r\n"
    "|1\r\n+ttl\r\n*1\r\n:7\r\n$3\r\nabc\r\n"
    "*2\r\n:1\r\n|1\r\n+x\r\n+y\r\n:2\r\n"
    ">3\r\n+message\r\n+channel\r\n$2\r\nhi\r\n"
    "*0\r\n";

const std::vector<std::string> kUnderstood{"\"OK\"",
                                           "\"hel\r\n\"",
                                           "\"\"",
                                           "null",
                                           "null",
                                           "null",
                                           "!ERR no",
                                           "!ERR\r\n bad",
                                           "-42",
                                           "3.250",
                                           "true",
                                           "(123456789012345678901234567890",
                                           "\"Some\"",
                                           "[1,[\"a\",[]],<false>]",
                                           "{\"a\",1,\"b\",{}}",
                                           "\"abc\"",
                                           "[1,2]",
                                           ">[\"message\",\"channel\",\"hi\"]",
                                           "[]"};

TEST(ReplyParser, UnderstandsEveryKind) {
  const Parsed parsed = parse({kConversation});
  EXPECT_FALSE(parsed.broken);
  EXPECT_EQ(parsed.replies, kUnderstood);
}

TEST(ReplyParser, UnderstandsTheSameHoweverTheBytesAreCut) {
  for (std::size_t cut = 0; cut <= kConversation.size(); ++cut) {
    const Parsed parsed = parse({kConversation.substr(0, cut), kConversation.substr(cut)});
    EXPECT_FALSE(parsed.broken) << cut;
    EXPECT_EQ(parsed.replies, kUnderstood) << cut;
  }
  std::vector<std::string_view> bytes;
  bytes.reserve(kConversation.size());
  for (std::size_t i = 0; i < kConversation.size(); ++i) bytes.push_back(kConversation.substr(i, 1));
  EXPECT_EQ(parse(bytes).replies, kUnderstood);
}

TEST(ReplyParser, ReadsIntegersToTheirLimits) {
  EXPECT_EQ(one(":9223372036854775807\r\n"), "9223372036854775807");
  EXPECT_EQ(one(":-9223372036854775808\r\n"), "-9223372036854775808");
  EXPECT_EQ(one(":+7\r\n"), "7");
  EXPECT_EQ(one(":9223372036854775808\r\n"), "broken");
  EXPECT_EQ(one(":\r\n"), "broken");
  EXPECT_EQ(one(":+-7\r\n"), "broken");
  EXPECT_EQ(one(":7 \r\n"), "broken");
}

TEST(ReplyParser, ReadsDoubles) {
  EXPECT_EQ(one(",10\r\n"), "10.000");
  EXPECT_EQ(one(",-1.5e2\r\n"), "-150.000");
  const test::OneReply infinite(",inf\r\n");
  EXPECT_EQ((*infinite).real(), std::numeric_limits<double>::infinity());
  const test::OneReply huge(",-1e999\r\n");
  EXPECT_EQ((*huge).real(), -std::numeric_limits<double>::infinity());
  const test::OneReply none(",nan\r\n");
  EXPECT_TRUE((*none).real() != (*none).real());
  EXPECT_EQ(one(",\r\n"), "broken");
  EXPECT_EQ(one(",1.5x\r\n"), "broken");
}

TEST(ReplyParser, RefusesGarbage) {
  for (const std::string_view bytes : {"hello\r\n",
                                       "\r\n",
                                       "HTTP/1.1 400 Bad Request\r\n",
                                       "\x15\x03\x01",
                                       "+OK\n",
                                       "+O\rK\r\n",
                                       "$x\r\n",
                                       "$-2\r\n",
                                       "$+5\r\nhello\r\n",
                                       "$3\r\nabcde",
                                       "$5\r\nhello\n\n",
                                       "*x\r\n",
                                       "*-2\r\n",
                                       "#x\r\n",
                                       "#\r\n",
                                       "_x\r\n",
                                       "(12x\r\n",
                                       "(\r\n",
                                       "=3\r\nabc\r\n",
                                       "=5\r\ntxtab\r\n",
                                       ">0\r\n",
                                       "*1\r\n>1\r\n+x\r\n",
                                       "|1\r\n>1\r\n",
                                       "*99999999999999\r\n",
                                       "$99999999999999999999\r\n"}) {
    EXPECT_TRUE(parse({bytes}).broken) << bytes;
  }
}

TEST(ReplyParser, RefusesStreamedTypes) {
  EXPECT_EQ(one("$?\r\n;4\r\nHell\r\n;0\r\n"), "broken");
  EXPECT_EQ(one("*?\r\n:1\r\n.\r\n"), "broken");
  EXPECT_EQ(one("%?\r\n.\r\n"), "broken");
  EXPECT_EQ(one(";4\r\nHell\r\n"), "broken");
}

TEST(ReplyParser, GivesWhatCameBeforeTheGarbageAndNothingAfter) {
  const Parsed parsed = parse({":1\r\n:2\r\nx", ":3\r\n"});
  EXPECT_TRUE(parsed.broken);
  EXPECT_THAT(parsed.replies, ElementsAre("1", "2"));
}

TEST(ReplyParser, BoundsTheDepth) {
  const ReplyLimits limits{.depth = 3};
  EXPECT_FALSE(parse({"*1\r\n*1\r\n*1\r\n:1\r\n"}, limits).broken);
  EXPECT_TRUE(parse({"*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}, limits).broken);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "*1\r\n";
  EXPECT_TRUE(parse({deep}).broken);
}

TEST(ReplyParser, BoundsTheElements) {
  const ReplyLimits limits{.elements = 4};
  EXPECT_FALSE(parse({"*3\r\n:1\r\n:1\r\n:1\r\n"}, limits).broken);
  EXPECT_TRUE(parse({"*5\r\n"}, limits).broken);
  EXPECT_TRUE(parse({"%3\r\n"}, limits).broken);
  EXPECT_TRUE(parse({"*2\r\n*2\r\n:1\r\n:1\r\n*2\r\n"}, limits).broken);
}

TEST(ReplyParser, BoundsTheBytesOfAReplyHoweverTheyAreCut) {
  const ReplyLimits limits{.bytes = 20};
  const std::string fits = "$14\r\n12345678901234\r\n";        // 21 bytes
  const std::string whole = "*2\r\n$2\r\nab\r\n$2\r\ncd\r\n";  // 20 bytes
  for (std::size_t cut = 0; cut <= 20; ++cut) {
    const auto two = [cut](std::string_view text) {
      return std::vector<std::string_view>{text.substr(0, cut), text.substr(cut)};
    };
    EXPECT_TRUE(parse(two(fits), limits).broken) << cut;
    EXPECT_FALSE(parse(two(whole), limits).broken) << cut;
  }
  EXPECT_TRUE(parse({"$21\r\n"}, limits).broken);
  EXPECT_TRUE(parse({"|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n"}, limits).broken);
}

TEST(ReplyParser, BoundsALineWithoutEnd) {
  const ReplyLimits limits{.line = 100};
  EXPECT_TRUE(parse({"+" + std::string(200, 'x')}, limits).broken);
  EXPECT_FALSE(parse({"+" + std::string(50, 'x')}, limits).broken);
}

TEST(ReplyParser, KeepsALongTextWholeWhileItsBufferGrows) {
  const std::string body(3'000'000, 'b');
  const std::string bytes = cat("$", body.size(), "\r\n", body, "\r\n:1\r\n");
  ReplyParser parser;
  std::size_t replies = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto room = parser.prepare();
    const auto count = std::min(room.size(), bytes.size() - at);
    std::memcpy(room.data(), bytes.data() + at, count);
    parser.commit(count);
    at += count;
    while (parser.next() == ReplyParser::Progress::reply) {
      ++replies;
      if (replies == 1) {
        EXPECT_EQ(parser.reply().text(), body);
      }
    }
  }
  EXPECT_EQ(replies, 2U);
}

TEST(Reply, ReachesItsElementsByIndexAndInOrder) {
  const test::OneReply reply("*3\r\n*2\r\n:1\r\n:2\r\n$1\r\nx\r\n%1\r\n+k\r\n*1\r\n:3\r\n");
  ASSERT_TRUE(reply.whole());
  EXPECT_EQ((*reply).size(), 3U);
  EXPECT_EQ((*reply)[0][1].integer(), 2);
  EXPECT_EQ((*reply)[1].text(), "x");
  EXPECT_EQ((*reply)[2][1][0].integer(), 3);
}

TEST(Reply, GivesNothingOfAnotherKind) {
  const test::OneReply number(":1\r\n");
  EXPECT_EQ((*number).text(), "");
  EXPECT_EQ((*number).size(), 0U);
  EXPECT_FALSE((*number).is_ok());
  const test::OneReply text("+OK\r\n");
  EXPECT_EQ((*text).integer(), 0);
  EXPECT_TRUE((*text).is_ok());
}

}  // namespace
}  // namespace wx::redis
