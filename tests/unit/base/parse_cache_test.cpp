#include "base/parse_cache.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wx {
namespace {

constexpr std::size_t kLimit = std::size_t{64} << 10;

struct Number {
  std::uint64_t value = 0;
  std::size_t owned = 0;
  static inline std::size_t alive = 0;  // bytes that all of them own

  explicit Number(std::uint64_t number, std::size_t bytes = 0) : value(number), owned(bytes) { alive += owned; }
  Number(Number&& other) noexcept : value(other.value), owned(std::exchange(other.owned, 0)) {}
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() { alive -= owned; }
  [[nodiscard]] std::size_t memory() const { return owned; }
};

using Cache = ParseCache<Number>;

// Asks as a user does: offers what is not found. Returns whether it was found.
bool ask(Cache& cache, std::string_view text, std::uint64_t number, std::uint64_t space = 0, std::size_t owned = 0) {
  if (const auto* const found = cache.find(text, space)) {
    EXPECT_EQ(found->value, number) << text;
    return true;
  }
  cache.offer(text, space, [&] { return Number(number, owned); });
  return false;
}

std::string text_of(std::uint64_t number) {
  return cat("lat=52.52&lon=13.41&x=", number);
}

std::set<std::uint64_t> survivors(Cache& cache, std::uint64_t most) {
  std::set<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < most; ++i) {
    if (cache.find(text_of(i)) != nullptr) numbers.insert(i);
  }
  return numbers;
}

TEST(ParseCache, KeepsATextThatIsOfferedTwice) {
  Cache cache(kLimit, 1);
  EXPECT_FALSE(ask(cache, "a", 1));
  EXPECT_FALSE(ask(cache, "a", 1)) << "it is kept only now";
  EXPECT_TRUE(ask(cache, "a", 1));
  EXPECT_FALSE(ask(cache, "b", 2));
  EXPECT_FALSE(ask(cache, "", 3));
  EXPECT_FALSE(ask(cache, "", 3));
  EXPECT_TRUE(ask(cache, "", 3)) << "an empty text is one, too";
}

TEST(ParseCache, TellsSpacesApart) {
  Cache cache(kLimit, 1);
  for (int i = 0; i < 3; ++i) {
    for (std::uint64_t space = 0; space < 20; ++space) {
      EXPECT_EQ(ask(cache, "/v1/forecast?latitude=1&longitude=2", space, space), i == 2) << space;
    }
  }
}

TEST(ParseCache, MakesNothingFromATextThatIsNotKept) {
  Cache cache(kLimit, 1);
  int made = 0;
  const auto make = [&made] {
    ++made;
    return Number(1);
  };
  const auto at_first = cache.bytes();
  for (std::uint64_t i = 0; i < 100'000; ++i) cache.offer(text_of(i), 0, make);
  EXPECT_EQ(made, 0);
  EXPECT_EQ(cache.bytes(), at_first);
}

TEST(ParseCache, StaysWithinItsBytes) {
  Random random(7);
  for (const std::size_t limit : {std::size_t{4} << 10, kLimit}) {
    Cache cache(limit, 1);
    std::size_t kept = 0;
    for (int i = 0; i < 50'000; ++i) {
      const std::string text(random.next() % 300, static_cast<char>('a' + random.next() % 26));
      const std::size_t owned = random.next() % 400;
      for (int twice = 0; twice < 2; ++twice) ask(cache, text, 5, 0, owned);
      if (ask(cache, text, 5)) ++kept;
      ASSERT_LE(cache.bytes(), limit);
      ASSERT_LE(Number::alive, cache.bytes()) << "what the values own counts";
    }
    EXPECT_GT(kept, limit < kLimit ? 10'000U : 40'000U);
  }
  EXPECT_EQ(Number::alive, 0U);
}

TEST(ParseCache, UsesItsBytes) {
  Cache cache(kLimit, 1);
  for (int round = 0; round < 5; ++round) {
    for (std::uint64_t i = 0; i < 200; ++i) ask(cache, text_of(i), i);
  }
  EXPECT_GT(survivors(cache, 200).size(), 180U);
  EXPECT_GT(cache.bytes(), kLimit / 2);
}

TEST(ParseCache, KeepsNoLongText) {
  Cache cache(kLimit, 1);
  const std::string longest(Cache::kLongestText, 'x');
  const std::string longer(Cache::kLongestText + 1, 'x');
  for (int i = 0; i < 2; ++i) {
    ask(cache, longest, 1);
    ask(cache, longer, 2);
  }
  EXPECT_TRUE(ask(cache, longest, 1));
  EXPECT_FALSE(ask(cache, longer, 2));
}

TEST(ParseCache, KeepsNoResultThatLeavesNoRoomForOthers) {
  Cache cache(kLimit, 1);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(ask(cache, "a", 1, 0, kLimit / 8));
  EXPECT_EQ(Number::alive, 0U);
}

// A text that is asked for stays, whatever others are asked for once or twice in between.
TEST(ParseCache, DoesNotLoseWhatIsAskedForToAFlood) {
  Cache cache(kLimit, 1);
  for (int i = 0; i < 2; ++i) ask(cache, "hot", 1);
  std::uint64_t lost = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    for (int twice = 0; twice < 2; ++twice) ask(cache, text_of(i), i);
    if (!ask(cache, "hot", 1)) ++lost;
  }
  EXPECT_EQ(lost, 0U);
}

TEST(ParseCache, GivesUpWhatIsNotAskedForAnyMore) {
  Cache cache(kLimit, 1);
  for (int i = 0; i < 3; ++i) ask(cache, "once popular", 1);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    for (int thrice = 0; thrice < 3; ++thrice) ask(cache, text_of(i), i);
  }
  EXPECT_EQ(cache.find("once popular"), nullptr);
}

TEST(ParseCache, SpreadsTextsByItsSeed) {
  constexpr std::uint64_t kMany = 1'000;
  const auto kept = [](std::uint64_t seed) {
    Cache cache(kLimit, seed);
    for (std::uint64_t i = 0; i < kMany; ++i) {
      for (int twice = 0; twice < 2; ++twice) ask(cache, text_of(i), i);
    }
    return survivors(cache, kMany);
  };
  EXPECT_EQ(kept(1), kept(1));
  EXPECT_NE(kept(1), kept(2));
}

}  // namespace
}  // namespace wx
