#include "endpoints/stats.hpp"

#include "flow/json.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using observability::Counter;
using test::is_json;
using test::json_at;

class StatsTest : public EndpointsTest {
 protected:
  std::string stats() { return render_stats(context()); }
  std::string at(std::string_view pointer) { return json_at(stats(), pointer); }
};

TEST_F(StatsTest, IsWholeJsonFromTheStart) {
  EXPECT_TRUE(is_json(stats())) << stats();
  EXPECT_EQ(at("/version"), "1.2.3");
  EXPECT_EQ(at("/uptime_seconds"), "61");
  EXPECT_EQ(at("/requests/miss"), "0");
  EXPECT_EQ(at("/http/connections"), "3");
}

TEST_F(StatsTest, TellsWhatWasCounted) {
  metrics_.add(Counter::requests_hit_memory, 7);
  metrics_.add(Counter::provider_timeout, 2);
  metrics_.add(Counter::mock_calls, 3);
  metrics_.add(Counter::cache_redis_hit, 4);
  metrics_.add(Counter::cache_memory_evicted, 5);
  EXPECT_EQ(at("/requests/hit_memory"), "7");
  EXPECT_EQ(at("/provider_calls/timeout"), "2");
  EXPECT_EQ(at("/mock/calls"), "3");
  EXPECT_EQ(at("/redis/reads_hit"), "4");
  EXPECT_EQ(at("/memory/evictions"), "5");
}

TEST_F(StatsTest, TellsTheStateOfBothTiers) {
  EXPECT_EQ(at("/memory/state"), "on");
  EXPECT_EQ(at("/memory/bytes"), "1234");
  EXPECT_EQ(at("/memory/limit_bytes"), "4096");
  EXPECT_EQ(at("/memory/entries"), "5");
  process_.memory.limit = 0;
  EXPECT_EQ(at("/memory/state"), "off");
  EXPECT_EQ(at("/redis/state"), "off");
  EXPECT_EQ(at("/redis/outage_ms_left"), "0");
  process_.redis.state = "connecting";
  EXPECT_EQ(at("/redis/state"), "connecting");
  process_.redis.outage_left = milliseconds(7001);
  EXPECT_EQ(at("/redis/outage_ms_left"), "7001");
}

TEST_F(StatsTest, ReckonsTheHitRatioFromWhatTheCacheWasAskedFor) {
  const auto ratio = [&] {
    const auto text = stats();
    const auto from = text.find("\"hit_ratio\":") + 12;
    return text.substr(from, text.find(',', from) - from);
  };
  EXPECT_EQ(ratio(), "0.0000");
  metrics_.add(Counter::requests_hit_memory, 1);
  EXPECT_EQ(ratio(), "1.0000");
  metrics_.add(Counter::requests_hit_redis, 1);
  metrics_.add(Counter::requests_stale, 1);
  metrics_.add(Counter::requests_miss, 1);
  metrics_.add(Counter::requests_collapsed, 2);
  EXPECT_EQ(ratio(), "0.5000");
  metrics_.add(Counter::requests_bypass, 100);  // requests that bypass the cache do not count
  EXPECT_EQ(ratio(), "0.5000");
  metrics_.add(Counter::requests_invalid, 100);  // they never reached the cache
  EXPECT_EQ(ratio(), "0.5000");
  metrics_.add(Counter::requests_lease, 2);
  metrics_.add(Counter::requests_error, 4);
  EXPECT_EQ(ratio(), "0.2500");
  EXPECT_EQ(at("/hits"), "3");
  EXPECT_EQ(at("/lookups"), "12");
}

TEST(IndentedJson, HasALineForEachMember) {
  EXPECT_EQ(indented("{\"a\":1,\"b\":{\"c\":\"x\"}}\n"), "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": \"x\"\n  }\n}\n");
}

TEST(IndentedJson, LeavesTextsAlone) {
  EXPECT_EQ(indented(R"({"a":"{x,y:\"z\\"})"), "{\n  \"a\": \"{x,y:\\\"z\\\\\"\n}");
}

TEST_F(StatsTest, AreIndentedForABrowserOnly) {
  const auto program = get("/stats");
  EXPECT_TRUE(program->body.starts_with("{\"version\":")) << program->body;
  EXPECT_EQ(program->header("Vary"), "Accept");
  const auto browser = get("/stats", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n");
  EXPECT_TRUE(browser->body.starts_with("{\n  \"version\": ")) << browser->body;
  EXPECT_TRUE(browser->body.ends_with("\n}\n")) << browser->body;
  EXPECT_TRUE(is_json(browser->body));
  EXPECT_EQ(browser->header("Content-Type"), "application/json; charset=utf-8");
}

}  // namespace
}  // namespace wx::endpoints
