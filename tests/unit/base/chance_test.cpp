// The hash and the generator are deterministic, and their values are spread over their range.
#include <array>
#include <set>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace wx {
namespace {

TEST(Hash, IsAPureFunctionOfBytesAndSeed) {
  static_assert(hash64("weather:52.52:13.41") == hash64("weather:52.52:13.41"));
  EXPECT_NE(hash64("a"), hash64("b"));
  EXPECT_NE(hash64("a"), hash64("a", 1));
  EXPECT_NE(hash64(""), hash64(std::string_view("\0", 1)));
}

// Processes of all versions must agree on these values. They are those of XXH3's specification.
TEST(Hash, OfContentIsXxh3) {
  EXPECT_EQ(content_hash(""), 0x2d06800538d394c2U);
  EXPECT_EQ(content_tag(""), "2d06800538d394c2");
  EXPECT_EQ(content_tag("a"), "e6c632b61e964e1f");
  EXPECT_NE(content_hash("a", 1), content_hash("a"));
  const std::string large(1000, 'x');
  std::string changed = large;
  changed[999] = 'y';
  EXPECT_NE(content_tag(large), content_tag(changed));
}

TEST(Hash, SpreadsNeighbouringKeysOverShardsEvenly) {
  std::array<int, 64> shards{};
  constexpr int kKeys = 64'000;
  for (int i = 0; i < kKeys; ++i) ++shards[hash64(cat("weather:", i / 100, ".", i % 100, ":13.41")) % shards.size()];
  for (const int count : shards) {
    EXPECT_GT(count, kKeys / 64 * 8 / 10);
    EXPECT_LT(count, kKeys / 64 * 12 / 10);
  }
}

TEST(Random, RepeatsItselfForTheSameSeed) {
  Random a(7);
  Random b(7);
  Random c(8);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

TEST(Random, WorksWithTheSeedThatItsAlgorithmCannotTake) {
  Random random(0);
  EXPECT_NE(random.next(), 0U);
  EXPECT_NE(random.next(), random.next());
}

TEST(Random, FractionStaysBelowOneAndAveragesHalf) {
  Random random(1);
  double sum = 0;
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    const double fraction = random.fraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    sum += fraction;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.02);
}

TEST(Random, SpansLieBetweenTheirBoundsAndCoverThem) {
  Random random(1);
  nanoseconds least = std::chrono::seconds(1);
  nanoseconds most{0};
  for (int i = 0; i < 1'000; ++i) {
    const auto span = random.between(milliseconds(100), milliseconds(200));
    least = std::min(least, span);
    most = std::max(most, span);
  }
  EXPECT_GE(least, milliseconds(100));
  EXPECT_LT(least, milliseconds(102));
  EXPECT_LT(most, milliseconds(200));
  EXPECT_GT(most, milliseconds(198));
  EXPECT_EQ(random.between(milliseconds(5), milliseconds(5)), milliseconds(5));
}

TEST(Random, SeedsDiffer) {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 8; ++i) seeds.insert(random_seed());
  EXPECT_EQ(seeds.size(), 8U);
}

}  // namespace
}  // namespace wx
