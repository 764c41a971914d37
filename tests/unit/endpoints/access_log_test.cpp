#include "endpoints/access_log.hpp"

#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kStart{seconds(1000)};

TEST(LineBudget, AllowsABurstAndThenOneASecond) {
  LineBudget budget;
  for (std::uint64_t i = 0; i < LineBudget::kBurst; ++i) EXPECT_EQ(budget.take(kStart), 0U);
  for (int i = 0; i < 500; ++i) EXPECT_FALSE(budget.take(kStart + milliseconds(999)));
  EXPECT_EQ(budget.take(kStart + seconds(1)), 500U);
  EXPECT_FALSE(budget.take(kStart + milliseconds(1999)));
  EXPECT_EQ(budget.take(kStart + seconds(2)), 1U);
}

TEST(LineBudget, NeverSavesMoreThanABurst) {
  LineBudget budget;
  for (std::uint64_t i = 0; i < LineBudget::kBurst; ++i) EXPECT_TRUE(budget.take(kStart));
  const auto later = kStart + seconds(3600);
  for (std::uint64_t i = 0; i < LineBudget::kBurst; ++i) EXPECT_TRUE(budget.take(later));
  EXPECT_FALSE(budget.take(later));
}

TEST(AccessLog, TellsKindsByStatusThenByTime) {
  using Kind = AccessLog::Kind;
  EXPECT_EQ(AccessLog::kind_of(200, false, milliseconds(999)), Kind::plain);
  EXPECT_EQ(AccessLog::kind_of(200, false, seconds(1)), Kind::slow);
  EXPECT_EQ(AccessLog::kind_of(304, false, nanoseconds(0)), Kind::plain);
  EXPECT_EQ(AccessLog::kind_of(404, true, seconds(9)), Kind::client_error);
  EXPECT_EQ(AccessLog::kind_of(503, false, seconds(9)), Kind::server_error);
  EXPECT_EQ(AccessLog::kind_of(504, true, seconds(9)), Kind::client_5xx);
}

class AccessLogTest : public EndpointsTest {
 protected:
  static constexpr std::string_view kTrace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
};

TEST_F(AccessLogTest, ALineTellsTheRequestItsTraceAndNotTheQuery) {
  const auto answer = get("/weather?lat=91&lon=13.41&token=hush", cat("X-Request-Id: r1\r\n", kTrace));
  EXPECT_EQ(answer->status, 400);
  EXPECT_TRUE(log_.contains("request: GET /weather status=400")) << log_.text();
  EXPECT_TRUE(log_.contains("client=192.0.2.1 request_id=r1 error=bad-parameter")) << log_.text();
  EXPECT_TRUE(log_.contains("trace=4bf92f3577b34da6a3ce929d0e0e4736 span=00f067aa0ba902b7")) << log_.text();
  EXPECT_FALSE(log_.contains("hush"));
  EXPECT_FALSE(log_.contains("13.41"));
}

TEST_F(AccessLogTest, EveryKindOfAnswerEchoesAValidTrace) {
  for (const auto* target : {"/weather?lat=1&lon=1&mock=true", "/weather?lat=x", "/stats", "/", "/nowhere"}) {
    const auto answer = ask_mock(target, kTrace);
    EXPECT_EQ(answer->header("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") << target;
    EXPECT_EQ(ask_mock(target, "traceparent: 00-0-0-01\r\n")->header("traceparent"), "none") << target;
    EXPECT_EQ(ask_mock(target)->header("traceparent"), "none") << target;
  }
}

TEST_F(AccessLogTest, AFloodOfFailuresIsNoFloodOfLines) {
  for (int i = 0; i < 1000; ++i) get("/nowhere");
  const auto text = log_.text();
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<long>(LineBudget::kBurst));
  clock_.advance(seconds(1));
  get("/nowhere");
  EXPECT_TRUE(log_.contains("suppressed=990")) << log_.text();
}

// A client that asks for what it cannot get has caused no error of the service.
TEST_F(AccessLogTest, WhatAClientBroughtUponItselfIsNoErrorOfTheService) {
  constexpr std::string_view kOnlyCached = "Cache-Control: only-if-cached\r\n";
  for (int i = 0; i < 1000; ++i) {
    const auto answer = get("/weather?lat=1&lon=1", kOnlyCached);
    ASSERT_EQ(answer->status, 504);
    ASSERT_TRUE(answer->client_blamed);
  }
  EXPECT_EQ(log_.count("status=504"), static_cast<int>(LineBudget::kBurst));
  EXPECT_EQ(AccessLog::level_of(AccessLog::Kind::client_5xx), observability::LogLevel::info);
  auto failed = get("/weather?lat=1&lon=1");
  provider_.answer(fail(ErrorKind::provider_error));
  EXPECT_EQ(failed->status, 502);
  EXPECT_FALSE(failed->client_blamed);
  EXPECT_TRUE(log_.contains("status=502")) << "the flood has not used up the lines of real errors";
}

TEST_F(AccessLogTest, AFloodOfHitsLeavesTheBudgetOfFailuresAlone) {
  ask_mock("/weather?lat=1&lon=1&mock=true");
  for (int i = 0; i < 1000; ++i) get("/weather?lat=1&lon=1&mock=true");
  get("/nowhere");
  EXPECT_TRUE(log_.contains("GET /nowhere status=404")) << log_.text();
}

}  // namespace
}  // namespace wx::endpoints
