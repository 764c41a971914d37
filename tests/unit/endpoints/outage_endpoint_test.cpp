#include "endpoints/outage_endpoint.hpp"

#include "flow/json.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using std::chrono::seconds;
using test::json_at;

class OutageEndpointTest : public EndpointsTest {
 protected:
  OutageEndpointTest() {
    options_.query.redis = true;
    outage_.emplace();
  }
  Answer press(std::string_view lines = "") { return send("POST", "/lab/redis-outage", lines); }
  bool is_on() { return outage_->is_on(clock_); }
};

TEST_F(OutageEndpointTest, TakesRedisAwayForTenSeconds) {
  EXPECT_FALSE(is_on());
  const auto answer = press();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{\"outage_ms\":10000,\"again_in_ms\":60000}\n");
  EXPECT_EQ(answer->header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_TRUE(is_on());
  EXPECT_TRUE(log_.contains("the laboratory takes Redis away from the mock")) << log_.text();
  clock_.advance(seconds(10));
  EXPECT_FALSE(is_on());
}

// A staged outage makes reads of Redis fail. The counter and the log tell it from a real one.
TEST_F(OutageEndpointTest, IsCountedAndLoggedFromBeginningToEnd) {
  constexpr std::string_view kEnd = "the laboratory has given Redis back to the mock";
  press();
  press();
  EXPECT_EQ(metrics_.value(observability::Counter::lab_redis_outages), 1U) << "the second press is refused";
  executor_.advance(seconds(10) - nanoseconds(1));
  EXPECT_FALSE(log_.contains(kEnd));
  executor_.advance(nanoseconds(1));
  EXPECT_TRUE(log_.contains(kEnd)) << log_.text();
}

TEST_F(OutageEndpointTest, DoesItOnceAMinute) {
  EXPECT_EQ(press()->status, 200);
  clock_.advance(milliseconds(20'500));
  const auto soon = press();
  EXPECT_EQ(soon->status, 429);
  EXPECT_EQ(soon->header("Retry-After"), "40");
  EXPECT_EQ(json_at(soon->body, "/type"), "/problems/lab-busy");
  EXPECT_EQ(json_at(soon->body, "/detail"), "Redis can be taken away once a minute");
  EXPECT_FALSE(is_on());
  clock_.advance(milliseconds(39'500));
  EXPECT_EQ(press()->status, 200);
  EXPECT_TRUE(is_on());
}

TEST_F(OutageEndpointTest, DoesItForItsOwnPageOrAProgramOnly) {
  for (const auto* lines : {"Sec-Fetch-Site: cross-site\r\n", "Origin: https://evil.example\r\n"}) {
    const auto answer = press(lines);
    EXPECT_EQ(answer->status, 403) << lines;
    EXPECT_NE(answer->body.find("/problems/cross-site"), std::string::npos) << answer->body;
    EXPECT_FALSE(is_on());
  }
  EXPECT_EQ(press("Sec-Fetch-Site: same-origin\r\n")->status, 200);
}

TEST_F(OutageEndpointTest, DoesNothingIfAConditionDoesNotHold) {
  EXPECT_EQ(press("If-Match: \"x\"\r\n")->status, 412);
  EXPECT_FALSE(is_on());
}

TEST_F(OutageEndpointTest, IsAPostAndNothingElse) {
  const auto answer = get("/lab/redis-outage");
  EXPECT_EQ(answer->status, 405);
  EXPECT_EQ(answer->header("Allow"), "POST, OPTIONS");
}

TEST_F(OutageEndpointTest, SaysWhyThereIsNone) {
  outage_.reset();
  const auto off = press();
  EXPECT_EQ(off->status, 404);
  EXPECT_EQ(json_at(off->body, "/detail"), "Redis cannot be taken away here (LAB_REDIS_OUTAGE=off)");
  options_.query.redis = false;
  EXPECT_EQ(json_at(press()->body, "/detail"), "Redis cannot be taken away: this service has none");
}

TEST_F(OutageEndpointTest, DoesNotExistWithTheLaboratoryOff) {
  options_.query.lab = false;
  EXPECT_EQ(press()->status, 404);
  EXPECT_FALSE(is_on());
}

}  // namespace
}  // namespace wx::endpoints
