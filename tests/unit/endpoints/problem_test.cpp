#include "endpoints/problem.hpp"

#include "flow/json.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using test::is_json;
using test::json_at;

constexpr std::string_view kUuid = "5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11";

std::string render(const Problem& problem) {
  std::string out;
  render_problem_json(out, problem, kUuid);
  return out;
}

Problem problem_of(ErrorKind kind, std::string detail = {}) {
  Problem problem;
  problem.error.kind = kind;
  problem.error.detail = std::move(detail);
  return problem;
}

TEST(ProblemJson, SaysWhatRfc9457AsksFor) {
  const auto text = render(problem_of(ErrorKind::provider_timeout, "no whole answer within 5s"));
  EXPECT_EQ(text,
            "{\"type\":\"/problems/provider-timeout\",\"title\":\"The weather provider did not answer in time\","
            "\"status\":504,\"detail\":\"no whole answer within 5s\","
            "\"instance\":\"urn:uuid:5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11\"}\n");
}

TEST(ProblemJson, IsWholeForEveryKindThereIs) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto text = render(problem_of(static_cast<ErrorKind>(i)));
    EXPECT_TRUE(is_json(text)) << text;
    EXPECT_EQ(json_at(text, "/type"), cat("/problems/", name(static_cast<ErrorKind>(i))));
    EXPECT_EQ(json_at(text, "/detail"), "") << text;
    EXPECT_EQ(text.find("errors"), std::string::npos) << text;
  }
}

TEST(ProblemJson, NamesEveryFault) {
  auto problem = problem_of(ErrorKind::bad_parameter, "lat is missing; lon is empty");
  problem.faults = {{"lat", "is missing"}, {"lon", "is empty"}};
  const auto text = render(problem);
  EXPECT_EQ(json_at(text, "/errors"),
            R"([{"parameter":"lat","detail":"is missing"},{"parameter":"lon","detail":"is empty"}])");
}

TEST(ProblemJson, StaysWholeWhateverTheDetail) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& hostile :
       {std::string("\",\"status\":200,\"x\":\""), std::string("\\"), std::string("a\0b", 3), every_byte,
        std::string("\xed\xa0\x80\xf5\xc0\x80"), std::string("</script>\u2028")}) {
    auto problem = problem_of(ErrorKind::provider_refused, hostile);
    problem.faults = {{hostile, hostile}};
    const auto text = render(problem);
    EXPECT_TRUE(is_json(text)) << text;
    EXPECT_EQ(json_at(text, "/status"), "400") << text;
  }
  const auto quoted = render(problem_of(ErrorKind::internal, "say \"no\""));
  EXPECT_EQ(json_at(quoted, "/detail"), "say \"no\"");
}

class ProblemTest : public EndpointsTest {
 protected:
  Answer respond(const Problem& problem, std::string_view lines = "") {
    auto channel = std::make_shared<FakeChannel>("GET", "/weather", lines, clock_.steady(), &executor_);
    http_server::Exchange exchange(*channel);
    auto context_now = context();
    respond_problem(context_now, exchange, problem);
    return channel;
  }
};

TEST_F(ProblemTest, AnswersWithTheKindsStatusAndIsNeverStored) {
  const auto answer = respond(problem_of(ErrorKind::provider_bad_reply, "not JSON"));
  EXPECT_EQ(answer->status, 502);
  EXPECT_EQ(answer->header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_EQ(answer->header("Vary"), "Accept");
  EXPECT_EQ(answer->header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer->header("Retry-After"), "none");
  EXPECT_EQ(json_at(answer->body, "/status"), "502");
}

TEST_F(ProblemTest, CarriesTheRequestsIdInHeaderAndBody) {
  const auto own = respond(problem_of(ErrorKind::internal));
  EXPECT_EQ(json_at(own->body, "/instance"), cat("urn:uuid:", own->header("X-Request-Id")));
  const auto sent = respond(problem_of(ErrorKind::internal), cat("X-Request-Id: ", kUuid, "\r\n"));
  EXPECT_EQ(sent->header("X-Request-Id"), kUuid);
  EXPECT_EQ(json_at(sent->body, "/instance"), cat("urn:uuid:", kUuid));
  const auto hostile = respond(problem_of(ErrorKind::internal), "X-Request-Id: a\"b\r\n");
  EXPECT_NE(hostile->header("X-Request-Id"), "a\"b");
}

TEST_F(ProblemTest, TellsWhenToAskAgainInWholeSecondsRoundedUp) {
  const auto after = [&](std::optional<milliseconds> wait, ErrorKind kind = ErrorKind::provider_limited) {
    auto problem = problem_of(kind);
    problem.error.retry_after = wait;
    return respond(problem)->header("Retry-After");
  };
  EXPECT_EQ(after(std::nullopt), "none");
  EXPECT_EQ(after(milliseconds(0)), "1");
  EXPECT_EQ(after(milliseconds(1)), "1");
  EXPECT_EQ(after(milliseconds(1000)), "1");
  EXPECT_EQ(after(milliseconds(1001)), "2");
  EXPECT_EQ(after(std::chrono::hours(24)), "86400");
  EXPECT_EQ(after(-milliseconds(5000)), "1");
  EXPECT_EQ(after(std::nullopt, ErrorKind::overloaded), "1");
  EXPECT_EQ(after(std::nullopt, ErrorKind::draining), "1");
  EXPECT_EQ(after(milliseconds(3000), ErrorKind::draining), "3");
}

TEST_F(ProblemTest, SendsTheLinesThatComeWithIt) {
  auto problem = problem_of(ErrorKind::method_not_allowed);
  problem.extra_headers = "Allow: GET, HEAD, OPTIONS\r\n";
  EXPECT_EQ(respond(problem)->header("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(ProblemTest, SaysTheSameAsAPage) {
  auto problem = problem_of(ErrorKind::bad_parameter, "lat is missing");
  problem.faults = {{"lat", "is missing"}};
  problem.html = true;
  const auto answer = respond(problem);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_TRUE(answer->header("Content-Security-Policy").starts_with("default-src 'none';"));
  EXPECT_TRUE(answer->body.starts_with("<!doctype html>"));
  EXPECT_NE(answer->body.find("is missing"), std::string::npos);
  EXPECT_NE(answer->body.find(cat("<code id=\"request-id\">", answer->header("X-Request-Id"), "</code>")),
            std::string::npos);

  auto failed = problem_of(ErrorKind::provider_error, "the provider answered with status 500");
  failed.html = true;
  EXPECT_NE(respond(failed)->body.find("the provider answered with status 500"), std::string::npos);
}

}  // namespace
}  // namespace wx::endpoints
