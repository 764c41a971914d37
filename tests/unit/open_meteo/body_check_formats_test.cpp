// CSV, XLSX and FlatBuffers.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "body_check_harness.hpp"

namespace wx::open_meteo {
namespace {

using test::check;

std::string told(const Asked& asked, std::string_view body) {
  return test::describe(check(asked, body));
}

constexpr std::string_view kGaveUp = "Unexpected error while streaming data: timeoutReached";
const std::string kGaveUpTold = cat("provider: the provider gave up while sending: ", kGaveUp);

constexpr Asked kCsv{.format = Format::csv};

const std::string kPlaces =
    "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
    "41.0,2.0,NaN,3600,GMT,GMT\n";
const std::string kSeries =
    "time,temperature_2m (\u00b0C),wind_speed_10m (km/h)\n"
    "2022-07-12T01:00,20.0,10.0\n"
    "2022-07-12T02:00,-20.0,0.5\n";
const std::string kNotCsv = "provider: the reply is not CSV as the provider writes it";
const std::string kCsvCut = "provider: the CSV is cut short";

TEST(CsvBody, GoodAnswers) {
  EXPECT_EQ(told(kCsv, kPlaces + "\n" + kSeries), "good utc+3600");
  EXPECT_EQ(told(kCsv, kPlaces), "good utc+3600");
  EXPECT_EQ(told(kCsv, kSeries), "good");
  EXPECT_EQ(told(kCsv, kPlaces + "\n" + kSeries + "\ntime,rain (mm)\n2022-07-12,1\n"), "good utc+3600");
  EXPECT_EQ(told({.format = Format::csv, .locations = 2},
                 "location_id,latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
                 "0,41.0,2.0,5.0,-12600,GMT,GMT\n1,42.0,2.0,5.0,19800,GMT,GMT\n\n"
                 "location_id,time,rain (mm)\n0,2022-07-12,1\n1,2022-07-12,2\n"),
            "good utc+-12600 utc+19800");
  EXPECT_EQ(told(kCsv, "location_id,time,rain (mm)\n0,2022-07-12,1\n"), "good");
  // Only the first block tells of places, and a line may begin with an empty field.
  EXPECT_EQ(told(kCsv, kPlaces + "\ntime,longitude,latitude,utc_offset_seconds\n,2,3,x\n"), "good utc+3600");
  EXPECT_EQ(told(kCsv, "time,latitude\n2022-07-12,1\n\ntime,latitude\n,\n"), "good");
}

TEST(CsvBody, EveryTruncationWithinALineIsAFaultOfTheProvider) {
  const std::string body = kPlaces + "\n" + kSeries;
  for (std::size_t size = 1; size < body.size(); ++size) {
    // What ends with a whole line of a block cannot be told from an answer.
    if (body[size - 1] == '\n' && body[size - 2] != '\n') continue;
    const auto outcome = test::describe(check_body(kCsv, test::kCsvType, body.substr(0, size)));
    EXPECT_EQ(outcome.substr(0, 10), "provider: ") << size << " " << outcome;
  }
}

TEST(CsvBody, TheLastLineHasAsManyFieldsAsItsHeader) {
  EXPECT_EQ(told(kCsv, kSeries + "2022-07-12T03:00,20.0\n"), kCsvCut);
  EXPECT_EQ(told(kCsv, kSeries + "2022-07-12T03:00,20.0,1,2\n"), kCsvCut);
  EXPECT_EQ(told(kCsv, kSeries + "2022-07-12T03:00,20.0,\n"), "good");
  EXPECT_EQ(told(kCsv, kPlaces + "\n" + kSeries + "41.0,2.0,NaN,3600,GMT,GMT\n"), kCsvCut);
}

TEST(CsvBody, OtherTextsAreNone) {
  for (const char* const body :
       {"<html>\n</html>\n", "{}\n", "error,reason\n1,2\n", "\n", "times,a\n1,2\n", "latitude\n1\n", "x"}) {
    EXPECT_EQ(told(kCsv, body), kNotCsv) << body;
  }
  EXPECT_EQ(told(kCsv, kSeries + std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(told(kCsv, std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(test::describe(check_body(kCsv, test::kJsonType, kSeries)), "provider: the reply is not CSV");
}

TEST(CsvBody, MissingValuesAreAGap) {
  EXPECT_EQ(told(kCsv, kSeries + "2022-07-12T03:00,NaN,1\n"), "good gap");
  EXPECT_EQ(told(kCsv, kPlaces + "\n" + kSeries + "2022-07-12T03:00,1,NaN\n"), "good utc+3600 gap");
}

TEST(CsvBody, APlaceThatIsNanHasNoValues) {
  EXPECT_EQ(told(kCsv, "latitude,longitude\nNaN,NaN\n"), "good empty");
  EXPECT_EQ(told(kCsv, "latitude,longitude\n1,-nan\n"), "good empty");
  EXPECT_EQ(told(kCsv, ""), "good empty");
}

TEST(CsvBody, InvalidOffsetsAreAFault) {
  for (const char* const offset : {"", "x", "1.5", "86400", "3600x", "99999999999999999999999"}) {
    EXPECT_EQ(told(kCsv, cat("latitude,utc_offset_seconds\n1,", offset, "\n")),
              "query: the reply has an invalid utc_offset_seconds")
        << offset;
  }
}

TEST(CsvBody, TheHashIsOfAllBytes) {
  const auto hash = [](std::string_view body) { return check(kCsv, body)->data_hash; };
  EXPECT_EQ(hash(kPlaces + "\n" + kSeries), hash(kPlaces + "\n" + kSeries));
  EXPECT_NE(hash(kPlaces), hash(kSeries));
}

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xff);
  return out;
}

constexpr Asked kXlsx{.format = Format::xlsx};

// The two ends of an archive with `entries` bytes of files and a directory of `directory` bytes.
std::string archive(std::size_t entries = 40, std::size_t directory = 50) {
  return "PK\x03\x04" + std::string(entries - 4, 'x') + std::string(directory, 'y') + "PK\x05\x06" +
         std::string(8, '\0') + little_endian(directory, 4) + little_endian(entries, 4) + little_endian(0, 2);
}

TEST(XlsxBody, GoodAnswers) {
  EXPECT_EQ(told(kXlsx, archive()), "good");
  EXPECT_EQ(told(kXlsx, archive(3000, 400)), "good");
  EXPECT_EQ(told(kXlsx, ""), "good empty");
}

TEST(XlsxBody, EveryTruncationIsAFaultOfTheProvider) {
  const std::string body = archive();
  for (std::size_t size = 1; size < body.size(); ++size) {
    EXPECT_EQ(test::describe(check_body(kXlsx, test::kXlsxType, body.substr(0, size))),
              size < 4 ? "provider: the reply is not an XLSX file" : "provider: the XLSX file is cut short");
  }
}

TEST(XlsxBody, TheEndMustMatchTheSize) {
  const std::string cut = "provider: the XLSX file is cut short";
  std::string body = archive();
  EXPECT_EQ(told(kXlsx, body + "x"), cut);
  EXPECT_EQ(told(kXlsx, "PK\x03\x04" + body), cut);
  body[body.size() - 2] = 1;  // a comment that is not there
  EXPECT_EQ(told(kXlsx, body), cut);
  EXPECT_EQ(told(kXlsx, archive().substr(1)), "provider: the reply is not an XLSX file");
  EXPECT_EQ(told(kXlsx, archive() + std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(test::describe(check_body(kXlsx, test::kCsvType, body)), "provider: the reply is not an XLSX file");
}

constexpr Asked kFlat{.format = Format::flatbuffers};

struct Message {
  float latitude = 52.52F;
  float longitude = 13.42F;
  float generation_time = 1.5F;
  std::int32_t utc_offset = 3600;
  float value = 20.5F;
  std::size_t values = 3;
};

std::string bytes_of(float value) {
  return little_endian(std::bit_cast<std::uint32_t>(value), 4);
}

// A message as a builder lays it out: the position of the root, the vtable, the root table, the values.
std::string message(const Message& m) {
  // Slots 0 to 6: latitude, longitude, elevation, generation time, location id (left out), model, offset.
  const std::string vtable = little_endian(18, 2) + little_endian(28, 2) + little_endian(4, 2) + little_endian(8, 2) +
                             little_endian(12, 2) + little_endian(16, 2) + little_endian(0, 2) + little_endian(20, 2) +
                             little_endian(24, 2);
  std::string body = little_endian(24, 4) + std::string(2, '\0') + vtable;
  body += little_endian(18, 4);  // the vtable is 18 bytes before
  body += bytes_of(m.latitude) + bytes_of(m.longitude) + bytes_of(std::numeric_limits<float>::quiet_NaN()) +
          bytes_of(m.generation_time) + std::string("\x1a\0\0\0", 4) +
          little_endian(static_cast<std::uint32_t>(m.utc_offset), 4);
  for (std::size_t i = 0; i < m.values; ++i) body += bytes_of(m.value);
  return little_endian(body.size(), 4) + body;
}

const std::string kNotFlat = "provider: the reply is not a FlatBuffers message of the provider";
const std::string kFlatCut = "provider: the FlatBuffers message is cut short";
const std::string kCount = "query: the reply has another number of locations than the question";

TEST(FlatbuffersBody, GoodAnswers) {
  EXPECT_EQ(told(kFlat, message({})), "good utc+3600");
  EXPECT_EQ(told(kFlat, message({.values = 0})), "good utc+3600");
  EXPECT_EQ(told({.format = Format::flatbuffers, .locations = 2}, message({}) + message({.utc_offset = -12600})),
            "good utc+3600 utc+-12600");
  EXPECT_EQ(told(kFlat, ""), "good empty");
  // Longer than the part that is kept.
  EXPECT_EQ(
      test::describe(test::check_in_pieces({.format = Format::flatbuffers, .locations = 2}, test::kFlatbuffersType,
                                           message({.values = 40'000}) + message({.values = 20'000}), 1000)),
      "good utc+3600");
}

TEST(FlatbuffersBody, FieldsThatAreLeftOutAreZero) {
  // A vtable without fields, and a table of nothing but the distance to it.
  const std::string body = little_endian(8, 4) + little_endian(4, 2) + little_endian(4, 2) + little_endian(4, 4);
  EXPECT_EQ(told(kFlat, little_endian(12, 4) + body), "good utc+0");
  // The vtable behind the table.
  const std::string behind =
      little_endian(4, 4) + little_endian(0xfffffffc, 4) + little_endian(4, 2) + little_endian(4, 2);
  EXPECT_EQ(told(kFlat, little_endian(12, 4) + behind), "good utc+0");
  // But not beyond the end of the message.
  EXPECT_EQ(told(kFlat, little_endian(12, 4) + little_endian(4, 4) + little_endian(0xfffffffc, 4) +
                            little_endian(6, 2) + little_endian(4, 2)),
            kNotFlat);
}

TEST(FlatbuffersBody, EveryTruncationIsAFaultOfTheProvider) {
  const std::string body = message({});
  for (std::size_t size = 1; size < body.size(); ++size) {
    EXPECT_EQ(test::describe(check_body(kFlat, test::kFlatbuffersType, body.substr(0, size))), kFlatCut);
    EXPECT_EQ(test::describe(check_body({.format = Format::flatbuffers, .locations = 2}, test::kFlatbuffersType,
                                        body + body.substr(0, size))),
              kFlatCut);
  }
}

TEST(FlatbuffersBody, ThePlacesOfTheTableAreWithinTheMessage) {
  const auto changed = [](std::size_t at, std::uint64_t value, std::size_t bytes) {
    return message({}).replace(at, bytes, little_endian(value, bytes));
  };
  // At 0 the size, at 4 the position of the root, at 10 the vtable, at 28 the root.
  for (const std::uint64_t root : {0UL, 1UL, 61UL, 64UL, 1000UL, 0x7fffffffUL, 0xffffffffUL}) {
    EXPECT_EQ(told(kFlat, changed(4, root, 4)), kNotFlat) << root;
  }
  for (const std::uint64_t back : {25UL, 1000UL, 0x7fffffffUL, 0x80000000UL, 0xffffff00UL}) {
    EXPECT_EQ(told(kFlat, changed(28, back, 4)), kNotFlat) << back;
  }
  for (const std::uint64_t size : {0UL, 2UL, 3UL, 17UL, 100UL, 0xffffUL}) {
    EXPECT_EQ(told(kFlat, changed(10, size, 2)), kNotFlat) << size;
  }
  for (const std::uint64_t size : {0UL, 3UL, 27UL, 41UL, 0xffffUL}) {
    EXPECT_EQ(told(kFlat, changed(12, size, 2)), kNotFlat) << size;
  }
  for (const std::size_t slot : {0UL, 1UL, 3UL, 6UL}) {
    for (const std::uint64_t place : {25UL, 28UL, 0xffffUL}) {
      EXPECT_EQ(told(kFlat, changed(14 + 2 * slot, place, 2)), kNotFlat) << slot << " " << place;
    }
  }
  EXPECT_EQ(told(kFlat, changed(14 + 2 * 5, 28, 2)), kNotFlat);
  EXPECT_EQ(told(kFlat, changed(0, 3, 4)), kNotFlat);
  EXPECT_EQ(told(kFlat, changed(0, 0, 4)), kNotFlat);
  EXPECT_EQ(told(kFlat, changed(0, 0xffffffff, 4)), kFlatCut);
}

TEST(FlatbuffersBody, CoordinatesAreFiniteAndOffsetsPossible) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(told(kFlat, message({.latitude = kInfinity})), kNotFlat);
  EXPECT_EQ(told(kFlat, message({.longitude = -kInfinity})), kNotFlat);
  EXPECT_EQ(told(kFlat, message({.utc_offset = 86400})), kNotFlat);
  EXPECT_EQ(told(kFlat, message({.latitude = kNan})), "good empty utc+3600");
  EXPECT_EQ(told(kFlat, message({.longitude = -kNan})), "good empty utc+3600");
}

TEST(FlatbuffersBody, TheNumberOfMessagesFitsTheQuestion) {
  const auto outcome = [](std::size_t messages, std::size_t locations, std::size_t models, bool opaque = false) {
    std::string body;
    for (std::size_t i = 0; i < messages; ++i) body += message({});
    return test::describe(
        check_body({.format = Format::flatbuffers, .opaque = opaque, .locations = locations, .models = models},
                   test::kFlatbuffersType, body));
  };
  EXPECT_EQ(outcome(1, 2, 1), kCount);
  EXPECT_EQ(outcome(2, 1, 1), kCount);
  EXPECT_EQ(outcome(2, 2, 1), "good utc+3600");
  EXPECT_EQ(outcome(2, 1, 2), "good utc+3600");
  EXPECT_EQ(outcome(2, 1, 3), "good utc+3600");
  EXPECT_EQ(outcome(4, 1, 3), kCount);
  EXPECT_EQ(outcome(6, 2, 3), "good utc+3600");
  EXPECT_EQ(outcome(7, 2, 3), kCount);
  EXPECT_EQ(outcome(1, 2, 3), kCount);
  EXPECT_EQ(outcome(7, 0, 1), "good utc+3600");
  EXPECT_EQ(outcome(7, 1, 1, true), "good utc+3600");
}

TEST(FlatbuffersBody, ASentenceInsteadOfAMessageIsAFaultOfTheProvider) {
  EXPECT_EQ(told(kFlat, std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(told(kFlat, message({}) + std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(told(kFlat, message({}).substr(0, 40) + std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(told(kFlat, message({.values = 5000}).substr(0, 15'000) + std::string(kGaveUp)), kGaveUpTold);
  EXPECT_EQ(test::describe(check_body(kFlat, test::kJsonType, message({}))), "provider: the reply is not FlatBuffers");
}

TEST(FlatbuffersBody, MissingValuesAreAGap) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(told(kFlat, message({.value = kNan, .values = 1})), "good utc+3600 gap");
  EXPECT_EQ(told(kFlat, message({.value = -kNan, .values = 100})), "good utc+3600 gap");
  EXPECT_EQ(told(kFlat, message({.value = std::numeric_limits<float>::infinity()})), "good utc+3600");
  EXPECT_EQ(test::describe(check_body(kFlat, test::kFlatbuffersType, message({.value = kNan, .values = 20'000}))),
            "good utc+3600 gap");
  // The last value of a message that is longer than the part that is kept.
  std::string body = message({.values = 20'000});
  body.replace(body.size() - 4, 4, bytes_of(kNan));
  EXPECT_EQ(test::describe(test::check_in_pieces(kFlat, test::kFlatbuffersType, body, 999)), "good utc+3600 gap");
  // Only at multiples of four bytes: here two halves of other numbers have the bytes of a NaN.
  body = message({.values = 2});
  body.replace(body.size() - 6, 4, bytes_of(kNan));
  EXPECT_EQ(told(kFlat, body), "good utc+3600");
  body = message({.values = 20'000});
  body.replace(body.size() - 6, 4, bytes_of(kNan));
  for (const std::size_t size : {1UL, 2UL, 999UL, body.size()}) {
    EXPECT_EQ(test::describe(test::check_in_pieces(kFlat, test::kFlatbuffersType, body, size)), "good utc+3600");
  }
}

TEST(FlatbuffersBody, TheGenerationTimeIsNoData) {
  const auto hash = [](std::string_view body) {
    return check({.format = Format::flatbuffers, .locations = 0}, body)->data_hash;
  };
  EXPECT_EQ(hash(message({.generation_time = 1.5F})), hash(message({.generation_time = 4276.25F})));
  EXPECT_EQ(hash(message({.generation_time = 1}) + message({.generation_time = 2})),
            hash(message({.generation_time = 3}) + message({.generation_time = 4})));
  EXPECT_NE(hash(message({.latitude = 52.53F})), hash(message({})));
  EXPECT_NE(hash(message({.value = 52.53F})), hash(message({})));
  EXPECT_NE(hash(message({}) + message({})), hash(message({})));
}

}  // namespace
}  // namespace wx::open_meteo
