#include "cache/codec.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::cache {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Entry sample() {
  Entry entry;
  entry.body = R"({"latitude":52.52,"current":{"temperature_2m":-1.50}})";
  entry.content_type = "application/json";
  entry.etag = "5f2a9c";
  entry.stored_at = WallTime(milliseconds(1'767'225'600'123));
  entry.spans = {.fresh_for = milliseconds(910'345), .stale_for = seconds(60), .keep_for = hours(24)};
  entry.epoch = 7;
  entry.early_refresh = false;
  return entry;
}

constexpr std::string_view kKey = "weather:52.52:13.41";

std::string encoded(const Entry& entry) {
  std::string out;
  encode_head(kKey, entry, out);
  return out += entry.body;
}

// A value with the correct checksum for any line.
std::string with_sum(std::string line, std::string_view body) {
  const ContentTag sum(content_hash(body, content_hash(line)));
  return cat(line, " sum=", sum.view(), "\n", body);
}

std::string line_of(const std::string& value) {
  return value.substr(0, value.find(" sum="));
}

TEST(Codec, GivesBackWhatItWasGiven) {
  Entry plain = sample();
  const Entry tombstone = make_tombstone(WallTime(milliseconds(1'767'225'600'123)), hours(48));
  EXPECT_EQ(decode(kKey, encoded(tombstone)), tombstone);
  Entry refusal = sample();
  refusal.kind = EntryKind::refusal;
  refusal.early_refresh = true;
  Entry empty;
  Entry extreme = sample();
  extreme.epoch = ~0ULL;
  extreme.spans = {.fresh_for = hours(24 * 366 * 10), .stale_for = milliseconds(0), .keep_for = milliseconds(1)};
  extreme.stored_at = WallTime(milliseconds(1LL << 52));
  Entry binary = sample();
  binary.body = std::string("\n\0\xff wx2 \n", 10);
  Entry large = sample();
  large.body = std::string(1 << 20, 'x');
  Entry coded = sample();
  coded.encoding = Encoding::gzip;
  coded.decoded_size = 12'345;
  coded.content_disposition = "attachment; filename=\"open-meteo-52.54N13.41E38m.csv\"";
  coded.question = "latitude=52.52&longitude=13.41&hourly=temperature_2m,rain&name=%20%7B%22";
  Entry bytes = sample();
  for (int byte = 0; byte < 256; ++byte) bytes.question += static_cast<char>(byte);
  for (const auto& entry : {plain, refusal, empty, extreme, binary, large, coded, bytes}) {
    const auto back = decode(kKey, encoded(entry));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, entry);
  }
}

TEST(Codec, KeepsAContentTypeWhole) {
  for (const auto* const type : {"text/html; charset=utf-8", "text/html; charset=\"utf-8\"", "a/b;c=100%", "a/b;c=%20",
                                 "%", "", " ", "application/json"}) {
    Entry entry = sample();
    entry.content_type = type;
    const auto back = decode(kKey, encoded(entry));
    ASSERT_TRUE(back) << type;
    EXPECT_EQ(*back, entry);
  }
}

TEST(Codec, RefusesAContentTypeThatItWouldNotWrite) {
  for (const auto* const type : {"a%", "a%2", "a%0Ab", "a%0D%0Ab", "a%41", "a%2f", "a\"b", "a%%", "%2520%zz"}) {
    auto line = line_of(encoded(sample()));
    line.replace(line.find("application/json"), std::string_view("application/json").size(), type);
    EXPECT_FALSE(decode(kKey, with_sum(line, sample().body))) << type;
  }
}

TEST(Codec, WritesALineThatAPersonCanReadThenTheBody) {
  const auto value = encoded(sample());
  EXPECT_EQ(line_of(value),
            "wx2 key=weather:52.52:13.41 stored_at=1767225600123 fresh=910345 stale=60000 keep=86400000 early=0 "
            "kind=answer epoch=7 type=application/json etag=5f2a9c size=53");
  EXPECT_EQ(value.substr(value.find('\n') + 1), sample().body);
}

TEST(Codec, WritesWhatIsSetOnly) {
  Entry entry = sample();
  entry.content_type = "application/json; charset=utf-8";
  entry.encoding = Encoding::gzip;
  entry.decoded_size = 12'345;
  const std::string start =
      "wx2 key=weather:52.52:13.41 stored_at=1767225600123 fresh=910345 stale=60000 keep=86400000 early=0 "
      "kind=answer epoch=7 type=application/json;%20charset=utf-8 etag=5f2a9c size=53 gzip_of=12345";
  EXPECT_EQ(line_of(encoded(entry)), start);
  entry.content_disposition = "attachment; filename=\"a.csv\"";
  entry.question = "hourly=a,b&name=%22\n";
  EXPECT_EQ(line_of(encoded(entry)),
            start + " disposition=attachment;%20filename=%22a.csv%22 question=hourly=a,b&name=%2522%0A");
}

TEST(Codec, RefusesAnOptionalFieldThatItWouldNotWrite) {
  const std::string good = line_of(encoded(sample()));
  for (const auto* const fields : {" gzip_of=1", " disposition=a", " question=a", " gzip_of=0 disposition=a question=a",
                                   " gzip_of=1 question=a"}) {
    EXPECT_TRUE(decode(kKey, with_sum(good + fields, sample().body))) << fields;
  }
  for (const auto* const fields : {" gzip_of=",
                                   " gzip_of=01",
                                   " gzip_of=-1",
                                   " gzip_of=1 gzip_of=1",
                                   " disposition=",
                                   " question=",
                                   " disposition=a gzip_of=1",
                                   " question=a disposition=a",
                                   " question=a question=a",
                                   " question=%41",
                                   " question=%0a",
                                   " question=%",
                                   " question=%2",
                                   " question=a\"",
                                   " disposition=%0A",
                                   " disposition=%00",
                                   " disposition=%09",
                                   " disposition=%7F",
                                   " disposition=%C3%A4",
                                   " other=a",
                                   " question",
                                   " gzip_of",
                                   " "}) {
    EXPECT_FALSE(decode(kKey, with_sum(good + fields, sample().body))) << fields;
  }
}

// Nothing that a client or the provider writes can end the line, or begin another field.
TEST(Codec, LetsNoTextBreakTheLine) {
  for (const std::string text : {"\n", "\r\n", "a\nwx2 key=b", "a size=1 sum=0", " sum=1", "\"", "%0A", "\xff\xfe"}) {
    Entry entry = sample();
    entry.question = text;
    entry.content_type = text;
    entry.content_disposition = text;
    const auto value = encoded(entry);
    const auto line = value.substr(0, value.find('\n'));
    EXPECT_EQ(value.size(), line.size() + 1 + entry.body.size()) << line;
    EXPECT_EQ(std::ranges::count(line, ' '), 14) << line;
  }
}

TEST(Codec, AppendsToWhatIsThere) {
  std::string out = "before";
  encode_head(kKey, sample(), out);
  EXPECT_EQ(cat(out, sample().body), "before" + encoded(sample()));
}

TEST(Codec, RefusesEveryTruncation) {
  const auto value = encoded(sample());
  for (std::size_t length = 0; length < value.size(); ++length) {
    EXPECT_FALSE(decode(kKey, std::string_view(value).substr(0, length))) << length;
  }
}

TEST(Codec, RefusesAnythingAfterTheEnd) {
  for (const auto* more : {" ", "\n", "x", "}"}) EXPECT_FALSE(decode(kKey, encoded(sample()) + more));
}

TEST(Codec, RefusesEveryChangeOfASingleByte) {
  const auto value = encoded(sample());
  for (std::size_t at = 0; at < value.size(); ++at) {
    std::string changed = value;
    for (int byte = 0; byte < 256; ++byte) {
      changed[at] = static_cast<char>(byte);
      if (changed[at] != value[at]) {
        EXPECT_FALSE(decode(kKey, changed)) << at << " became " << byte;
      }
    }
  }
}

TEST(Codec, RefusesEveryByteLeftOutOrDoubled) {
  const auto value = encoded(sample());
  for (std::size_t at = 0; at < value.size(); ++at) {
    std::string shorter = value;
    shorter.erase(at, 1);
    EXPECT_FALSE(decode(kKey, shorter)) << at;
    std::string longer = value;
    longer.insert(at, 1, value[at]);
    EXPECT_FALSE(decode(kKey, longer)) << at;
  }
}

TEST(Codec, RefusesAValueOfAnotherKey) {
  const auto value = encoded(sample());
  for (const auto* other : {"weather:52.52:13.4", "weather:52.52:13.411", "weather:52.52:13.42", ""}) {
    EXPECT_FALSE(decode(other, value)) << other;
  }
  // The checksum covers the key.
  std::string moved = value;
  moved.replace(moved.find(kKey), kKey.size(), "weather:48.85:2.35");
  EXPECT_FALSE(decode("weather:48.85:2.35", moved));
}

// A value as 0.1.0 writes it. It names no key.
std::string of_0_1_0(std::string_view kind) {
  const auto line = cat("wx1 stored_at=1767225600000 fresh=10000 stale=20 keep=30 early=1 kind=", kind,
                        " epoch=7 type=application/json etag=5f2a size=2");
  return cat(line, " sum=", ContentTag(hash64("{}", hash64(line))).view(), "\n{}");
}

TEST(Codec, ReadsTheFormatBefore) {
  Entry entry;
  entry.body = "{}";
  entry.content_type = "application/json";
  entry.etag = "5f2a";
  entry.stored_at = WallTime(milliseconds(1'767'225'600'000));
  entry.spans = {.fresh_for = seconds(10), .stale_for = milliseconds(20), .keep_for = milliseconds(30)};
  entry.epoch = 7;
  entry.early_refresh = true;
  EXPECT_EQ(decode(kKey, of_0_1_0("answer")), entry);
  entry.kind = EntryKind::refusal;
  EXPECT_EQ(decode(kKey, of_0_1_0("refusal")), entry);
}

TEST(Codec, KnowsNoLaterFieldsInTheFormatBefore) {
  std::string line(of_0_1_0("answer"));
  line = line_of(line) + " question=a";
  EXPECT_FALSE(decode(kKey, cat(line, " sum=", ContentTag(hash64("{}", hash64(line))).view(), "\n{}")));
}

TEST(Codec, RefusesADamagedValueOfTheFormatBefore) {
  EXPECT_FALSE(decode(kKey, of_0_1_0("tombstone"))) << "it has none";
  const auto value = of_0_1_0("answer");
  for (std::size_t at = 0; at < value.size(); ++at) {
    auto damaged = value;
    ++damaged[at];
    EXPECT_FALSE(decode(kKey, damaged)) << damaged;
    EXPECT_FALSE(decode(kKey, std::string_view(value).substr(0, at))) << at;
  }
  EXPECT_FALSE(decode(kKey, value + "x"));
}

TEST(Codec, TellsALaterVersion) {
  for (const auto* later : {"wx3", "wx3 key=weather:1:2", "wx10 {}", "wx3\n"})
    EXPECT_TRUE(is_of_later_version(later)) << later;
  for (const auto* other : {"", "wx", "wx ", "wx2", "wx2 key=weather:1:2", "wx1 ", "wx-3 ", "wx3x ", "wy3 ", "w",
                            " wx3 ", "WX3 ", "wx99999999999999999999 ", "{\"latitude\":52.52}"}) {
    EXPECT_FALSE(is_of_later_version(other)) << other;
  }
}

TEST(Codec, RefusesOtherVersionsAndOtherThings) {
  const auto value = encoded(sample());
  for (const auto* version : {"wx0", "wx1", "wx3", "wx20", "wx", "WX2", ""}) {
    EXPECT_FALSE(decode(kKey, with_sum(version + line_of(value).substr(3), sample().body))) << version;
  }
  for (const auto* other :
       {"", "\n", "wx2", "wx2\n", "wx2 key=weather:52.52:13.41", "{}", "{\"latitude\":52.52}\n", "PONG"}) {
    EXPECT_FALSE(decode(kKey, other)) << other;
  }
}

// The checksum is correct in all of these, but the line itself is invalid.
TEST(Codec, RefusesALineThatSaysTooMuchOrTooLittle) {
  const std::string good = line_of(encoded(sample()));
  ASSERT_TRUE(decode(kKey, with_sum(good, sample().body)));
  const auto replaced = [&](std::string_view what, std::string_view by) {
    std::string line = good;
    const auto at = line.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    line.replace(at, what.size(), by);
    return with_sum(line, sample().body);
  };
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=-1")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=+1")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=1e3")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=316224000001")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=99999999999999999999")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345 ", "")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345", "fresh=910345 fresh=910345")));
  EXPECT_FALSE(decode(kKey, replaced("fresh=910345 stale=60000", "stale=60000 fresh=910345")));
  EXPECT_FALSE(decode(kKey, replaced("stored_at=1767225600123", "stored_at=4503599627370497")));
  EXPECT_FALSE(decode(kKey, replaced("stored_at=1767225600123", "stored_at=-5")));
  EXPECT_FALSE(decode(kKey, replaced("early=0", "early=2")));
  EXPECT_FALSE(decode(kKey, replaced("kind=answer", "kind=answers")));
  EXPECT_FALSE(decode(kKey, replaced("kind=answer", "kind=")));
  EXPECT_FALSE(decode(kKey, replaced("epoch=7", "epoch=18446744073709551616")));
  EXPECT_FALSE(decode(kKey, replaced("size=53", "size=52")));
  EXPECT_FALSE(decode(kKey, replaced("size=53", "size=54")));
  EXPECT_FALSE(decode(kKey, replaced("size=53", "size=53 more=1")));
}

// All processes must agree on whether two values are equal.
TEST(Codec, KnowsOneWayOfWritingEachEntry) {
  const std::string good = line_of(encoded(sample()));
  std::string zero = good;
  zero.replace(zero.find("epoch=7"), 7, "epoch=07");
  EXPECT_FALSE(decode(kKey, with_sum(zero, sample().body)));

  const auto value = encoded(sample());
  const auto sum = value.find(" sum=") + 5;
  std::string padded = value;
  padded.insert(sum, 1, '0');
  EXPECT_FALSE(decode(kKey, padded));
  std::string upper = value;
  for (auto at = sum; upper[at] != '\n'; ++at) upper[at] = static_cast<char>(std::toupper(upper[at]));
  EXPECT_FALSE(upper != value && decode(kKey, upper));
}

// Both are sent in response headers.
TEST(Codec, RefusesATypeOrTagThatDoesNotBelongIntoAHeader) {
  const std::string good = line_of(encoded(sample()));
  for (const char bad : {'\r', '\t', '\0', '\x7f', '\xc3', '"'}) {
    std::string type = good;
    type.insert(type.find("type=") + 7, 1, bad);
    EXPECT_FALSE(decode(kKey, with_sum(type, sample().body))) << static_cast<int>(bad);
    std::string tag = good;
    tag.insert(tag.find("etag=") + 6, 1, bad);
    EXPECT_FALSE(decode(kKey, with_sum(tag, sample().body))) << static_cast<int>(bad);
  }
}

}  // namespace
}  // namespace wx::cache
