#include "endpoints/envelope.hpp"

#include <set>

#include "flow/json.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

using test::is_json;
using test::json_at;

constexpr std::string_view kMinute = "Minutely API request limit exceeded. Please try again in one minute.";
constexpr std::string_view kHour = "Hourly API request limit exceeded. Please try again in the next hour.";
constexpr std::string_view kDay = "Daily API request limit exceeded. Please try again tomorrow.";

// npm's openmeteo takes the body of every other status for an answer, but for those that the provider itself uses.
TEST(EnvelopeStatus, IsOneThatTheProvidersClientsKnow) {
  const std::set<int> known{400, 401, 403, 404, 405, 412, 429, 502, 504};
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    Error error{.kind = static_cast<ErrorKind>(i)};
    for (int status = 0; status <= 599; status = status == 0 ? 100 : status + 1) {
      error.provider_status = status;
      EXPECT_TRUE(known.contains(envelope_status_of(error))) << name(error.kind) << " " << status;
    }
  }
}

TEST(EnvelopeStatus, IsTheProvidersOwnWhereItIsOneOfItsRefusals) {
  for (const auto kind : {ErrorKind::provider_denied, ErrorKind::provider_error}) {
    const auto body = std::make_shared<const std::string>("{}");
    for (const int status : {400, 401, 403, 404, 405}) {
      EXPECT_EQ(envelope_status_of({.kind = kind, .provider_status = status, .body = body}), status);
      EXPECT_EQ(envelope_status_of({.kind = kind, .provider_status = status}), 502) << "a web page";
    }
    for (const int status : {0, 402, 406, 408, 413, 414, 418, 431, 451, 500, 503, 504, 529}) {
      EXPECT_EQ(envelope_status_of({.kind = kind, .provider_status = status}), 502) << status;
    }
  }
  EXPECT_EQ(envelope_status_of({.kind = ErrorKind::provider_refused, .provider_status = 400}), 400);
  EXPECT_EQ(envelope_status_of({.kind = ErrorKind::provider_limited, .provider_status = 429}), 429);
  EXPECT_EQ(envelope_status_of({.kind = ErrorKind::provider_bad_reply, .provider_status = 404}), 502);
}

TEST(EnvelopeStatus, TellsWhatHappenedHere) {
  const std::vector<std::pair<ErrorKind, int>> cases{{ErrorKind::bad_parameter, 400},
                                                     {ErrorKind::uri_too_long, 400},
                                                     {ErrorKind::headers_too_large, 400},
                                                     {ErrorKind::content_too_large, 400},
                                                     {ErrorKind::request_timeout, 400},
                                                     {ErrorKind::unauthorized, 401},
                                                     {ErrorKind::not_found, 404},
                                                     {ErrorKind::method_not_allowed, 405},
                                                     {ErrorKind::precondition_failed, 412},
                                                     {ErrorKind::client_limited, 429},
                                                     {ErrorKind::overloaded, 429},
                                                     {ErrorKind::provider_limited, 429},
                                                     {ErrorKind::draining, 502},
                                                     {ErrorKind::internal, 502},
                                                     {ErrorKind::provider_unreachable, 502},
                                                     {ErrorKind::provider_bad_reply, 502},
                                                     {ErrorKind::not_cached, 504},
                                                     {ErrorKind::deadline_exceeded, 504},
                                                     {ErrorKind::provider_timeout, 504}};
  for (const auto& [kind, status] : cases) EXPECT_EQ(envelope_status_of({.kind = kind}), status) << name(kind);
}

TEST(EnvelopeReason, IsInTheProvidersWords) {
  const auto limited = [](std::optional<milliseconds> wait) {
    return reason_of({.kind = ErrorKind::provider_limited, .detail = "the budget", .retry_after = wait});
  };
  EXPECT_EQ(limited(std::nullopt), kMinute);
  EXPECT_EQ(limited(std::chrono::seconds(61)), kMinute);
  EXPECT_EQ(limited(std::chrono::minutes(10)), kHour);
  EXPECT_EQ(limited(std::chrono::minutes(61)), kHour);
  EXPECT_EQ(limited(std::chrono::hours(5)), kDay);
  EXPECT_EQ(reason_of({.kind = ErrorKind::overloaded, .detail = "x"}), "Too many concurrent requests");
  EXPECT_EQ(reason_of({.kind = ErrorKind::client_limited, .detail = "x"}), "Too many concurrent requests");
  EXPECT_EQ(reason_of({.kind = ErrorKind::uri_too_long, .detail = "x"}), "Your API URL is too long. Use POST.");
  EXPECT_EQ(reason_of({.kind = ErrorKind::not_found}), "Not Found");
}

TEST(EnvelopeReason, IsTheDetailOrSaysWhatHappened) {
  EXPECT_EQ(reason_of({.kind = ErrorKind::bad_parameter, .detail = "x is wrong"}), "x is wrong");
  EXPECT_EQ(reason_of({.kind = ErrorKind::provider_denied, .detail = "No key", .provider_status = 401}),
            cat(sentence(ErrorKind::provider_denied), ": No key"));
  EXPECT_EQ(reason_of({.kind = ErrorKind::provider_limited, .detail = "Too many concurrent", .provider_status = 429}),
            "Too many concurrent");
  EXPECT_EQ(reason_of({.kind = ErrorKind::provider_timeout, .detail = "none within 5 s"}),
            cat(sentence(ErrorKind::provider_timeout), ": none within 5 s"));
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    EXPECT_NE(reason_of({.kind = static_cast<ErrorKind>(i)}), "") << i;
  }
}

class EnvelopeTest : public EndpointsTest {
 protected:
  Answer respond(Error error, std::string_view extra = "") {
    auto channel = std::make_shared<FakeChannel>("GET", "/v1/forecast", "", clock_.steady(), &executor_);
    http_server::Exchange exchange(*channel);
    auto context_now = context();
    Problem problem;
    problem.error = std::move(error);
    problem.extra_headers = extra;
    respond_envelope(context_now, exchange, problem);
    return channel;
  }
};

TEST_F(EnvelopeTest, IsTheProvidersDocument) {
  const auto answer = respond({.kind = ErrorKind::bad_parameter, .detail = "say \"no\"\n"}, "Allow: GET\r\n");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, R"({"error":true,"reason":"say \"no\"\n"})");
  EXPECT_EQ(answer->header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(answer->header("Cache-Control"), "no-store");
  EXPECT_EQ(answer->header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(answer->header("Allow"), "GET");
  EXPECT_EQ(answer->header("Retry-After"), "none");
  EXPECT_EQ(answer->header("X-Quota-Reset"), "none");
}

TEST_F(EnvelopeTest, IsWholeForEveryKindThereIs) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto answer = respond({.kind = static_cast<ErrorKind>(i), .detail = "\x01\xff\"</script>"});
    EXPECT_TRUE(is_json(answer->body)) << answer->body;
    EXPECT_TRUE(answer->body.starts_with(R"({"error":true,"reason":")")) << answer->body;
  }
}

TEST_F(EnvelopeTest, PassesOnTheProvidersBytes) {
  const std::string bytes = R"({"reason":"No", "error":true})";
  const auto answer = respond({.kind = ErrorKind::provider_denied,
                               .detail = "No",
                               .provider_status = 403,
                               .body = std::make_shared<const std::string>(bytes)});
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->body, bytes);
}

// Some clients sleep for as long as Retry-After says.
TEST_F(EnvelopeTest, CapsRetryAfterAndTellsTheTrueEnd) {
  auto answer = respond({.kind = ErrorKind::provider_limited, .retry_after = std::chrono::hours(3)});
  EXPECT_EQ(answer->header("Retry-After"), "60");
  EXPECT_EQ(answer->header("X-Quota-Reset"), "10800");
  EXPECT_EQ(json_at(answer->body, "/reason"), kDay);
  answer = respond({.kind = ErrorKind::provider_limited, .retry_after = milliseconds(6001)});
  EXPECT_EQ(answer->header("Retry-After"), "7") << "not too early";
  EXPECT_EQ(answer->header("X-Quota-Reset"), "7");
  answer = respond({.kind = ErrorKind::provider_timeout, .retry_after = std::chrono::minutes(5)});
  EXPECT_EQ(answer->header("Retry-After"), "60");
  EXPECT_EQ(answer->header("X-Quota-Reset"), "none") << "it is no quota";
  answer = respond({.kind = ErrorKind::provider_timeout, .retry_after = milliseconds(0)});
  EXPECT_EQ(answer->header("Retry-After"), "1");
}

TEST_F(EnvelopeTest, CapsRetryAfterAsTheOperatorSays) {
  options_.retry_after_max = std::chrono::seconds(5);
  const auto answer = respond({.kind = ErrorKind::provider_limited, .retry_after = std::chrono::hours(3)});
  EXPECT_EQ(answer->header("Retry-After"), "5");
  EXPECT_EQ(answer->header("X-Quota-Reset"), "10800");
}

TEST_F(EnvelopeTest, SaysWhenToTryAgainWhereThatIsKnownToBeSoon) {
  for (const auto kind : {ErrorKind::overloaded, ErrorKind::client_limited, ErrorKind::draining}) {
    EXPECT_EQ(respond({.kind = kind})->header("Retry-After"), "1") << name(kind);
  }
  EXPECT_EQ(respond({.kind = ErrorKind::provider_bad_reply})->header("Retry-After"), "none");
}

}  // namespace
}  // namespace wx::endpoints
