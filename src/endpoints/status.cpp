#include "endpoints/status.hpp"

namespace wx::endpoints {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_parameter:
    case ErrorKind::malformed_request:
    case ErrorKind::provider_refused:
      return 400;
    case ErrorKind::unauthorized:
      return 401;
    case ErrorKind::cross_site:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::method_not_allowed:
      return 405;
    case ErrorKind::request_timeout:
      return 408;
    case ErrorKind::precondition_failed:
      return 412;
    case ErrorKind::content_too_large:
      return 413;
    case ErrorKind::uri_too_long:
      return 414;
    case ErrorKind::headers_too_large:
      return 431;
    case ErrorKind::client_limited:
    case ErrorKind::lab_busy:
    case ErrorKind::mock_limited:
    case ErrorKind::token_limited:
    case ErrorKind::provider_limited:
      return 429;
    case ErrorKind::not_implemented:
      return 501;
    case ErrorKind::version_unsupported:
      return 505;
    case ErrorKind::not_cached:
    case ErrorKind::cache_unavailable:
    case ErrorKind::deadline_exceeded:
    case ErrorKind::provider_timeout:
      return 504;
    case ErrorKind::overloaded:
    case ErrorKind::draining:
      return 503;
    case ErrorKind::provider_unreachable:
    case ErrorKind::provider_error:
    case ErrorKind::provider_bad_reply:
    case ErrorKind::provider_denied:
      return 502;
    case ErrorKind::internal:
    case ErrorKind::redis_unavailable:
    case ErrorKind::redis_timeout:
    case ErrorKind::redis_error:
    case ErrorKind::redis_protocol:
      return 500;
  }
  return 500;
}

}  // namespace wx::endpoints
