// Bodies of every format come out of the provider's own paths byte for byte.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/gzip.hpp"
#include "base/text.hpp"
#include "flow/service.hpp"
#include "support/fake_provider.hpp"
#include "support/movable_clock.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

constexpr std::string_view kXlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

std::string little_endian(std::uint32_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// A ZIP archive whose directory is empty and whose content cannot be compressed.
std::string spreadsheet(std::size_t size) {
  constexpr std::size_t kEnd = 22;
  std::string body("PK\x03\x04");
  for (std::uint64_t state = 1; body.size() < size - kEnd;) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    body += static_cast<char>(state >> 56);
  }
  return cat(body, "PK\x05\x06", std::string(12, '\0'), little_endian(static_cast<std::uint32_t>(size - kEnd), 4),
             std::string(2, '\0'));
}

// A message of the provider: a table with two coordinates, and values behind it.
std::string flatbuffers(std::size_t values) {
  constexpr std::uint32_t kTable = 12;  // behind its position and a table of two fields
  std::string message = little_endian(kTable, 4);
  for (const std::uint32_t entry : {8U, 12U, 4U, 8U}) message += little_endian(entry, 2);
  message += little_endian(kTable - 4, 4);
  for (const std::uint32_t coordinate : {0x42521eb8U, 0x4156b851U}) message += little_endian(coordinate, 4);
  for (std::size_t i = 0; i < values; ++i) message += little_endian(0x40000000U + static_cast<std::uint32_t>(i), 4);
  return little_endian(static_cast<std::uint32_t>(message.size()), 4) + message;
}

std::string decoded(const Answer& answer) {
  if (!answer.has("Content-Encoding")) return answer.body;
  return inflate_gzip(answer.body, std::size_t{64} << 20).value_or("(not gzip)");
}

ProviderReply reply_of(int status, std::string_view type, std::string body) {
  ProviderReply reply;
  reply.status = status;
  reply.content_type = type;
  reply.body = std::move(body);
  return reply;
}

class DropInFormats : public testing::Test {
 protected:
  DropInFormats() { clock_.begin_day(); }  // at the end of a day, no answer would be fresh for long
  void expect_bytes(const Service& service, const std::string& target, const ProviderReply& plain, bool gzip) {
    SCOPED_TRACE(cat(target, gzip ? ", by gzip" : ""));
    auto reply = plain;
    if (gzip) {
      reply.body = deflate_gzip(plain.body, 6);
      reply.headers.emplace_back("Content-Encoding", "gzip");
    }
    provider_.always(reply);
    int count = 0;
    for (const Headers& headers : {Headers{}, Headers{{"Accept-Encoding", "gzip"}}, Headers{}}) {
      const auto answer = service.get(target, headers);
      EXPECT_EQ(answer.status, plain.status) << answer.body.substr(0, 300);
      EXPECT_EQ(answer.header("Content-Type"), plain.content_type);
      EXPECT_TRUE(decoded(answer) == plain.body) << "other bytes: " << answer.body.substr(0, 300);
      if (plain.status == 200 && ++count > 1) EXPECT_EQ(answer.header("X-Cache"), "HIT");
    }
  }
  [[nodiscard]] Settings settings() const {
    Settings all{{"OPEN_METEO_URL", cat(provider_.url(), "/{api}")}, {"UPSTREAM_LIMIT", "off"}};
    all.insert(clock_.setting());
    return all;
  }

  ClockControl clock_;
  FakeProvider provider_;
};

TEST_F(DropInFormats, SpreadsheetsAndFlatbuffers) {
  const RedisServer redis({.clock = &clock_});
  const Service service(patient(redis, settings()));
  int place = 0;
  for (const bool gzip : {false, true}) {
    for (const std::size_t size : {300UL, 50'000UL}) {
      const auto target = [&](std::string_view format) {
        return cat("/v1/forecast?latitude=", ++place, "&longitude=1&hourly=rain&format=", format);
      };
      expect_bytes(service, target("xlsx"), reply_of(200, kXlsx, spreadsheet(size)), gzip);
      expect_bytes(service, target("flatbuffers"), reply_of(200, "application/octet-stream", flatbuffers(size / 4)),
                   gzip);
    }
  }
}

TEST_F(DropInFormats, KeepsNothingThatIsCutShort) {
  const Service service(settings());
  for (const auto& [format, type, body] : std::vector<std::tuple<std::string, std::string_view, std::string>>{
           {"xlsx", kXlsx, spreadsheet(5000)}, {"flatbuffers", "application/octet-stream", flatbuffers(1000)}}) {
    provider_.always(reply_of(200, type, body.substr(0, body.size() - 1)));
    EXPECT_EQ(service.get(cat("/v1/forecast?latitude=1&longitude=1&hourly=rain&format=", format)).status, 502);
  }
}

std::string folder_of_recordings() {
  const char* given = std::getenv("WX_RECORDED");  // NOLINT(concurrency-mt-unsafe): no thread changes it
  return given != nullptr ? given : WX_RECORDED;
}

std::string coordinates(int count, std::size_t number) {
  std::string latitudes;
  std::string longitudes;
  for (int i = 0; i < count; ++i) {
    append(latitudes, cat(i == 0 ? "" : ",", i));
    append(longitudes, cat(i == 0 ? "" : ",", number));
  }
  return cat("?latitude=", latitudes, "&longitude=", longitudes);
}

// A question that has this answer, as far as the check of the answer asks.
std::string question_of(const std::string& folder, const std::string& file, std::size_t number) {
  if (folder == "meta") return "/data/dwd_icon_d2/static/meta.json";
  if (file.starts_with("elevation")) return cat("/v1/elevation", coordinates(1, number));
  if (file.starts_with("search") || file.starts_with("geocoding")) return cat("/v1/search?name=", file);
  if (file.starts_with("cities")) return cat("/v1/forecast", coordinates(12, number));
  if (file.ends_with(".fb")) return cat("/v1/archive", coordinates(2, number), "&format=flatbuffers");
  if (file.ends_with(".csv")) return cat("/v1/forecast", coordinates(1, number), "&format=csv");
  return cat("/v1/forecast", coordinates(file.contains("multi") ? 2 : 1, number));
}

std::string_view type_of(const std::string& file) {
  if (file.ends_with(".fb")) return "application/octet-stream";
  if (file.ends_with(".html")) return "text/html";
  return file.ends_with(".csv") ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
}

TEST_F(DropInFormats, RecordedAnswers) {
  namespace fs = std::filesystem;
  const Service service(settings());
  std::size_t number = 0;
  std::error_code absent;
  for (const auto& entry : fs::recursive_directory_iterator(folder_of_recordings(), absent)) {
    const auto folder = entry.path().parent_path().filename().string();
    const auto file = entry.path().filename().string();
    if (!entry.is_regular_file() || folder == fs::path(folder_of_recordings()).filename()) continue;
    SCOPED_TRACE(cat(folder, "/", file));
    std::ifstream in(entry.path(), std::ios::binary);
    std::string body(std::istreambuf_iterator<char>(in), {});
    const auto target = question_of(folder, file, ++number);
    if (folder != "errors") {
      const bool kept = !body.contains(":nan");
      const auto reply = reply_of(200, type_of(file), body);
      if (kept) {
        expect_bytes(service, target, reply, number % 2 == 0);
      } else {
        provider_.always(reply);
        EXPECT_EQ(service.get(target).body, body);
      }
      continue;
    }
    const int status = std::stoi(file);
    provider_.always(reply_of(status, type_of(file), body));
    const Service another(settings());  // which no error has stopped yet
    const auto answer = another.get(target);
    EXPECT_EQ(answer.status, status == 400 || status == 429 ? status : 502);
    if (status == 400 || status == 429) EXPECT_EQ(answer.body, body);
    EXPECT_TRUE(answer.body.starts_with("{"));
  }
  if (number == 0) GTEST_SKIP() << "no recorded answers here";
}

}  // namespace
}  // namespace wx::test
