#include "endpoints/accept_encoding.hpp"

#include <gtest/gtest.h>

namespace wx::endpoints {
namespace {

TEST(ChooseEncoding, IsIdentityWhereNothingIsAskedFor) {
  EXPECT_EQ(choose_encoding(std::nullopt), Encoding::identity);
  EXPECT_EQ(choose_encoding(""), Encoding::identity);
  EXPECT_EQ(choose_encoding("zstd, deflate"), Encoding::identity);
}

TEST(ChooseEncoding, PrefersTheSmallestOfWhatIsWantedAlike) {
  EXPECT_EQ(choose_encoding("gzip, deflate, br"), Encoding::brotli);
  EXPECT_EQ(choose_encoding("gzip"), Encoding::gzip);
  EXPECT_EQ(choose_encoding("*"), Encoding::brotli);
}

TEST(ChooseEncoding, GoesByTheWeights) {
  EXPECT_EQ(choose_encoding("br;q=0.5, gzip;q=0.8"), Encoding::gzip);
  EXPECT_EQ(choose_encoding("br;q=0, *;q=0.1"), Encoding::gzip);
  EXPECT_EQ(choose_encoding("identity, gzip;q=0.5"), Encoding::identity);
}

TEST(ChooseEncoding, GivesIdentityToWhoRefusesEverything) {
  EXPECT_EQ(choose_encoding("*;q=0"), Encoding::identity);
  EXPECT_EQ(choose_encoding("identity;q=0, gzip;q=0, br;q=0"), Encoding::identity);
}

TEST(AcceptsGzip, OnlyFromWhoAsksForIt) {
  for (const auto* field : {"gzip", "gzip, deflate, br", "X-GZIP", "br, gzip;q=0.1", "*", "gzip, identity"}) {
    EXPECT_TRUE(accepts_gzip(field)) << field;
  }
  for (const auto* field : {"", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "identity, gzip;q=0.5"}) {
    EXPECT_FALSE(accepts_gzip(field)) << field;
  }
  EXPECT_FALSE(accepts_gzip(std::nullopt));
}

}  // namespace
}  // namespace wx::endpoints
