#include "base/piece_writer.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace wx {
namespace {

TEST(PieceWriter, AppendsPiecesAfterWhatIsThere) {
  std::string out = "HTTP/1.1 200 OK\r\n";
  append_within(out, 100, [](PieceWriter& to) {
    to.put("Age: ");
    to.put(std::string_view("1234").substr(1, 2));
    to.put("\r\n");
  });
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nAge: 23\r\n");
  append_within(out, 100, [](PieceWriter&) {});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nAge: 23\r\n");
}

TEST(PieceWriter, WritesNumbersInDecimal) {
  std::string out;
  append_within(out, 100, [](PieceWriter& to) {
    to.put(0);
    to.put(" ");
    to.put(-7LL);
    to.put(" ");
    to.put(std::numeric_limits<std::int64_t>::min());
    to.put(" ");
    to.put(std::numeric_limits<std::uint64_t>::max());
  });
  EXPECT_EQ(out, "0 -7 -9223372036854775808 18446744073709551615");
}

TEST(PieceWriter, TakesATextWithoutAnAddress) {
  std::string out = "a";
  append_within(out, 4, [](PieceWriter& to) {
    to.put(std::string_view());
    to.put("b");
  });
  EXPECT_EQ(out, "ab");
}

TEST(PieceWriter, FillsItsRoomToTheLastByte) {
  std::string out(20, 'x');
  append_within(out, 44, [](PieceWriter& to) {
    to.put("0123456789012345678901234567890123456789");
    to.put(1234);
  });
  EXPECT_EQ(out, std::string(20, 'x') + "01234567890123456789012345678901234567891234");
}

TEST(PieceWriterDeathTest, EndsTheProgramRatherThanWriteBeyondItsRoom) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::string out;
  EXPECT_DEATH(append_within(out, 3, [](PieceWriter& to) { to.put("four"); }), "");
  EXPECT_DEATH(append_within(out, 3, [](PieceWriter& to) { to.put(1234); }), "");
}

}  // namespace
}  // namespace wx
