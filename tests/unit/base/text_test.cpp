#include "base/text.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace wx {
namespace {

using std::chrono::milliseconds;

std::string json(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

std::string html(std::string_view text) {
  std::string out;
  append_html_escaped(out, text);
  return out;
}

std::string fixed(double value, int decimals) {
  std::string out;
  append_fixed(out, value, decimals);
  return out;
}

TEST(Text, CatJoinsTextsCharactersAndNumbers) {
  EXPECT_EQ(cat("a", 'b', std::string("c"), std::string_view("d"), 1, -2L, 3U), "abcd1-23");
  EXPECT_EQ(cat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(cat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(cat(), "");
}

TEST(Text, FixedKeepsItsDecimals) {
  EXPECT_EQ(fixed(0.5, 3), "0.500");
  EXPECT_EQ(fixed(1.0 / 3, 2), "0.33");
  EXPECT_EQ(fixed(-2, 0), "-2");
}

TEST(Text, JsonEscapesQuotesBackslashesAndControls) {
  EXPECT_EQ(json("say \"hi\" \\ bye"), "say \\\"hi\\\" \\\\ bye");
  EXPECT_EQ(json("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(json(std::string_view("\0\x1f", 2)), "\\u0000\\u001f");
  EXPECT_EQ(json("\x7f"), "\x7f") << "DEL needs no escape in JSON";
}

TEST(Text, JsonKeepsValidUtf8) {
  const std::string text = "\xC3\xA9 \xE2\x9A\xA1 \xF0\x9F\x90\xA2 \xED\x9F\xBF \xEE\x80\x80 \xF4\x8F\xBF\xBF";
  EXPECT_EQ(json(text), text);
}

TEST(Text, JsonReplacesBytesThatAreNotUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(json("\xFF"), replacement);
  EXPECT_EQ(json("\x80"), replacement) << "a lone continuation byte";
  EXPECT_EQ(json("\xC3"), replacement) << "truncated at the end";
  EXPECT_EQ(json("\xC3("), replacement + "(") << "the next character is kept";
  EXPECT_EQ(json("\xC0\xAF"), replacement + replacement) << "overlong, two bytes";
  EXPECT_EQ(json("\xE0\x80\xAF"), replacement + replacement + replacement) << "overlong, three bytes";
  EXPECT_EQ(json("\xF0\x80\x80\xAF"), replacement + replacement + replacement + replacement) << "overlong, four bytes";
  EXPECT_EQ(json("\xED\xA0\x80"), replacement + replacement + replacement) << "a surrogate";
  EXPECT_EQ(json("\xF4\x90\x80\x80"), replacement + replacement + replacement + replacement) << "above U+10FFFF";
}

TEST(Text, HtmlEscapesWhatCouldEndTextOrAttribute) {
  EXPECT_EQ(html("<a href=\"x\" title='y'>&amp;"), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
}

TEST(Text, IequalsIgnoresTheCaseOfAsciiLettersOnly) {
  EXPECT_TRUE(iequals("Content-Length", "CONTENT-length"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`")) << "characters 32 apart that are not letters";
  EXPECT_FALSE(iequals("\xC3\xA9", "\xC3\x89"));
  EXPECT_TRUE(iequals("", ""));
}

TEST(Text, TrimTakesSpacesAndTabsOnly) {
  EXPECT_EQ(trim(" \t a b \t"), "a b");
  EXPECT_EQ(trim("\na"), "\na");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, UnsignedIsTheWholeTextOrNothing) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* wrong : {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(parse_unsigned(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, SwitchTakesTheUsualWordsInAnyCase) {
  for (const char* yes : {"true", "ON", "Yes", "1"}) EXPECT_EQ(parse_switch(yes), true) << yes;
  for (const char* no : {"false", "off", "NO", "0"}) EXPECT_EQ(parse_switch(no), false) << no;
  for (const char* neither : {"", "2", "tru", "on "}) EXPECT_EQ(parse_switch(neither), std::nullopt) << neither;
}

TEST(Text, DurationIsReadInEachUnit) {
  EXPECT_EQ(parse_duration("300ms"), milliseconds(300));
  EXPECT_EQ(parse_duration("10s"), milliseconds(10'000));
  EXPECT_EQ(parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(parse_duration("5min"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("10sec"), milliseconds(10'000));
  EXPECT_EQ(parse_duration("2d"), milliseconds(172'800'000));
}

TEST(Text, DurationWithoutAUnitIsInSeconds) {
  EXPECT_EQ(parse_duration("900"), milliseconds(900'000));
  EXPECT_EQ(parse_duration("0.25"), milliseconds(250));
}

TEST(Text, DurationMayHaveADecimalPointAndSeveralParts) {
  EXPECT_EQ(parse_duration("1.5h"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("1d2h3m4s5ms"), milliseconds(93'784'005));
  EXPECT_EQ(parse_duration("0h0.5m"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("3650d"), milliseconds(315'360'000'000)) << "ten years, the most";
}

TEST(Text, DurationMayHaveSpacesAndItsUnitAnyCaseOrItsWholeName) {
  EXPECT_EQ(parse_duration("15 min"), milliseconds(900'000));
  EXPECT_EQ(parse_duration(" 900 s "), milliseconds(900'000));
  EXPECT_EQ(parse_duration("10S"), milliseconds(10'000));
  EXPECT_EQ(parse_duration("10MS"), milliseconds(10));
  EXPECT_EQ(parse_duration("1H"), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("1h 30m"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("1 hour 30 Minutes"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("2 days"), milliseconds(172'800'000));
}

TEST(Text, DurationRefusesWhatIsNone) {
  for (const char* wrong : {"",
                            "s",
                            "-1s",
                            "+1s",
                            "1M",
                            "1w",
                            "PT1H",
                            "1,5h",
                            ".5s",
                            "1.s",
                            "1.2.3s",
                            "0.0001s",
                            "0.5ms",
                            "1h30",
                            "1h 30",
                            "900 1ms",
                            "5 30ms",
                            "1 000 s",
                            "1 h -30 m",
                            "5 Mm",
                            "5 months",
                            "5 M",
                            "30m1h",
                            "1h1h",
                            "1m1min",
                            "1hm",
                            "1.0000000s",
                            "99999999999999999999s",
                            "18446744073709551615h",
                            "87601h",
                            "3650d1ms",
                            "315360001"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, DurationIsWrittenSoThatItReadsBack) {
  for (const char* text : {"0", "1ms", "1500ms", "10s", "90s", "5m", "24h"}) {
    const auto span = parse_duration(text);
    ASSERT_TRUE(span) << text;
    EXPECT_EQ(format_duration(*span), text);
  }
  EXPECT_EQ(format_duration(milliseconds(60'000)), "1m") << "the largest unit that fits";
}

TEST(Text, ConstantTimeComparisonStillCompares) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  for (const char* other : {"", "s", "secreT", "secret2", "Secret"}) {
    EXPECT_FALSE(equal_in_constant_time("secret", other)) << other;
    EXPECT_FALSE(equal_in_constant_time(other, "secret")) << other;
  }
  EXPECT_FALSE(equal_in_constant_time("abab", "ab")) << "a repetition is not the same";
}

TEST(Text, HexDigitsAreReadInEitherCase) {
  EXPECT_EQ(hex_digit('0'), 0);
  EXPECT_EQ(hex_digit('9'), 9);
  EXPECT_EQ(hex_digit('a'), 10);
  EXPECT_EQ(hex_digit('F'), 15);
  for (const char c : {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\xFF'}) EXPECT_EQ(hex_digit(c), -1) << c;
}

TEST(Text, PercentDecodingReadsEveryByteInEitherCase) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::string_view digits : {"0123456789abcdef", "0123456789ABCDEF"}) {
      const std::string text{'%', digits[static_cast<std::size_t>(byte >> 4)],
                             digits[static_cast<std::size_t>(byte & 15)]};
      EXPECT_EQ(percent_decode(text, Plus::literal), std::string(1, static_cast<char>(byte))) << text;
    }
  }
  EXPECT_EQ(percent_decode("", Plus::space), "");
  EXPECT_EQ(percent_decode("%2525", Plus::space), "%25");
}

TEST(Text, PercentDecodingTakesAPlusForASpaceOnlyInForms) {
  EXPECT_EQ(percent_decode("a+b%20c", Plus::space), "a b c");
  EXPECT_EQ(percent_decode("a+b%20c", Plus::literal), "a+b c");
}

TEST(Text, PercentDecodingAppendsNothingForAMalformedEscape) {
  for (const std::string_view text : {"%", "ab%", "ab%4", "ab%4g", "ab%g4", "a%%41"}) {
    std::string out = "kept";
    EXPECT_FALSE(append_percent_decoded(out, text, Plus::space)) << text;
    EXPECT_EQ(out, "kept");
    EXPECT_EQ(percent_decode(text, Plus::space), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace wx
