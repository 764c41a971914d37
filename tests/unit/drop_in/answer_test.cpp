#include "drop_in/answer.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/gzip.hpp"
#include "base/text.hpp"

namespace wx::drop_in {
namespace {

using cache::EntryKind;
using cache::Loaded;
using open_meteo::AttemptTimes;
using open_meteo::Reply;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr WallTime kNoon{std::chrono::sys_days{std::chrono::year(2026) / 11 / 30} + hours(12)};

// The answer to a question for hourly temperatures, of exactly `size` bytes.
std::string forecast(std::size_t size, std::string_view generation_time = "0.25") {
  const auto head = cat(R"({"latitude":52.52,"longitude":13.41,"generationtime_ms":)", generation_time,
                        R"(,"utc_offset_seconds":0,"timezone":"GMT","timezone_abbreviation":"GMT","elevation":38.0,)"
                        R"("hourly_units":{"time":"iso8601","temperature_2m":"°C"},)"
                        R"("hourly":{"time":["2026-11-30T00:00"],"temperature_2m":[2.)");
  constexpr std::string_view kEnd = "]}}";
  EXPECT_GT(size, head.size() + kEnd.size());
  std::string digits;
  for (std::size_t i = 0; head.size() + digits.size() + kEnd.size() < size; ++i) {
    digits += static_cast<char>('1' + i * i % 7);
  }
  return cat(head, digits, kEnd);
}

std::string current(std::string_view time) {
  return cat(R"({"latitude":52.52,"longitude":13.41,"generationtime_ms":0.2,"utc_offset_seconds":0,"timezone":"GMT",)",
             R"("timezone_abbreviation":"GMT","elevation":38.0,)",
             R"("current_units":{"time":"iso8601","interval":"seconds","rain":"mm"},"current":{"time":")", time,
             R"(","interval":900,"rain":0.10}})");
}

Reply reply_of(std::string body, int status = 200, std::string_view type = kJson) {
  Reply reply;
  reply.status = status;
  reply.content_type = type;
  reply.body = std::move(body);
  return reply;
}

Reply packed(Reply reply, std::string_view encoding = "gzip") {
  reply.body = deflate_gzip(reply.body, 6);
  reply.content_encoding = encoding;
  return reply;
}

std::string decoded(const Loaded& loaded) {
  const std::string bytes(loaded.body);
  if (loaded.encoding == cache::Encoding::identity) return bytes;
  return inflate_gzip(bytes, loaded.decoded_size).value_or("(damaged)");
}

class ReadAnswer : public testing::Test {
 protected:
  Result<Loaded> read(const Reply& reply) {
    times_ = {.sent = kNoon, .received = kNoon + milliseconds(300), .ahead = ahead_};
    return read_answer(reply, times_, asked_, key_hash_, options_);
  }
  // The value that must come of a good reply.
  Loaded answer(const Reply& reply) {
    auto loaded = read(reply);
    EXPECT_TRUE(loaded.has_value()) << loaded.error().detail;
    return loaded ? *std::move(loaded) : Loaded{};
  }
  Error fault(const Reply& reply) {
    auto loaded = read(reply);
    EXPECT_FALSE(loaded.has_value()) << std::string(loaded->body);
    return loaded ? Error{} : std::move(loaded.error());
  }

  open_meteo::Asked asked_{.hourly = true};
  AnswerOptions options_;
  std::optional<milliseconds> ahead_ = milliseconds(0);
  std::uint64_t key_hash_ = 0;
  AttemptTimes times_;
};

TEST_F(ReadAnswer, KeepsWhatFitsIntoAPacketAsItIs) {
  for (const std::size_t size : {300UL, 1399UL, 1400UL}) {
    const auto body = forecast(size);
    for (const auto& reply : {reply_of(body), packed(reply_of(body)), packed(reply_of(body), "x-gzip")}) {
      const auto loaded = answer(reply);
      EXPECT_EQ(std::string(loaded.body), body) << size;
      EXPECT_EQ(loaded.encoding, cache::Encoding::identity);
      EXPECT_EQ(loaded.decoded_size, 0U);
    }
  }
}

TEST_F(ReadAnswer, KeepsTheProvidersGzipOfALargerBody) {
  for (const std::size_t size : {1401UL, 100'000UL}) {
    const auto body = forecast(size);
    for (const auto* encoding : {"gzip", "GZIP", "x-gzip"}) {
      const auto reply = packed(reply_of(body), encoding);
      const auto loaded = answer(reply);
      EXPECT_EQ(std::string(loaded.body), reply.body) << "the same bytes, not packed anew";
      EXPECT_EQ(loaded.encoding, cache::Encoding::gzip);
      EXPECT_EQ(loaded.decoded_size, size);
    }
  }
}

TEST_F(ReadAnswer, CompressesALargerBodyThatCameWithoutAnEncoding) {
  const auto body = forecast(5000);
  auto reply = reply_of(body);
  for (const auto* encoding : {"", "identity", "Identity"}) {
    reply.content_encoding = encoding;
    const auto loaded = answer(reply);
    EXPECT_EQ(loaded.encoding, cache::Encoding::gzip);
    EXPECT_LT(std::string(loaded.body).size(), body.size());
    EXPECT_EQ(decoded(loaded), body);
    EXPECT_EQ(loaded.decoded_size, body.size());
  }
}

// A ZIP archive as far as its ends show. Its middle cannot be compressed.
std::string spreadsheet(std::size_t size) {
  constexpr std::size_t kEndSize = 22;
  std::string body("PK\x03\x04");
  std::uint64_t state = 1;
  while (body.size() < size - kEndSize) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    body += static_cast<char>(state >> 56);
  }
  std::string end("PK\x05\x06");
  end.resize(kEndSize, '\0');
  const std::size_t directory_at = size - kEndSize;
  for (std::size_t i = 0; i < 4; ++i) end[16 + i] = static_cast<char>(directory_at >> (8 * i));
  return body + end;
}

TEST_F(ReadAnswer, DoesNotCompressASpreadsheetAgain) {
  asked_.format = open_meteo::Format::xlsx;
  const auto body = spreadsheet(4000);
  auto reply = reply_of(body, 200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
  reply.content_disposition = "attachment; filename=\"open-meteo-52.52N13.42E38m.xlsx\"";
  const auto loaded = answer(reply);
  EXPECT_EQ(std::string(loaded.body), body);
  EXPECT_EQ(loaded.encoding, cache::Encoding::identity);
  EXPECT_EQ(loaded.content_type, reply.content_type);
  EXPECT_EQ(loaded.content_disposition, reply.content_disposition);

  reply.body.pop_back();
  EXPECT_EQ(fault(reply).kind, ErrorKind::provider_bad_reply);
}

TEST_F(ReadAnswer, KeepsTypeDispositionAndSpans) {
  auto reply = packed(reply_of(forecast(3000)));
  reply.content_type = "application/json; charset=UTF-8";
  reply.content_disposition = "inline";
  const auto loaded = answer(reply);
  EXPECT_EQ(loaded.content_type, "application/json; charset=UTF-8");
  EXPECT_EQ(loaded.content_disposition, "inline");
  EXPECT_EQ(loaded.kind, EntryKind::answer);
  EXPECT_FALSE(loaded.decisive);
  EXPECT_EQ(loaded.spans, (cache::Spans{.fresh_for = hours(1), .stale_for = seconds(60), .keep_for = hours(24)}));
  EXPECT_TRUE(loaded.early_refresh);
  EXPECT_FALSE(loaded.request_time) << "the caller sets it";
}

// The class ends up to a tenth earlier, by the key.
TEST_F(ReadAnswer, SpreadsTheEndsByTheKey) {
  key_hash_ = 360'000;
  EXPECT_EQ(answer(reply_of(forecast(300))).spans.fresh_for, minutes(54));
  options_.freshness.forecast_ttl = minutes(10);
  key_hash_ = 0;
  EXPECT_EQ(answer(reply_of(forecast(300))).spans.fresh_for, minutes(10));
}

// The window moves by the provider's clock.
TEST_F(ReadAnswer, EndsWithTheWindowByTheProvidersClock) {
  asked_.hour_window = true;
  EXPECT_EQ(answer(reply_of(forecast(300))).spans.fresh_for, hours(1));
  ahead_ = minutes(20);
  const auto loaded = answer(reply_of(forecast(300)));
  EXPECT_EQ(loaded.spans.fresh_for, minutes(40));
  EXPECT_EQ(loaded.spans.stale_for, milliseconds(0));
  EXPECT_FALSE(loaded.early_refresh);
  EXPECT_EQ(times_.ahead, minutes(20));
}

TEST_F(ReadAnswer, DoubtsADateThatTheAnswerContradicts) {
  asked_ = {.current = true};
  EXPECT_EQ(answer(reply_of(current("2026-11-30T12:00"))).spans.fresh_for, minutes(15));
  EXPECT_EQ(times_.ahead, milliseconds(0));
  ahead_ = hours(5);
  EXPECT_EQ(answer(reply_of(current("2026-11-30T12:00"))).spans.fresh_for, minutes(15));
  EXPECT_FALSE(times_.ahead);
}

TEST_F(ReadAnswer, HasOneEntityTagForTheSameData) {
  const auto tag = answer(reply_of(forecast(2000, "0.25"))).etag;
  EXPECT_EQ(tag.size(), 32U);
  EXPECT_EQ(answer(packed(reply_of(forecast(2000, "0.99")))).etag, tag);
  auto other = forecast(2000);
  other[other.size() - 4] = other[other.size() - 4] == '1' ? '2' : '1';
  EXPECT_NE(answer(reply_of(other)).etag, tag);
}

TEST_F(ReadAnswer, RefusesAnEncodingThatWasNotAskedFor) {
  for (const auto* encoding : {"br", "zstd", "deflate", "gzip, gzip"}) {
    auto reply = packed(reply_of(forecast(2000)), encoding);
    const auto error = fault(reply);
    EXPECT_EQ(error.kind, ErrorKind::provider_bad_reply);
    EXPECT_EQ(error.detail, "the reply is in an encoding that was not asked for");
    EXPECT_FALSE(error.of_query);
  }
}

TEST_F(ReadAnswer, RefusesGzipThatIsNotWhole) {
  const auto whole = packed(reply_of(forecast(3000)));
  auto damaged = whole;
  damaged.body[damaged.body.size() / 2] ^= '\x55';
  auto wrong_sum = whole;
  wrong_sum.body[wrong_sum.body.size() - 5] ^= '\x01';
  auto longer = whole;
  longer.body += 'x';
  auto none = reply_of(forecast(3000));
  none.content_encoding = "gzip";
  for (const auto& reply : {damaged, wrong_sum, longer, none}) {
    const auto error = fault(reply);
    EXPECT_EQ(error.kind, ErrorKind::provider_bad_reply);
    EXPECT_EQ(error.provider_status, 200);
    EXPECT_FALSE(error.of_query) << "the connection is at fault, or what stands between";
  }
  for (const std::size_t missing : {1UL, 8UL, whole.body.size() / 2}) {
    auto cut = whole;
    cut.body.resize(cut.body.size() - missing);
    EXPECT_EQ(fault(cut).detail, "the gzip of the reply is cut short");
  }
}

// A bomb is not decoded further than the limit, and is the fault of its question alone.
TEST_F(ReadAnswer, RefusesWhatIsLargerThanTheLimit) {
  options_.response_limit = 5000;
  for (const auto& reply : {reply_of(forecast(5001)), packed(reply_of(forecast(5001)))}) {
    const auto error = fault(reply);
    EXPECT_EQ(error.kind, ErrorKind::provider_bad_reply);
    EXPECT_EQ(error.detail, "the answer has more than 5000 bytes (RESPONSE_LIMIT)");
    EXPECT_TRUE(error.of_query);
  }
  EXPECT_EQ(decoded(answer(reply_of(forecast(5000)))), forecast(5000));
  EXPECT_EQ(decoded(answer(packed(reply_of(forecast(5000))))), forecast(5000));
}

TEST_F(ReadAnswer, RefusesAStreamThatFailed) {
  const auto whole = forecast(3000);
  for (const auto& body :
       {cat(whole.substr(0, 2000), "Unexpected error while streaming data: timeoutReached"),
        std::string("Unexpected error while streaming data: timeoutReached"), whole.substr(0, whole.size() - 1),
        std::string("<html></html>"), std::string(R"({"error":true,"reason":"No"})")}) {
    for (const auto& reply : {reply_of(body), packed(reply_of(body))}) {
      EXPECT_EQ(fault(reply).kind, ErrorKind::provider_bad_reply) << body;
    }
  }
}

TEST_F(ReadAnswer, TakesNoOtherSuccessForAnAnswer) {
  for (const int status : {201, 203, 204, 206}) {
    const auto error = fault(reply_of(forecast(300), status));
    EXPECT_EQ(error.kind, ErrorKind::provider_bad_reply);
    EXPECT_EQ(error.provider_status, status);
  }
}

TEST_F(ReadAnswer, PassesOnAnAnswerWithoutValues) {
  const std::string nan = R"({"latitude":nan,"longitude":nan,"generationtime_ms":0.1,"utc_offset_seconds":0})";
  options_.refusal_ttl = minutes(3);
  for (const auto& reply : {reply_of(nan), packed(reply_of(nan))}) {
    const auto loaded = answer(reply);
    EXPECT_EQ(loaded.kind, EntryKind::valueless);
    EXPECT_EQ(std::string(loaded.body), nan);
    EXPECT_EQ(loaded.content_type, kJson);
    EXPECT_EQ(loaded.spans, (cache::Spans{.fresh_for = minutes(3)}));
    EXPECT_FALSE(loaded.decisive) << "it does not take the place of an answer";
  }
  EXPECT_EQ(answer(reply_of("")).kind, EntryKind::valueless);
}

// Two writers of JSON, which the provider both uses, put the members in either order.
TEST_F(ReadAnswer, KeepsTheBytesOfARefusal) {
  for (const std::string body :
       {R"({"error":true,"reason":"Latitude must be in range of -90 to 90°. Given: 95.0."})",
        R"({"reason":"Latitude must be in range of -90 to 90°. Given: 95.0.","error":true})"}) {
    for (const auto& reply : {reply_of(body, 400), packed(reply_of(body, 400))}) {
      const auto loaded = answer(reply);
      EXPECT_EQ(loaded.kind, EntryKind::refusal);
      EXPECT_TRUE(loaded.decisive);
      EXPECT_EQ(std::string(loaded.body), body);
      EXPECT_EQ(loaded.encoding, cache::Encoding::identity);
      EXPECT_EQ(loaded.content_type, kJson);
      EXPECT_EQ(loaded.spans.fresh_for, options_.refusal_ttl);
    }
  }
}

// The range of dates that the provider accepts moves at midnight UTC.
TEST_F(ReadAnswer, ForgetsARefusalOfDatesAtMidnight) {
  options_.refusal_ttl = hours(24);
  const auto body =
      R"({"error":true,"reason":"Parameter 'start_date' is out of allowed range from 2016-01-01 to 2026-12-15"})";
  EXPECT_EQ(answer(reply_of(body, 400)).spans.fresh_for, hours(12));
  ahead_ = hours(1);
  EXPECT_EQ(answer(reply_of(body, 400)).spans.fresh_for, hours(11));
  EXPECT_EQ(answer(reply_of(R"({"error":true,"reason":"Invalid timezone"})", 400)).spans.fresh_for, hours(24));
}

TEST_F(ReadAnswer, KeepsTheProvidersWordsForAFault) {
  const std::string body = R"({"reason":"Something is wrong","error":true})";
  const std::vector<std::pair<int, ErrorKind>> cases{
      {401, ErrorKind::provider_denied},  {403, ErrorKind::provider_denied}, {404, ErrorKind::provider_error},
      {429, ErrorKind::provider_limited}, {500, ErrorKind::provider_error},  {503, ErrorKind::provider_error}};
  for (const auto& [status, kind] : cases) {
    for (const auto& reply : {reply_of(body, status), packed(reply_of(body, status))}) {
      const auto error = fault(reply);
      EXPECT_EQ(error.kind, kind) << status;
      EXPECT_EQ(error.provider_status, status);
      EXPECT_EQ(error.detail, "Something is wrong");
      ASSERT_TRUE(error.body) << status;
      EXPECT_EQ(*error.body, body);
    }
  }
}

// It is what stands in front of the provider that writes them.
TEST_F(ReadAnswer, PassesNoPageOn) {
  for (const int status : {301, 400, 401, 403, 404, 429, 500, 502, 503}) {
    for (const std::string body :
         {"<html><h1>Bad</h1></html>", "", "{}", R"({"reason":7})", "[1]", R"({"error":true)"}) {
      const auto error = fault(reply_of(body, status, "text/html"));
      EXPECT_FALSE(error.body) << status << body;
      EXPECT_EQ(error.detail, cat("the provider answered with status ", status));
      EXPECT_NE(error.kind, ErrorKind::provider_refused) << "nothing is remembered of it";
    }
  }
}

TEST_F(ReadAnswer, PassesNoHugeNorDamagedFaultOn) {
  const auto body = cat(R"({"error":true,"reason":"No","x":")", std::string(1'100'000, 'x'), "\"}");
  auto damaged = packed(reply_of(R"({"error":true,"reason":"No"})", 400));
  damaged.body.resize(damaged.body.size() - 1);
  auto foreign = reply_of(R"({"error":true,"reason":"No"})", 400);
  foreign.content_encoding = "br";
  for (const auto& reply : {reply_of(body, 400), packed(reply_of(body, 400)), damaged, foreign}) {
    const auto error = fault(reply);
    EXPECT_EQ(error.kind, ErrorKind::provider_error);
    EXPECT_EQ(error.detail, "the provider answered with status 400");
    EXPECT_FALSE(error.body);
  }
}

}  // namespace
}  // namespace wx::drop_in
