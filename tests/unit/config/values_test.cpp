#include "config/values.hpp"

#include <gtest/gtest.h>

namespace wx::config {
namespace {

TEST(Values, DecimalStaysWithinItsBounds) {
  EXPECT_EQ(parse_decimal("0.8", 0, 1), 0.8);
  EXPECT_EQ(parse_decimal("0", 0, 1), 0.0);
  EXPECT_EQ(parse_decimal("1", 0, 1), 1.0);
  for (const char* wrong : {"", "1.01", "-0.1", "nan", "inf", "0,8", "0.8x", " 0.8", "8e-1"}) {
    EXPECT_EQ(parse_decimal(wrong, 0, 1), std::nullopt) << wrong;
  }
}

TEST(Values, BytesAreReadAndWrittenBack) {
  EXPECT_EQ(parse_bytes("64MiB"), 64ULL << 20);
  EXPECT_EQ(parse_bytes("512 kib"), 512ULL << 10);
  EXPECT_EQ(parse_bytes("2GiB"), 2ULL << 30);
  EXPECT_EQ(parse_bytes("10MB"), 10'000'000U);
  EXPECT_EQ(parse_bytes("64Mi"), 64ULL << 20);
  EXPECT_EQ(parse_bytes("1gi"), 1ULL << 30);
  EXPECT_EQ(parse_bytes("1.5GiB"), 1536ULL << 20);
  EXPECT_EQ(parse_bytes("0.25KiB"), 256U);
  EXPECT_EQ(parse_bytes("2.5MB"), 2'500'000U);
  EXPECT_EQ(parse_bytes("1.2GiB"), 1'288'490'188U) << "1.2 * 2^30, rounded down to whole bytes";
  EXPECT_EQ(parse_bytes("0.1KiB"), 102U) << "102.4 rounded down";
  EXPECT_EQ(parse_bytes(" 2 TiB "), 2ULL << 40);
  EXPECT_EQ(parse_bytes("1TB"), 1'000'000'000'000U);
  EXPECT_EQ(parse_bytes("4096 bytes"), 4096U);
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("0.0MiB"), 0U);
  EXPECT_FALSE(parse_bytes("0.0001KiB")) << "0 would switch something off";
  EXPECT_EQ(format_bytes(64ULL << 20), "64MiB");
  EXPECT_EQ(format_bytes(3ULL << 30), "3GiB");
  EXPECT_EQ(format_bytes(1536ULL << 10), "1536KiB");
  EXPECT_EQ(format_bytes(1500), "1500");
  EXPECT_EQ(format_bytes(0), "0");
}

TEST(Values, BytesRefuseWhatIsNoSize) {
  for (const char* wrong : {"", "MiB", "-1", "64M", "64m", "64 M i B", "64XB", "1.5", "1.5B", ".5MiB", "1.MiB",
                            "1.2.3MB", "99999999999999999999", "9999999999GiB"}) {
    EXPECT_EQ(parse_bytes(wrong), std::nullopt) << wrong;
  }
}

TEST(Values, ALetterAloneIsNoUnitAndTheMessageSaysWhatToWrite) {
  EXPECT_EQ(ambiguous_bytes("64M"), "the unit M has two meanings: write MiB (powers of 1024) or MB (powers of 1000)");
  EXPECT_EQ(ambiguous_bytes("1.5 g"), "the unit G has two meanings: write GiB (powers of 1024) or GB (powers of 1000)");
  for (const char* other : {"", "M", "64", "64MB", "64B", "64X"}) EXPECT_EQ(ambiguous_bytes(other), "") << other;
}

TEST(Values, ACapitalMIsNoUnitOfTimeAndTheMessageSaysWhatToWrite) {
  for (const char* text : {"5M", "5 M", "1h 30M"}) {
    EXPECT_EQ(ambiguous_duration(text), "the unit M has two meanings: write m or min (minutes), or a number of days")
        << text;
  }
  for (const char* other : {"", "M", "5m", "5MS", "5MIN", "5X"}) EXPECT_EQ(ambiguous_duration(other), "") << other;
}

TEST(Values, PlainTextHasNoSpacesControlsOrBytesAboveAscii) {
  EXPECT_TRUE(is_plain("app-1:staging"));
  EXPECT_TRUE(is_plain(""));
  for (const char* wrong : {"a b", "a\tb", "a\nb", "a\x7F", "caf\xC3\xA9"}) EXPECT_FALSE(is_plain(wrong)) << wrong;
}

}  // namespace
}  // namespace wx::config
