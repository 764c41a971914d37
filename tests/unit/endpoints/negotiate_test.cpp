#include "endpoints/negotiate.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

TEST(Negotiate, GivesBrowsersHtml) {
  for (const auto* accept : {
           // Chromium
           "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
           "application/signed-exchange;v=b3;q=0.7",
           // Firefox, current and older
           "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
           "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/"
           "*;q=0.8",
           // Old Internet Explorer does not list HTML, but lynx and w3m do
           "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
           "text/html, text/*;q=0.5, image/*",
       }) {
    EXPECT_TRUE(prefers_html(accept)) << accept;
  }
}

TEST(Negotiate, GivesProgramsJson) {
  EXPECT_FALSE(prefers_html(std::nullopt));
  for (const auto* accept : {"*/*",                                // curl, wget, fetch()
                             "application/json",                   //
                             "application/json, text/plain, */*",  // axios
                             "application/json, text/javascript, */*; q=0.01", "application/problem+json",
                             "application/*", "image/gif, image/jpeg, */*", "image/avif,image/webp,*/*;q=0.8"}) {
    EXPECT_FALSE(prefers_html(accept)) << accept;
  }
}

TEST(Negotiate, MeansJsonWhereNeitherIsWanted) {
  for (const auto* accept : {"", " ", ",", ",,,", "image/png", "text/plain", "application/xml", "text/html;q=0",
                             "text/html;q=0, application/json;q=0", "*/*;q=0"}) {
    EXPECT_FALSE(prefers_html(accept)) << accept;
  }
}

TEST(Negotiate, GoesByTheWeights) {
  EXPECT_TRUE(prefers_html("application/json;q=0.5, text/html;q=0.6"));
  EXPECT_FALSE(prefers_html("application/json;q=0.6, text/html;q=0.5"));
  EXPECT_TRUE(prefers_html("text/html;q=0.001, application/json;q=0"));
  EXPECT_FALSE(prefers_html("text/html;q=0.999, application/json"));
  EXPECT_TRUE(prefers_html("application/json;q=0.999, text/html"));
}

TEST(Negotiate, MeansJsonOnATie) {
  EXPECT_FALSE(prefers_html("text/html, application/json"));
  EXPECT_FALSE(prefers_html("text/html;q=0.5, application/json;q=0.5"));
  EXPECT_FALSE(prefers_html("text/*, application/*"));
}

TEST(Negotiate, LetsTheMoreSpecificRangeDecideWhereverItStands) {
  EXPECT_TRUE(prefers_html("*/*;q=0.1, text/html;q=0.2"));
  EXPECT_TRUE(prefers_html("text/html;q=0.2, */*;q=0.1"));
  EXPECT_FALSE(prefers_html("text/html;q=0.2, */*;q=0.8"));
  EXPECT_FALSE(prefers_html("text/*, text/html;q=0, application/json;q=0.1"));
  EXPECT_TRUE(prefers_html("text/*;q=0.3, */*;q=0.2"));
  EXPECT_TRUE(prefers_html("application/*;q=0, text/*;q=0.1"));
  EXPECT_FALSE(prefers_html("*/*;q=1, application/json;q=0.9, text/*;q=0.8"));
}

TEST(Negotiate, TakesTheBestOfRangesThatAreEquallySpecific) {
  EXPECT_FALSE(prefers_html("application/problem+json;q=0.1, application/json, text/html;q=0.9"));
  EXPECT_TRUE(prefers_html("application/xhtml+xml;q=0.1, text/html, application/json;q=0.9"));
}

TEST(Negotiate, DoesNotMindCaseSpacesAndOtherParameters) {
  EXPECT_TRUE(prefers_html("TEXT/HTML"));
  EXPECT_TRUE(prefers_html("  text/html ;charset=utf-8 ; Q=1.0 ,\t*/* ; q=0.5"));
  EXPECT_FALSE(prefers_html("text/html;level=1;q=0.4, Application/JSON;q=0.5"));
}

TEST(Negotiate, GivesNobodyWhatAMalformedWeightMayHaveRefused) {
  for (const auto* weight : {"x", "1.5", "-1", "nan", "inf", "0.5x", "", "2", "0,5"}) {
    EXPECT_FALSE(prefers_html(cat("text/html;q=", weight))) << weight;
  }
}

// RFC 9110 §5.6.4: what stands in quotes is one token.
TEST(Negotiate, FindsNoWeightAndNoTypeInAQuotedString) {
  EXPECT_FALSE(prefers_html("text/html;level=\"1,2\";q=0.1, application/json;q=0.5"));
  EXPECT_TRUE(prefers_html("application/json;a=\"b;c,d\";q=0.1, text/html;q=0.5"));
  EXPECT_FALSE(prefers_html("application/json;a=\", text/html\";q=0.5"));
  EXPECT_TRUE(prefers_html("text/html;a=\";q=0\""));
  EXPECT_FALSE(prefers_html("application/json;a=\"\\\", text/html\""));
}

TEST(Negotiate, SurvivesNonsense) {
  for (const auto* accept :
       {";", ";;;", ";q=", "=;=", "text/html;;q=1", "text/html;q", "/", "*", "*/html", ",;,;q=1"}) {
    static_cast<void>(prefers_html(accept));
  }
  EXPECT_TRUE(prefers_html("text/html;;q=1"));
  EXPECT_TRUE(prefers_html("*, text/html"));
}

TEST(MatchesEtag, ComparesWeakly) {
  EXPECT_TRUE(matches_etag("\"5f2a\"", "5f2a"));
  EXPECT_TRUE(matches_etag("W/\"5f2a\"", "5f2a"));
  EXPECT_FALSE(matches_etag("\"5f2b\"", "5f2a"));
  EXPECT_FALSE(matches_etag("W/\"5f2\"", "5f2a"));
  EXPECT_FALSE(matches_etag("\"5f2aa\"", "5f2a"));
}

TEST(MatchesEtag, LooksThroughTheWholeList) {
  EXPECT_TRUE(matches_etag("\"a\", W/\"b\",\t\"5f2a\"", "5f2a"));
  EXPECT_TRUE(matches_etag("W/\"5f2a\" , \"a\"", "5f2a"));
  EXPECT_FALSE(matches_etag("\"a\", \"b\"", "5f2a"));
  EXPECT_FALSE(matches_etag("\"a, 5f2a\"", "5f2a"));
}

// RFC 9110 §8.8.3: a tag may have commas, and a backslash in it is a character like any other.
TEST(MatchesEtag, TakesATagWhole) {
  EXPECT_TRUE(matches_etag("\"a,\\\", \"5f2a\"", "5f2a"));
  EXPECT_TRUE(matches_etag("\"x, y\"", "x, y"));
  EXPECT_FALSE(matches_etag("\"a,\"5f2a\",b\"", "5f2a"));
}

TEST(MatchesEtag, TakesAStarForAnything) {
  EXPECT_TRUE(matches_etag("*", "5f2a"));
  EXPECT_TRUE(matches_etag(" * ", "5f2a"));
  EXPECT_FALSE(matches_etag("\"*\"", "5f2a"));
}

TEST(MatchesEtag, IsNotMisledByWhatIsMalformed) {
  for (const auto* field :
       {"", ",", "5f2a", "\"5f2a", "5f2a\"", "w/\"5f2a\"", "W/5f2a", "W/ \"5f2a\"", "\"", "W/", "'5f2a'", "\"5F2A\""}) {
    EXPECT_FALSE(matches_etag(field, "5f2a")) << field;
  }
}

TEST(MatchesStrongEtag, ComparesStrongly) {
  EXPECT_TRUE(matches_strong_etag("\"5f2a\"", "5f2a"));
  EXPECT_TRUE(matches_strong_etag("W/\"5f2a\", \"a,b\", \"5f2a\"", "5f2a"));
  EXPECT_FALSE(matches_strong_etag("W/\"5f2a\"", "5f2a"));
  EXPECT_TRUE(matches_strong_etag("*", "5f2a"));
}

TEST(MatchesStrongEtag, FindsOnlyAStarWhereThereIsNoStrongTag) {
  EXPECT_TRUE(matches_strong_etag(" * ", ""));
  for (const auto* field : {"", "\"\"", "W/\"\"", "\"x\"", "*, \"x\""})
    EXPECT_FALSE(matches_strong_etag(field, "")) << field;
}

}  // namespace
}  // namespace wx::endpoints
