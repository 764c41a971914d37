// The drawing of a read's stops, checked against the table that the tests of the page's script use, too (tests/page).
#include "endpoints/page_model.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "endpoints/cached_answer.hpp"
#include "endpoints/headers.hpp"
#include "flow/json.hpp"

namespace wx::endpoints {
namespace {

using cache::Outcome;
using cache::Tier;
using pages::StopState;
using test::json_at;

std::string table_named(std::string_view name) {
  std::ifstream file(cat(WX_SOURCE "/tests/unit/endpoints/", name));
  EXPECT_TRUE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr auto kOutcomes = std::to_array<std::pair<std::string_view, Outcome>>({
    {"hit", Outcome::hit},
    {"stale_while_revalidate", Outcome::stale_while_revalidate},
    {"stale_if_error", Outcome::stale_if_error},
    {"soft_timeout", Outcome::soft_timeout},
    {"miss", Outcome::miss},
    {"collapsed", Outcome::collapsed},
    {"revalidated", Outcome::revalidated},
    {"lease", Outcome::lease},
    {"forced", Outcome::forced},
    {"bypass", Outcome::bypass},
});

constexpr auto kStates = std::to_array<std::pair<std::string_view, StopState>>({
    {"idle", StopState::idle},
    {"off", StopState::off},
    {"skipped", StopState::skipped},
    {"passed", StopState::passed},
    {"answered", StopState::answered},
    {"waited", StopState::waited},
    {"slow", StopState::slow},
    {"refused", StopState::refused},
    {"failed", StopState::failed},
    {"spared", StopState::spared},
});

// The name of the value, as the table writes it.
template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  const auto found = std::ranges::find(table, value, [](const auto& row) { return row.second; });
  return found == table.end() ? "none" : found->first;
}

// A row of the table, with typed accessors.
class Row {
 public:
  Row(const std::string& table, std::size_t number) : table_(table), place_(cat("/", number, "/")) {}

  [[nodiscard]] std::string text(std::string_view pointer) const { return json_at(table_, cat(place_, pointer)); }
  [[nodiscard]] nanoseconds ms(std::string_view pointer) const {
    const auto value = text(pointer);
    return value.empty() ? nanoseconds(-1) : nanoseconds(milliseconds(std::stoll(value)));
  }
  [[nodiscard]] cache::Served served() const {
    cache::Entry entry;
    entry.spans.fresh_for = std::chrono::seconds(10);
    cache::Served served;
    served.entry = std::make_shared<const cache::Entry>(std::move(entry));
    const auto outcome = text("served/outcome");
    served.outcome = std::ranges::find(kOutcomes, outcome, [](const auto& row) { return row.first; })->second;
    const auto tier = text("served/tier");
    served.tier = tier == "memory" ? Tier::memory : tier == "redis" ? Tier::redis : Tier::loader;
    served.age = std::chrono::seconds(std::stoll(text("served/age_s")));
    served.stored = text("served/stored") == "true";
    served.redis_unavailable = text("served/redis_unavailable") == "true";
    served.timings = {.redis = ms("served/redis_ms"), .load = ms("served/load_ms")};
    return served;
  }

 private:
  const std::string& table_;
  std::string place_;
};

TEST(ReadPath, IsDrawnAsTheTableSays) {
  const auto table = table_named("read_paths.json");
  std::set<Outcome> seen;
  for (std::size_t number = 0; !Row(table, number).text("name").empty(); ++number) {
    const Row row(table, number);
    const auto served = row.served();
    seen.insert(served.outcome);
    const auto path = read_path(served, Tiers{row.text("memory") != "off", row.text("redis") != "off"},
                                cache::Mode::normal, row.ms("total_ms"));
    for (const auto& [name, stop] :
         {std::pair("memory", path.memory), {"redis", path.redis}, {"provider", path.provider}}) {
      EXPECT_EQ(name_in(kStates, stop.state), row.text(cat("drawn/", name, "/state")))
          << row.text("name") << ": " << name;
      EXPECT_EQ(stop.took.value_or(nanoseconds(-1)), row.ms(cat("drawn/", name, "/ms")))
          << row.text("name") << ": " << name;
    }
  }
  EXPECT_EQ(seen.size(), kOutcomes.size()) << "an outcome is missing in the table";
}

// The headers that the page's script reads.
TEST(ReadPath, IsToldInTheHeadersThatTheTableHas) {
  const auto table = table_named("read_paths.json");
  for (std::size_t number = 0; !Row(table, number).text("name").empty(); ++number) {
    const Row row(table, number);
    std::string headers;
    append_cache_status(headers, row.served());
    append_server_timing(headers, row.served(), row.ms("total_ms"));
    for (const auto* name : {"X-Cache", "Cache-Status", "Server-Timing"}) {
      const auto line = cat(name, ": ", row.text(cat("headers/", name)), "\r\n");
      EXPECT_NE(headers.find(line), std::string::npos) << row.text("name") << ": " << line << "is not in\n" << headers;
    }
  }
}

TEST(ReadPath, LeavesOutTheMemoryThatTheQuestionLeavesOut) {
  cache::Served served;
  served.tier = Tier::redis;
  served.outcome = Outcome::hit;
  EXPECT_EQ(read_path(served, {}, cache::Mode::redis_only, milliseconds(1)).memory.state, StopState::skipped);
}

// A question that failed, as one row of failed_paths.json.
struct FailedRow {
  FailedRow(const std::string& table, std::size_t number) : row(table, number) {
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      if (wx::name(kind) == row.text("error/kind")) error.kind = kind;
    }
    if (const auto status = row.text("error/provider_status"); !status.empty()) {
      error.provider_status = std::stoi(status);
    }
    error.remembered = row.text("error/remembered") == "true";
    if (row.text("mode") == "bypass") mode = cache::Mode::bypass;
    redis_down = row.text("redis_down") == "true";
  }

  Row row;
  Error error;
  cache::Mode mode = cache::Mode::normal;
  bool redis_down = false;
};

TEST(FailedPath, IsDrawnAsTheTableSays) {
  const auto table = table_named("failed_paths.json");
  for (std::size_t number = 0; !Row(table, number).text("name").empty(); ++number) {
    const FailedRow failed(table, number);
    const auto& row = failed.row;
    const auto path = failed_path(failed.error, Tiers{row.text("memory") != "off", row.text("redis") != "off"},
                                  failed.mode, failed.redis_down, milliseconds(3));
    EXPECT_EQ(path.has_value(), row.text("drawn") != "null") << row.text("name");
    if (!path) continue;
    EXPECT_EQ(path->total, milliseconds(3));
    for (const auto& [name, stop] :
         {std::pair("memory", path->memory), {"redis", path->redis}, {"provider", path->provider}}) {
      EXPECT_EQ(name_in(kStates, stop.state), row.text(cat("drawn/", name))) << row.text("name") << ": " << name;
    }
  }
}

TEST(FailedPath, IsToldInTheHeaderThatTheTableHas) {
  const auto table = table_named("failed_paths.json");
  for (std::size_t number = 0; !Row(table, number).text("name").empty(); ++number) {
    const FailedRow failed(table, number);
    EXPECT_EQ(cache_status_of(failed.error, failed.mode, failed.redis_down),
              cat("Cache-Status: ", failed.row.text("headers/Cache-Status"), "\r\n"))
        << failed.row.text("name");
  }
}

}  // namespace
}  // namespace wx::endpoints
