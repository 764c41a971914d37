#include "base/gzip.hpp"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace wx {
namespace {

constexpr std::size_t kEnough = 1 << 20;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

// `printf hello | gzip -n | xxd -p`, and the same for `printf ', world'`.
const std::string kHello = from_hex("1f8b0800000000000003cb48cdc9c9070086a6103605000000");
const std::string kWorld = from_hex("1f8b0800000000000003d35128cf2fca490100fe6f886e07000000");

// Text that compresses, but not into next to nothing.
std::string text_of(std::size_t size) {
  std::string out;
  std::uint32_t state = 12345;
  while (out.size() < size) {
    state = state * 1664525 + 1013904223;
    out += std::to_string(state >> 20) + ",";
  }
  out.resize(size);
  return out;
}

std::string outcome(std::string_view bytes, std::size_t limit = kEnough) {
  const auto decoded = inflate_gzip(bytes, limit);
  return decoded ? *decoded : std::string(describe(decoded.error()));
}

// The same in pieces of `size` bytes.
std::string outcome_in_pieces(std::string_view bytes, std::size_t size, std::size_t limit = kEnough) {
  Inflater inflater(limit);
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
    const auto fed = inflater.feed(bytes.substr(0, size), [&out](std::string_view piece) {
      EXPECT_LE(piece.size(), Inflater::kMostPerCall);
      out += piece;
    });
    EXPECT_LE(out.size(), limit);
    if (!fed) {
      EXPECT_EQ(inflater.finish().error(), fed.error());
      return std::string(describe(fed.error()));
    }
  }
  EXPECT_EQ(inflater.size(), out.size());
  const auto whole = inflater.finish();
  return whole ? out : std::string(describe(whole.error()));
}

TEST(Gzip, DecodesWhatAnotherProgramEncoded) {
  EXPECT_EQ(outcome(kHello), "hello");
  EXPECT_EQ(outcome(kWorld), ", world");
}

TEST(Gzip, SeveralMembersAreOneBody) {
  for (std::size_t size = 1; size <= kHello.size() + kWorld.size(); ++size) {
    EXPECT_EQ(outcome_in_pieces(kHello + kWorld, size), "hello, world") << size;
  }
}

TEST(Gzip, DecodesWhatItEncodesAtEveryLevelInPiecesOfAnySize) {
  for (const std::size_t size : {0UL, 1UL, 5UL, 16384UL, 16385UL, 100'000UL}) {
    const std::string text = text_of(size);
    for (int level = 1; level <= 9; ++level) {
      const std::string encoded = deflate_gzip(text, level);
      EXPECT_EQ(outcome(encoded), text);
      for (const std::size_t piece : {1UL, 2UL, 7UL, 1000UL}) EXPECT_EQ(outcome_in_pieces(encoded, piece), text);
    }
  }
}

TEST(Gzip, EqualBytesGiveEqualResultsWithoutATime) {
  const std::string encoded = deflate_gzip("hello", 1);
  EXPECT_EQ(encoded.substr(4, 4), std::string(4, '\0'));
  EXPECT_EQ(encoded, deflate_gzip("hello", 1));
}

TEST(Gzip, HigherLevelsCompressMore) {
  const std::string text = text_of(100'000);
  EXPECT_LT(deflate_gzip(text, 1).size(), text.size());
  EXPECT_LT(deflate_gzip(text, 9).size(), deflate_gzip(text, 1).size());
}

TEST(Gzip, EveryTruncationIsNoticed) {
  const std::string encoded = deflate_gzip(text_of(3000), 6);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_EQ(outcome(encoded.substr(0, size)), "is cut short") << size;
  }
  EXPECT_EQ(outcome(kHello + kWorld.substr(0, 5)), "is cut short");
}

TEST(Gzip, EveryChangedByteIsNoticedExceptInTheHeadersInformation) {
  // RFC 1952 §2.3: flags, time, extra flags and operating system do not change the content.
  for (std::size_t at = 0; at < kHello.size(); ++at) {
    if (at >= 3 && at < 10) continue;
    std::string changed = kHello;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    const auto told = outcome(changed);
    EXPECT_TRUE(told == "is damaged" || told == "is cut short") << at << ": " << told;
  }
}

TEST(Gzip, BytesAfterTheEndAreDamage) {
  for (const std::string after : {"xy", "hello, this is no member", "\x1f\x8c"}) {
    EXPECT_EQ(outcome(kHello + after), "is damaged") << after;
    EXPECT_EQ(outcome_in_pieces(kHello + after, 1), "is damaged") << after;
  }
  // One byte might be the beginning of another member, which is not there.
  for (const char after : {'x', '\0', '\n', '\x1f'}) EXPECT_EQ(outcome(kHello + after), "is cut short");
}

TEST(Gzip, OtherFormatsAreDamage) {
  EXPECT_EQ(outcome("{\"latitude\":52.52}"), "is damaged");
  EXPECT_EQ(outcome(from_hex("789ccb48cdc9c90700062c0215")), "is damaged");  // zlib's own format
}

TEST(Gzip, TheLimitIsTheLargestBodyAllowed) {
  const std::string text = text_of(50'000);
  const std::string encoded = deflate_gzip(text, 6);
  for (const std::size_t piece : {1UL, 100UL, encoded.size()}) {
    EXPECT_EQ(outcome_in_pieces(encoded, piece, text.size()), text);
    EXPECT_EQ(outcome_in_pieces(encoded, piece, text.size() - 1), "is too large");
    EXPECT_EQ(outcome_in_pieces(encoded, piece, 16384), "is too large");
    EXPECT_EQ(outcome_in_pieces(encoded, piece, 0), "is too large");
  }
  EXPECT_EQ(outcome(deflate_gzip("", 6), 0), "");
  EXPECT_EQ(outcome(kHello + kWorld, 12), "hello, world");
  EXPECT_EQ(outcome(kHello + kWorld, 11), "is too large");
}

TEST(Gzip, ABombStopsAtTheLimit) {
  const std::string bomb = deflate_gzip(std::string(64UL << 20, '\0'), 9);
  EXPECT_LT(bomb.size(), 100'000U);
  Inflater inflater(1 << 20);
  std::size_t received = 0;
  const auto fed = inflater.feed(bomb, [&received](std::string_view piece) { received += piece.size(); });
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error(), GzipFault::too_large);
  EXPECT_LE(received, 1U << 20);
}

TEST(Gzip, AFaultIsFinal) {
  Inflater inflater(kEnough);
  const auto none = [](std::string_view) { ADD_FAILURE() << "decoded after a fault"; };
  EXPECT_FALSE(inflater.feed("no gzip at all", none));
  EXPECT_FALSE(inflater.feed(kHello, none));
  EXPECT_EQ(inflater.finish().error(), GzipFault::damaged);
}

}  // namespace
}  // namespace wx
