#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using observability::Counter;
using std::chrono::seconds;

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

// Of clients behind the trusted proxy from which all requests of these tests come.
class LabTurnsTest : public LabTest {
 protected:
  LabTurnsTest() { options_.trusted_proxies = *parse_trusted_proxies("192.0.2.1"); }
  Answer press(int client) {
    return send("POST", "/lab/stampede?n=1", cat("X-Forwarded-For: 203.0.113.", client, "\r\n"));
  }
};

TEST_F(LabTurnsTest, TheNextRunIsForTheClientThatWaits) {
  const auto first = press(1);
  const auto second = press(2);
  const auto third = press(3);
  let_them_run();
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(second->answers, 0);
  const auto again = press(1);
  let_them_run();
  EXPECT_EQ(second->status, 200);
  EXPECT_EQ(third->answers + again->answers, 0);
  let_them_run();
  EXPECT_EQ(third->status, 200);
  let_them_run();
  EXPECT_EQ(again->status, 200);
}

TEST_F(LabTurnsTest, OneRequestOfAClientWaits) {
  const auto first = press(1);
  const auto second = press(2);
  EXPECT_EQ(press(2)->status, 429);
  EXPECT_EQ(press(1)->status, 429);
  let_them_run();
  let_them_run();
  EXPECT_EQ(second->status, 200);
}

TEST_F(LabTurnsTest, APersonGetsARunThoughALoopPressesAllTheTime) {
  auto loop = press(1);
  for (int run = 0; run < 10; ++run) {
    const auto person = press(2);
    for (int i = 0; i < 2; ++i) {
      let_them_run();
      if (loop->answers > 0) loop = press(1);
    }
    EXPECT_EQ(person->status, 200) << run;
    executor_.advance(seconds(15));  // the person reads the result
    if (loop->answers > 0) loop = press(1);
  }
}

TEST_F(LabTurnsTest, WaitsNoLongerThanARunCanTakeAndKeepsItsPlaceThen) {
  auto pass = lab_.enter(99, nullptr, clock_.steady()).pass;
  const auto early = press(1);
  executor_.advance(seconds(5));
  const auto other = press(2);
  executor_.advance(seconds(15));  // twice REQUEST_TIMEOUT after the first
  EXPECT_EQ(early->status, 429);
  EXPECT_EQ(early->header("Retry-After"), "1");
  EXPECT_NE(early->body.find("kept for 30 seconds"), std::string::npos) << early->body;
  EXPECT_EQ(other->answers, 0);
  const auto back = press(1);
  pass->release();
  let_them_run();
  EXPECT_EQ(back->status, 200) << "it was first in line";
  EXPECT_EQ(other->answers, 0);
  let_them_run();
  EXPECT_EQ(other->status, 200);
}

TEST_F(LabTurnsTest, PassesOverAClientThatHasGone) {
  const auto first = press(1);
  const auto second = press(2);
  const auto third = press(3);
  second->leave();
  let_them_run();
  let_them_run();
  EXPECT_EQ(second->status, 429);
  EXPECT_EQ(third->status, 200);
  EXPECT_EQ(metrics_.value(Counter::mock_calls), 4U) << "two runs of one caller in two herds";
}

// A client that has only ended its own side looks as if it had gone, and still reads.
TEST_F(LabTurnsTest, AnswersAClientThatHasGoneWhenItIsPassedOver) {
  const auto first = press(1);
  const auto second = press(2);
  second->leave();
  let_them_run();
  EXPECT_EQ(second->status, 429);
  EXPECT_NE(second->body.find("closed"), std::string::npos) << second->body;
  EXPECT_EQ(second->abandoned, 0);
  EXPECT_EQ(first->status, 200);
}

TEST_F(LabTurnsTest, AnswersAClientThatGoesWhenItsTurnHasCome) {
  auto pass = lab_.enter(99, nullptr, clock_.steady()).pass;
  const auto waits = press(1);
  pass->release();  // its turn is on the way to its thread
  waits->leave();
  let_them_run();
  EXPECT_EQ(waits->status, 200);
  EXPECT_EQ(waits->abandoned, 0);
}

// They would hold up the drain, and be cut off at its end.
TEST_F(LabTurnsTest, NobodyWaitsOnceTheServiceDrains) {
  const auto first = press(1);
  const auto second = press(2);
  lab_.close();
  executor_.run_posted();
  const auto third = press(3);
  for (const auto& answer : {second, third}) {
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->header("Retry-After"), "1");
    EXPECT_NE(answer->body.find("/problems/draining"), std::string::npos) << answer->body;
  }
  let_them_run();
  EXPECT_EQ(first->status, 200) << "it was under way";
  const auto fourth = press(4);
  let_them_run();
  EXPECT_EQ(fourth->status, 200) << "it need not wait";
}

TEST_F(LabTurnsTest, HoldsOneRequestOfAClientThatComesAndGoes) {
  const auto first = press(1);
  std::vector<std::weak_ptr<FakeChannel>> visits;
  for (int i = 0; i < 1000; ++i) {
    const auto visit = press(2);
    visit->leave();
    visits.push_back(visit);
    executor_.run_posted();
  }
  EXPECT_EQ(std::ranges::count_if(visits, [](const auto& visit) { return !visit.expired(); }), 1);
}

// The place of a client that has gone is free after 30 s, but its request would wait for an hour.
TEST_F(LabTurnsTest, HoldsNoRequestBeyondItsPlaceInLine) {
  options_.request_timeout = std::chrono::hours(1);
  const auto pass = lab_.enter(99, nullptr, clock_.steady()).pass;
  std::vector<std::weak_ptr<FakeChannel>> visits;
  for (int client = 1; client <= 100; ++client) {
    const auto visit = press(client);
    visit->leave();
    visits.push_back(visit);
  }
  executor_.advance(LabGate::kPlaceKept);
  const auto late = press(101);
  executor_.run_posted();
  EXPECT_EQ(late->answers, 0) << "it waits";
  EXPECT_EQ(std::ranges::count_if(visits, [](const auto& visit) { return !visit.expired(); }), 0);
}

TEST_F(LabTest, IsFreeAgainWhenARunWasDropped) {
  EXPECT_TRUE(lab_.enter(1, nullptr, clock_.steady()).pass);
  EXPECT_TRUE(lab_.enter(1, nullptr, clock_.steady()).pass);
}

class Visitor final : public LabGate::Visitor {
 public:
  void begin(LabGate::Pass pass) override { pass_.emplace(std::move(pass)); }
  void end() override { ++ends; }
  [[nodiscard]] bool gone() const override { return gone_; }

  void leave() { gone_ = true; }
  // Ends its run, if its turn has come.
  bool ran() {
    const bool had = pass_.has_value();
    pass_.reset();
    return had;
  }

  int ends = 0;

 private:
  std::optional<LabGate::Pass> pass_;
  bool gone_ = false;
};

class LabGateTest : public testing::Test {
 protected:
  // A client that waits.
  std::shared_ptr<Visitor> come(std::uint64_t client) {
    auto visitor = std::make_shared<Visitor>();
    auto entry = gate_.enter(client, visitor, now_);
    EXPECT_TRUE(entry.waits) << client;
    EXPECT_FALSE(entry.pass) << client;
    return visitor;
  }
  bool is_refused(std::uint64_t client) {
    const auto entry = gate_.enter(client, std::make_shared<Visitor>(), now_);
    return !entry.waits && !entry.pass;
  }

  LabGate gate_;
  SteadyTime now_{std::chrono::seconds(1000)};
  std::optional<LabGate::Pass> running_ = gate_.enter(1, nullptr, now_).pass;
};

TEST_F(LabGateTest, LetsClientsTakeTurns) {
  ASSERT_TRUE(running_);
  EXPECT_TRUE(is_refused(1)) << "it runs";
  const auto two = come(2);
  const auto three = come(3);
  EXPECT_TRUE(is_refused(2)) << "it waits";
  running_->release();
  EXPECT_FALSE(three->ran());
  EXPECT_TRUE(is_refused(2)) << "it runs";
  const auto one = come(1);
  EXPECT_TRUE(two->ran());
  EXPECT_FALSE(one->ran()) << "it has just had its turn, and another waits";
  EXPECT_TRUE(three->ran());
  EXPECT_TRUE(one->ran());
  EXPECT_TRUE(gate_.enter(1, nullptr, now_).pass) << "alone it may run again and again";
}

TEST_F(LabGateTest, DoesNotWaitForAClientThatIsAway) {
  const auto two = come(2);
  EXPECT_TRUE(gate_.withdraw(*two, now_));
  running_->release();
  EXPECT_TRUE(gate_.enter(1, nullptr, now_).pass);
  running_.emplace(*gate_.enter(1, nullptr, now_).pass);  // and again
  now_ += LabGate::kPlaceKept - nanoseconds(1);
  const auto three = come(3);
  const auto back = come(2);
  running_->release();
  EXPECT_FALSE(three->ran());
  EXPECT_TRUE(back->ran());
  EXPECT_TRUE(three->ran());
}

TEST_F(LabGateTest, KeepsAPlaceFromTheTimeAtWhichItsClientLeft) {
  const auto two = come(2);
  now_ += LabGate::kPlaceKept;
  EXPECT_TRUE(gate_.withdraw(*two, now_));
  const auto three = come(3);
  now_ += LabGate::kPlaceKept - nanoseconds(1);
  const auto back = come(2);
  running_->release();
  EXPECT_TRUE(back->ran());
  EXPECT_TRUE(three->ran()) << "a client that waits needs no patience";
}

TEST_F(LabGateTest, ForgetsAClientThatStaysAway) {
  const auto two = come(2);
  EXPECT_TRUE(gate_.withdraw(*two, now_));
  now_ += LabGate::kPlaceKept;
  const auto three = come(3);
  const auto late = come(2);
  running_->release();
  EXPECT_FALSE(late->ran());
  EXPECT_TRUE(three->ran());
  EXPECT_TRUE(late->ran());
}

TEST_F(LabGateTest, PassesOverClientsThatHaveGone) {
  const auto two = come(2);
  two->leave();
  auto three = come(3);
  three.reset();  // its thread has ended
  const auto four = come(4);
  const auto reload = come(2);
  running_->release();
  EXPECT_FALSE(two->ran());
  EXPECT_EQ(two->ends, 1);
  EXPECT_TRUE(reload->ran()) << "the same client's new request, at its old place";
  EXPECT_TRUE(four->ran());
}

TEST_F(LabGateTest, EndsTheWaitOfThoseThatItPassesOver) {
  const auto two = come(2);
  const auto three = come(3);
  const auto four = come(4);
  two->leave();
  running_->release();
  EXPECT_EQ(two->ends, 1);
  EXPECT_FALSE(gate_.withdraw(*two, now_)) << "its wait has ended";
  EXPECT_FALSE(gate_.withdraw(*three, now_)) << "its turn has come";
  EXPECT_TRUE(gate_.withdraw(*four, now_));
  EXPECT_EQ(three->ends + four->ends, 0);
  const auto back = come(2);
  EXPECT_TRUE(three->ran());
  EXPECT_TRUE(back->ran()) << "its place was kept";
}

TEST_F(LabGateTest, BoundsTheLine) {
  std::vector<std::shared_ptr<Visitor>> line;
  for (std::uint64_t client = 2; client < 2 + LabGate::kLongestLine; ++client) line.push_back(come(client));
  EXPECT_TRUE(is_refused(1000));
  EXPECT_TRUE(gate_.withdraw(*line[0], now_));
  EXPECT_TRUE(is_refused(1000)) << "its place is kept";
  now_ += LabGate::kPlaceKept;
  const auto late = come(1000);
  running_->release();
  for (std::size_t i = 1; i < line.size(); ++i) EXPECT_TRUE(line[i]->ran()) << i;
  EXPECT_TRUE(late->ran());
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
