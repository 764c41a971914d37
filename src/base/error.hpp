// The closed list of faults. Every room (a folder of src/) reports an expected fault as a Result<T>, not as an
// exception. The table that maps a kind to an HTTP status is in endpoints/status.cpp.
//
// Thread-safety: values; copy and move freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wx {

enum class ErrorKind : std::uint8_t {
  // The client's request (see is_clients()).
  bad_parameter,        // a parameter is missing, repeated, malformed or out of range
  malformed_request,    // not HTTP/1.x as RFC 9112 defines it
  unauthorized,         // the admin token is missing or wrong
  not_found,            // no such path
  method_not_allowed,   // the path exists, the method does not
  request_timeout,      // the client was too slow with its request
  content_too_large,    // the request has a body, and none is accepted
  uri_too_long,         // request target above the limit
  headers_too_large,    // header block above the limit
  version_unsupported,  // not HTTP/1.x
  not_implemented,      // a method or a transfer coding that this server does not know
  precondition_failed,  // If-Match does not name the representation
  not_cached,           // the request says only-if-cached, and no answer is cached
  cache_unavailable,    // the same, and Redis did not answer
  client_limited,       // this client caused too many provider calls (CLIENT_LOADS)
  lab_busy,             // an experiment of the page is running, or the last outage of Redis began under a minute ago
  mock_limited,         // this client asked the mock for too much (MOCK_LOADS)
  token_limited,        // too many wrong admin tokens came from this client's address
  cross_site,           // a page of another site has sent the request
  // This service.
  overloaded,         // too many connections, or the queue for the provider is full
  draining,           // shutting down
  deadline_exceeded,  // the request's own deadline passed
  internal,           // a bug
  // The provider.
  provider_unreachable,  // no connection, reset, name not resolved, TLS refused
  provider_timeout,      // no complete answer in time
  provider_error,        // it answered 5xx, or another status that is no answer
  provider_bad_reply,    // its answer was cut short, too large, not HTTP, or not a weather answer
  provider_refused,      // it answered 400: asking again would give the same
  provider_limited,      // it answered 429, or our own count says it would
  provider_denied,       // it answered 401 or 403: no key, a wrong one, or no access at all
  // Redis. No answer has these kinds, because the service works without it; each has a problem page all the same.
  redis_unavailable,  // not connected
  redis_timeout,      // no reply within the command's deadline
  redis_error,        // an error reply
  redis_protocol,     // bytes that are not RESP3
};

inline constexpr std::size_t kErrorKinds = static_cast<std::size_t>(ErrorKind::redis_protocol) + 1;

// Returns true for a fault of the client's request, whatever its HTTP status. No operator need act on it.
[[nodiscard]] constexpr bool is_clients(ErrorKind kind) {
  return kind < ErrorKind::overloaded;
}

// Stable lower-case name with dashes ("provider-timeout"): problem types, metric labels, log fields.
[[nodiscard]] std::string_view name(ErrorKind kind);

// A short description for people, without a full stop.
[[nodiscard]] std::string_view sentence(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  // The exact fault, fit for a client: no internal address, no credential. May be empty.
  std::string detail = {};
  // How long to wait before asking again, if known.
  std::optional<std::chrono::milliseconds> retry_after = {};
  // The provider's HTTP status if it gave one, else 0.
  int provider_status = 0;
  // Nothing was tried this time: this is the remembered error of an earlier attempt.
  bool remembered = false;
  // A provider's fault that concerns this query alone: other queries may well be answered.
  bool of_query = false;
  // The provider's error document, byte for byte, for those who pass it on; else null.
  std::shared_ptr<const std::string> body = nullptr;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string detail = {}) {
  return std::unexpected(Error{.kind = kind, .detail = std::move(detail)});
}

}  // namespace wx
