// What can go wrong, as one closed list. Every room reports faults as a Result<T> (docs/decisions: expected outcomes
// are values); the one table that turns a kind into an HTTP status lives in endpoints.
//
// Thread-safety: values; copy and move freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace wx {

enum class ErrorKind : std::uint8_t {
  // The client's request.
  bad_parameter,        // a parameter is missing, repeated, malformed or out of range
  malformed_request,    // not HTTP/1.x as RFC 9112 has it
  unauthorized,         // the admin token is missing or wrong
  not_found,            // no such path
  method_not_allowed,   // the path exists, the method does not
  request_timeout,      // the client was too slow with its request
  content_too_large,    // a request with a body
  uri_too_long,         // request target above the limit
  headers_too_large,    // header block above the limit
  version_unsupported,  // neither HTTP/1.0 nor HTTP/1.1
  not_cached,           // only-if-cached, and nothing is
  client_limited,       // this client caused too many loads (CLIENT_LOADS)
  lab_busy,             // a run of the laboratory is under way; one at a time
  // Ourselves.
  overloaded,         // load shed: connections, queue
  draining,           // shutting down
  deadline_exceeded,  // the request's own deadline passed
  internal,           // a bug
  // The provider.
  provider_unreachable,  // no connection, reset, name not resolved, TLS refused
  provider_timeout,      // no whole answer in time
  provider_error,        // it answered 5xx
  provider_bad_reply,    // it answered 200 with something that is not an answer
  provider_refused,      // it answered 400: asking again would give the same
  provider_limited,      // it answered 429, or our own count says it would
  provider_denied,       // it answered 401 or 403: the key is wrong
  // Redis. Never shown to a client: the service serves on without it.
  redis_unavailable,  // not connected
  redis_timeout,      // no reply within the command's deadline
  redis_error,        // an error reply
  redis_protocol,     // bytes that are not RESP3
};

inline constexpr std::size_t kErrorKinds = static_cast<std::size_t>(ErrorKind::redis_protocol) + 1;

// Stable lower-case name with dashes ("provider-timeout"): problem types, metric labels, log fields.
[[nodiscard]] std::string_view name(ErrorKind kind);

// One sentence for a person, without a full stop.
[[nodiscard]] std::string_view sentence(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  // What exactly was wrong, fit for a client: no internal address, no credential. May be empty.
  std::string detail = {};
  // When asking again makes sense, if known.
  std::optional<std::chrono::milliseconds> retry_after = {};
  // The provider's HTTP status if it gave one, else 0.
  int provider_status = 0;
  // Not tried just now: remembered from a failure before.
  bool remembered = false;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string detail = {}) {
  return std::unexpected(Error{kind, std::move(detail), std::nullopt, 0, false});
}

}  // namespace wx
