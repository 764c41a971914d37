// The head of a request (RFC 9112 §2-§3, RFC 9110 §5): bytes in, spans or a refusal out.
//
// A parser of our own, not Beast's: since no request here carries a body, what is left of HTTP/1.1 is a line with three
// parts and a list of fields, and every rule below is stricter than a general parser's. In front of one, a second pass
// over the same bytes would have to find all of it again.
//
// What is refused, whole: bare CR or LF, other control bytes, folded lines, a name that is not a token or has space
// before its colon, bytes above 0x7e in the target, any Transfer-Encoding, a Content-Length that is not a single
// number or not zero, on HTTP/1.1 anything but exactly one valid Host, versions other than 1.0 and 1.1, and sizes
// above the limits.
//
// Thread-safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "http_server/request.hpp"

namespace wx::http_server {

inline constexpr std::size_t kMaxHead = std::size_t{8} * 1024;  // request line and fields together, line ends included
inline constexpr std::size_t kMaxTarget = std::size_t{4} * 1024;
inline constexpr unsigned kMaxFields = 64;

// In the order of Field, in lower case.
inline constexpr std::array<std::string_view, kFields> kFieldNames{
    "accept",       "accept-language", "accept-encoding", "authorization", "cache-control", "if-none-match",
    "x-request-id", "x-forwarded-for", "traceparent",     "origin",        "host",
};

// Bytes of a head, counted from its first byte: the head may move in memory.
struct Span {
  std::uint16_t offset = 0;
  std::uint16_t length = 0;
  [[nodiscard]] std::string_view in(const char* base) const { return {base + offset, length}; }
};

struct RequestHead {
  Method method = Method::get;
  bool http_1_0 = false;
  bool keep_alive = false;
  std::uint16_t size = 0;  // of the whole head, the empty line included
  Span target;
  Span path;  // empty: an absolute form without one
  Span query;
  std::array<Span, kFields> fields;  // of a repeated field the first value
  std::uint16_t present = 0;         // a bit per Field
  std::uint16_t repeated = 0;        // a bit per Field

  [[nodiscard]] bool has(Field f) const { return (present >> static_cast<unsigned>(f) & 1U) != 0; }
  [[nodiscard]] bool repeats(Field f) const { return (repeated >> static_cast<unsigned>(f) & 1U) != 0; }
};

class HeadParser {
 public:
  enum class Status : std::uint8_t { need_more, complete, refused };

  // `bytes` start with the head's first byte and go as far as has been received: each call sees at least what the
  // one before saw, wherever it lies now. The result does not depend on how the bytes were cut. What follows a
  // complete head is not looked at. After complete or refused: reset() before the next head.
  [[nodiscard]] Status feed(std::string_view bytes);
  void reset() { *this = HeadParser(); }

  // The head once complete. After a refusal only its method, if it got that far.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  // Why, once refused: malformed_request, content_too_large, uri_too_long, headers_too_large or version_unsupported,
  // and a sentence for the client.
  [[nodiscard]] ErrorKind refusal() const { return refusal_; }
  [[nodiscard]] std::string_view detail() const { return detail_; }

 private:
  enum class Length : std::uint8_t { absent, zero, positive, bad };

  Status refuse(ErrorKind kind, std::string_view detail);
  Status take_line(std::string_view bytes, std::size_t end);
  Status take_request_line(std::string_view line);
  Status take_target(std::string_view line, std::size_t start, std::size_t end);
  Status take_field(std::string_view bytes, std::size_t end);
  Status take_known_field(std::string_view name, std::string_view value, std::size_t offset);
  void take_connection(std::string_view value);
  void take_content_length(std::string_view value);
  Status finish(std::string_view bytes);

  RequestHead head_;
  std::uint16_t scanned_ = 0;     // bytes looked at
  std::uint16_t line_start_ = 0;  // of the line being looked at
  std::uint8_t field_count_ = 0;
  Status status_ = Status::need_more;
  bool request_line_seen_ = false;
  bool transfer_encoding_ = false;
  bool close_ = false;
  bool wants_keep_alive_ = false;
  Length content_length_ = Length::absent;
  ErrorKind refusal_ = ErrorKind::malformed_request;
  std::string_view detail_;
};

}  // namespace wx::http_server
