#include "base/error.hpp"

#include <array>

namespace wx {
namespace {

struct Row {
  ErrorKind kind;
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<Row, kErrorKinds> kRows{{
    {ErrorKind::bad_parameter, "bad-parameter", "A parameter of the request is missing or wrong"},
    {ErrorKind::malformed_request, "malformed-request", "The request is not well-formed HTTP"},
    {ErrorKind::unauthorized, "unauthorized", "The admin token is missing or wrong"},
    {ErrorKind::not_found, "not-found", "No resource at this path"},
    {ErrorKind::method_not_allowed, "method-not-allowed", "Method not allowed for this path"},
    {ErrorKind::request_timeout, "request-timeout", "The request did not arrive in time"},
    {ErrorKind::content_too_large, "content-too-large", "Request bodies are not accepted"},
    {ErrorKind::uri_too_long, "uri-too-long", "The request target is too long"},
    {ErrorKind::headers_too_large, "headers-too-large", "The request's header block is too large"},
    {ErrorKind::version_unsupported, "version-unsupported", "Only HTTP/1.x is supported"},
    {ErrorKind::not_implemented, "not-implemented", "The server does not know a method or coding of the request"},
    {ErrorKind::precondition_failed, "precondition-failed", "A condition of the request does not hold"},
    {ErrorKind::not_cached, "not-cached", "The request accepts only a cached answer, and none is cached"},
    {ErrorKind::cache_unavailable, "cache-unavailable",
     "The request accepts only a cached answer, and Redis did not answer"},
    {ErrorKind::client_limited, "client-limited", "This client caused too many cache misses"},
    {ErrorKind::lab_busy, "lab-busy", "The lab cannot start another run yet"},
    {ErrorKind::mock_limited, "mock-limited", "This client asked the mock for too much"},
    {ErrorKind::token_limited, "token-limited", "Too many wrong admin tokens came from this address"},
    {ErrorKind::cross_site, "cross-site", "Another site's page may not send this request"},
    {ErrorKind::overloaded, "overloaded", "The service is overloaded"},
    {ErrorKind::draining, "draining", "The service is shutting down"},
    {ErrorKind::deadline_exceeded, "deadline-exceeded", "The answer was not ready before the request's deadline"},
    {ErrorKind::internal, "internal", "Internal error"},
    {ErrorKind::provider_unreachable, "provider-unreachable", "The weather provider could not be reached"},
    {ErrorKind::provider_timeout, "provider-timeout", "The weather provider did not answer in time"},
    {ErrorKind::provider_error, "provider-error", "The weather provider reported an internal error"},
    {ErrorKind::provider_bad_reply, "provider-bad-reply", "The weather provider sent an invalid response"},
    {ErrorKind::provider_refused, "provider-refused", "The weather provider rejected the query"},
    {ErrorKind::provider_limited, "provider-limited", "The weather provider's request limit is used up"},
    {ErrorKind::provider_denied, "provider-denied", "The weather provider denied access"},
    {ErrorKind::redis_unavailable, "redis-unavailable", "Redis is not connected"},
    {ErrorKind::redis_timeout, "redis-timeout", "Redis did not answer in time"},
    {ErrorKind::redis_error, "redis-error", "Redis answered with an error"},
    {ErrorKind::redis_protocol, "redis-protocol", "Redis sent bytes that are not RESP3"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order(), "kRows must list every ErrorKind in its order");

}  // namespace

std::string_view name(ErrorKind kind) {
  return kRows[static_cast<std::size_t>(kind)].name;
}

std::string_view sentence(ErrorKind kind) {
  return kRows[static_cast<std::size_t>(kind)].sentence;
}

}  // namespace wx
