#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using observability::Counter;

class LabTest : public EndpointsTest {
 protected:
  // Both herds, one after the other.
  void let_them_run() {
    executor_.advance(milliseconds(500));
    executor_.advance(milliseconds(500));
  }
};

TEST_F(LabTest, CostsOneCallInsteadOfOnePerCaller) {
  const auto answer = send("POST", "/lab/stampede?n=100");
  EXPECT_EQ(answer->answers, 0);
  let_them_run();
  ASSERT_EQ(answer->answers, 1);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_NE(answer->body.find(R"("callers":100,)"), std::string::npos) << answer->body;
  EXPECT_NE(answer->body.find(R"("collapsed":{"provider_calls":1,"answers":100,"errors":0,"last_answer_ms":500.00})"),
            std::string::npos)
      << answer->body;
  EXPECT_NE(answer->body.find(R"("bypass":{"provider_calls":100,"answers":100,"errors":0,"last_answer_ms":500.00})"),
            std::string::npos)
      << answer->body;
  EXPECT_EQ(provider_.count, 0);
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 101U);
}

TEST_F(LabTest, AsksANewQuestionEachTime) {
  const auto first = send("POST", "/lab/stampede?n=2");
  let_them_run();
  const auto second = send("POST", "/lab/stampede?n=2");
  let_them_run();
  EXPECT_EQ(second->status, 200);
  EXPECT_NE(first->body.substr(0, first->body.find("\"collapsed\"")),
            second->body.substr(0, second->body.find("\"collapsed\"")));
  EXPECT_NE(second->body.find(R"("collapsed":{"provider_calls":1,)"), std::string::npos) << second->body;
}

TEST_F(LabTest, RunsOneAtATime) {
  const auto first = send("POST", "/lab/stampede?n=5");
  const auto second = send("POST", "/lab/stampede?n=5");
  EXPECT_EQ(second->status, 429);
  EXPECT_EQ(second->header("Retry-After"), "1");
  let_them_run();
  EXPECT_EQ(first->status, 200);
  EXPECT_NE(first->body.find(R"("collapsed":{"provider_calls":1,)"), std::string::npos) << first->body;
  const auto third = send("POST", "/lab/stampede?n=5");
  let_them_run();
  EXPECT_EQ(third->status, 200);
}

TEST_F(LabTest, IsFreeAgainWhenARunWasDropped) {
  {
    const auto pass = lab_.enter(1, clock_.steady());
    EXPECT_TRUE(pass);
    EXPECT_FALSE(lab_.enter(1, clock_.steady()));
  }
  EXPECT_TRUE(lab_.enter(1, clock_.steady()));
}

TEST(LabGate, LetsClientsTakeTurns) {
  LabGate gate;
  const SteadyTime now{std::chrono::seconds(1000)};
  auto pass = gate.enter(1, now);
  ASSERT_TRUE(pass);
  EXPECT_FALSE(gate.enter(2, now));
  EXPECT_FALSE(gate.enter(3, now));
  pass->release();
  EXPECT_FALSE(gate.enter(1, now)) << "it has just had its turn, and others were refused";
  EXPECT_FALSE(gate.enter(3, now)) << "client 2 was refused first";
  auto second = gate.enter(2, now);
  ASSERT_TRUE(second);
  second->release();
  EXPECT_FALSE(gate.enter(1, now));
  EXPECT_TRUE(gate.enter(3, now)) << "its run ends at once here";
  EXPECT_TRUE(gate.enter(1, now));
  EXPECT_TRUE(gate.enter(1, now)) << "alone it may run again and again";
}

TEST(LabGate, WaitsForAClientThatDoesNotComeBackOnlySoLong) {
  LabGate gate;
  const SteadyTime now{std::chrono::seconds(1000)};
  {
    const auto pass = gate.enter(1, now);
    EXPECT_FALSE(gate.enter(2, now));
    EXPECT_FALSE(gate.enter(3, now));
  }
  EXPECT_FALSE(gate.enter(1, now));
  EXPECT_FALSE(gate.enter(1, now + LabGate::kPatience - nanoseconds(1)));
  EXPECT_FALSE(gate.enter(1, now + LabGate::kPatience)) << "now it is the turn of client 3";
  EXPECT_TRUE(gate.enter(1, now + 2 * LabGate::kPatience));
  EXPECT_TRUE(gate.enter(2, now + 2 * LabGate::kPatience)) << "nobody else is left";
}

TEST(LabGate, ForgetsClaimsOfLongAgoAndBoundsTheirNumber) {
  LabGate gate;
  const SteadyTime now{std::chrono::seconds(1000)};
  {
    const auto pass = gate.enter(1, now);
    for (std::uint64_t client = 2; client < 10'000; ++client) EXPECT_FALSE(gate.enter(client, now));
  }
  EXPECT_FALSE(gate.enter(1, now));
  EXPECT_TRUE(gate.enter(1, now + LabGate::kLongestAway));
}

// A page of another site can make a visitor's browser send a POST, and the browser says so.
TEST_F(LabTest, IsStartedByItsOwnPageOrByAProgramOnly) {
  for (const auto* lines : {"Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n",
                            "Sec-Fetch-Site: cross-site\r\nOrigin: http://a\r\n",
                            "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n",
                            "Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin: http://a.evil.example\r\n",
                            "Origin: http://a:8080\r\n", "Origin: \r\n", "Origin: http://a\r\nOrigin: http://b\r\n"}) {
    const auto answer = send("POST", "/lab/stampede?n=5", lines);
    EXPECT_EQ(answer->status, 403) << lines;
    EXPECT_NE(answer->body.find("/problems/cross-site"), std::string::npos) << answer->body;
  }
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 0U);
  // The host of the test's requests is "a".
  for (const auto* lines : {"", "Sec-Fetch-Site: same-origin\r\nOrigin: https://b\r\n", "Sec-Fetch-Site: none\r\n",
                            "Origin: http://a\r\n", "Origin: https://A\r\n"}) {
    const auto answer = send("POST", "/lab/stampede?n=1", lines);
    let_them_run();
    EXPECT_EQ(answer->status, 200) << lines;
  }
}

// A proxy may ask for another host than the browser did, and say so.
TEST_F(LabTest, IsStartedByItsOwnPageBehindATrustedProxy) {
  const auto* const origin = "Origin: http://lab.example:8080\r\n";
  const auto status = [&](std::string_view lines) {
    const auto answer = send("POST", "/lab/stampede?n=1", cat(origin, lines));
    let_them_run();
    return answer->status;
  };
  EXPECT_EQ(status("X-Forwarded-Host: lab.example:8080\r\n"), 403) << "no proxy is trusted";
  options_.trusted_proxies = *parse_trusted_proxies("192.0.2.1");  // the peer of the test's requests
  for (const auto* lines : {"X-Forwarded-Host: lab.example:8080\r\n", "X-Forwarded-Host: LAB.example:8080, inner\r\n",
                            "Forwarded: for=203.0.113.7;host=\"lab.example:8080\"\r\n",
                            "X-Forwarded-Host: inner\r\nForwarded: host=\"lab.example:8080\", for=10.0.0.1\r\n"}) {
    EXPECT_EQ(status(lines), 200) << lines;
  }
  for (const auto* lines : {"", "X-Forwarded-Host: lab.example\r\n", "X-Forwarded-Host: evil.example\r\n",
                            "Forwarded: host=lab.example:8080\r\n", "Forwarded: for=\"lab.example:8080\"\r\n"}) {
    EXPECT_EQ(status(lines), 403) << lines;
  }
  options_.trusted_proxies = *parse_trusted_proxies("10.0.0.0/8");
  EXPECT_EQ(status("X-Forwarded-Host: lab.example:8080\r\n"), 403) << "the peer is no trusted proxy";
}

TEST_F(LabTest, RefusesWhatIsNoCountOfCallers) {
  for (const auto* query :
       {"?n", "?n=", "?n=0", "?n=201", "?n=-1", "?n=1.5", "?n=1&n=2", "?n=5&%6e=5", "?n=%", "?n=+5"}) {
    const auto answer = send("POST", cat("/lab/stampede", query));
    EXPECT_EQ(answer->status, 400) << query;
    EXPECT_NE(answer->body.find(R"("parameter":"n")"), std::string::npos) << answer->body;
  }
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 0U);
}

TEST_F(LabTest, ReadsNamesAndValuesDecoded) {
  EXPECT_EQ(send("POST", "/lab/stampede?%6E=%35", "If-Match: \"x\"\r\n")->status, 412);  // the count is right
  EXPECT_EQ(send("POST", "/lab/stampede?%6E=%zz", "If-Match: \"x\"\r\n")->status, 400);
}

TEST_F(LabTest, LetsAHundredAskWithoutACount) {
  for (const auto* query : {"", "?", "?m=5"}) {
    const auto answer = send("POST", cat("/lab/stampede", query));
    let_them_run();
    EXPECT_TRUE(answer->body.starts_with(R"({"callers":100,)")) << answer->body;
  }
}

TEST_F(LabTest, DecodesTheCount) {
  const auto answer = send("POST", "/lab/stampede?%6e=%31%32");
  let_them_run();
  EXPECT_TRUE(answer->body.starts_with(R"({"callers":12,)")) << answer->body;
}

TEST_F(LabTest, IsAPostAndNothingElse) {
  const auto answer = get("/lab/stampede?n=5");
  EXPECT_EQ(answer->status, 405);
  EXPECT_EQ(answer->header("Allow"), "POST, OPTIONS");
}

TEST_F(LabTest, DoesNotExistWithTheLaboratoryOff) {
  options_.query.lab = false;
  EXPECT_EQ(send("POST", "/lab/stampede?n=5")->status, 404);
}

}  // namespace
}  // namespace wx::endpoints
