#include "endpoints/status.hpp"

#include <map>

#include <gtest/gtest.h>

namespace wx::endpoints {
namespace {

TEST(Status, IsAsPublishedForEveryKindThatAClientMaySee) {
  const std::map<ErrorKind, int> table{
      {ErrorKind::bad_parameter, 400},
      {ErrorKind::malformed_request, 400},
      {ErrorKind::unauthorized, 401},
      {ErrorKind::not_found, 404},
      {ErrorKind::method_not_allowed, 405},
      {ErrorKind::request_timeout, 408},
      {ErrorKind::content_too_large, 413},
      {ErrorKind::uri_too_long, 414},
      {ErrorKind::headers_too_large, 431},
      {ErrorKind::version_unsupported, 505},
      {ErrorKind::not_cached, 504},
      {ErrorKind::cache_unavailable, 504},
      {ErrorKind::client_limited, 429},
      {ErrorKind::overloaded, 503},
      {ErrorKind::draining, 503},
      {ErrorKind::deadline_exceeded, 504},
      {ErrorKind::internal, 500},
      {ErrorKind::provider_unreachable, 502},
      {ErrorKind::provider_timeout, 504},
      {ErrorKind::provider_error, 502},
      {ErrorKind::provider_bad_reply, 502},
      {ErrorKind::provider_refused, 400},
      {ErrorKind::provider_limited, 429},
      {ErrorKind::provider_denied, 502},
      {ErrorKind::lab_busy, 429},
      {ErrorKind::mock_limited, 429},
      {ErrorKind::token_limited, 429},
      {ErrorKind::cross_site, 403},
      {ErrorKind::precondition_failed, 412},
      {ErrorKind::not_implemented, 501},
  };
  for (const auto& [kind, status] : table) EXPECT_EQ(status_of(kind), status) << name(kind);
}

TEST(Status, IsAnErrorForEveryKindThereIs) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto status = status_of(static_cast<ErrorKind>(i));
    EXPECT_GE(status, 400) << name(static_cast<ErrorKind>(i));
    EXPECT_LE(status, 505) << name(static_cast<ErrorKind>(i));
  }
}

// Redis does not affect readiness: the service keeps serving without it.
TEST(Status, MakesARedisErrorThatReachesAClientAMistakeOfOurs) {
  for (const auto kind :
       {ErrorKind::redis_unavailable, ErrorKind::redis_timeout, ErrorKind::redis_error, ErrorKind::redis_protocol}) {
    EXPECT_EQ(status_of(kind), 500);
  }
}

}  // namespace
}  // namespace wx::endpoints
