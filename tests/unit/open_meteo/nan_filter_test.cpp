#include "open_meteo/nan_filter.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "open_meteo/body_text.hpp"

namespace wx::open_meteo {
namespace {

// The filtered text, which must not depend on how `text` is cut into pieces.
std::string filtered(std::string_view text) {
  std::string whole;
  for (std::size_t size = std::max<std::size_t>(text.size(), 1); size > 0; --size) {
    NanFilter filter;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += size) {
      auto piece = text.substr(at, size);
      while (!piece.empty()) out += filter.next(piece);
    }
    out += filter.rest();
    if (size >= text.size()) whole = out;
    EXPECT_EQ(out, whole) << size << " of " << text;
    EXPECT_EQ(filter.found_nan(), whole != without_byte_order_mark(text)) << size << " of " << text;
    const auto body = without_byte_order_mark(text);
    EXPECT_EQ(filter.is_cut_short(), is_cut_short(body)) << size << " of " << text;
    EXPECT_EQ(filter.is_web_page(), is_web_page(body)) << size << " of " << text;
  }
  return whole;
}

TEST(NanFilter, ReplacesTheWordNan) {
  EXPECT_EQ(filtered(R"({"latitude":nan,"longitude":-nan})"), R"({"latitude":null,"longitude":null})");
  EXPECT_EQ(filtered("[nan]"), "[null]");
  EXPECT_EQ(filtered("[nan, nan,\n-nan\t]"), "[null, null,\nnull\t]");
  EXPECT_EQ(filtered("nan"), "null");
}

TEST(NanFilter, LeavesAllElseAsItIs) {
  for (const char* const text : {"",
                                 "{}",
                                 R"({"a":"nan","nan":1})",
                                 R"({"a":"\"nan"})",
                                 R"({"a":"\\","b":"nan"})",
                                 R"(["\\\"nan"])",
                                 "[NaN]",
                                 "[nano]",
                                 "[banana]",
                                 "[nannan]",
                                 "[nan-nan]",
                                 "[--nan]",
                                 "[+nan-]",
                                 "[e-nan]",
                                 "[true,false,null,-5,1e-5,1E+5]",
                                 "[averyveryveryverylongwordnan]",
                                 "[verylongwordthat-nan",
                                 "\"nan",
                                 "[\"nan\\",
                                 " \t\r\n",
                                 "<html>nano</html>",
                                 "{\"a\":[1,2",
                                 "[[1],[2]",
                                 "]",
                                 "]]{",
                                 "[]]",
                                 "[][[]",
                                 "x{}",
                                 "\xef\xbb{}",
                                 "\xef{}"}) {
    EXPECT_EQ(filtered(text), text);
  }
}

TEST(NanFilter, AZeroByteIsACharacterLikeOthers) {
  const std::string text("\0{", 2);
  EXPECT_EQ(filtered(text), text);
}

TEST(NanFilter, AWrongTextIsNotMadeRight) {
  EXPECT_EQ(filtered("[1nan]"), "[1null]");
  EXPECT_EQ(filtered("[nan1]"), "[null1]");
  EXPECT_EQ(filtered("[1-nan]"), "[1null]");
  EXPECT_EQ(filtered("[\"\"nan]"), "[\"\"null]");
  EXPECT_EQ(filtered("[1.nan]"), "[1.null]");
}

TEST(NanFilter, ALongTextComesInParts) {
  std::string text;
  std::string expected;
  while (text.size() < 100'000) {
    text += "[nan,1],\"nan\",";
    expected += "[null,1],\"nan\",";
  }
  NanFilter filter;
  std::string out;
  for (std::string_view piece = text; !piece.empty();) {
    const auto part = filter.next(piece);
    EXPECT_LE(part.size(), 32'768U);
    out += part;
  }
  EXPECT_EQ(out + std::string(filter.rest()), expected);
}

TEST(NanFilter, LeavesOutAByteOrderMark) {
  EXPECT_EQ(filtered("\xef\xbb\xbf{}"), "{}");
  EXPECT_EQ(filtered("\xef\xbb\xbf"), "");
  EXPECT_EQ(filtered("\xef\xbb\xbfnan"), "null");
  // A part of it stays, and is no document.
  NanFilter filter;
  std::string_view piece = "\xef\xbb";
  EXPECT_EQ(filter.next(piece), "");
  EXPECT_EQ(filter.rest(), "\xef\xbb");
  EXPECT_TRUE(filter.is_cut_short());
}

}  // namespace
}  // namespace wx::open_meteo
