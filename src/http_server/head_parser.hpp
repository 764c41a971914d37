// Parses the head of a request (RFC 9112 §2-§3, RFC 9110 §5) into spans, or refuses it.
//
// It replaces a general parser such as Beast's. No request here has a body, so only a line of three parts and a list of
// fields remain of HTTP/1.1, and every rule below is stricter than a general parser's. Checking these rules before a
// general parser would read the same bytes twice.
//
// It refuses a request for: bare CR or LF, other control bytes, folded lines, a field name that is not a token or is
// followed by a space, bytes in the target other than visible ASCII without '#', any Transfer-Encoding, a
// Content-Length other than a single zero, anything but exactly one valid Host on HTTP/1.1, versions other than 1.0 and
// 1.1, and sizes above the limits.
//
// Thread-safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "http_server/request.hpp"

namespace wx::http_server {

inline constexpr std::size_t kMaxHead = std::size_t{8} * 1024;  // bytes; request line and fields, including line ends
inline constexpr std::size_t kMaxTarget = std::size_t{4} * 1024;
inline constexpr unsigned kMaxFields = 64;

// The names of Field, in its order, in lower case.
inline constexpr std::array<std::string_view, kFields> kFieldNames{
    "accept",       "accept-language", "accept-encoding", "authorization", "cache-control", "if-none-match",
    "x-request-id", "x-forwarded-for", "traceparent",     "origin",        "host",          "sec-fetch-site",
};

// A range of bytes of a head, relative to its first byte, because the head may move in memory.
struct Span {
  std::uint16_t offset = 0;
  std::uint16_t length = 0;
  [[nodiscard]] std::string_view in(const char* base) const { return {base + offset, length}; }
};

struct RequestHead {
  Method method = Method::get;
  bool http_1_0 = false;
  bool keep_alive = false;
  std::uint16_t size = 0;  // bytes of the head, including its empty line
  Span target;
  Span path;  // empty for an absolute form without a path
  Span query;
  std::array<Span, kFields> fields;  // the first value of a repeated field
  std::uint16_t present = 0;         // a bit per Field
  std::uint16_t repeated = 0;        // a bit per Field

  [[nodiscard]] bool has(Field f) const { return (present >> static_cast<unsigned>(f) & 1U) != 0; }
  [[nodiscard]] bool repeats(Field f) const { return (repeated >> static_cast<unsigned>(f) & 1U) != 0; }
};

class HeadParser {
 public:
  enum class Status : std::uint8_t { need_more, complete, refused };

  // `bytes` are all bytes received since the first byte of the head: each call must pass at least the bytes of the
  // previous call, at the same or another address. The result does not depend on how the network split them. Bytes
  // after a complete head are ignored. Call reset() after complete or refused, before the next head.
  [[nodiscard]] Status feed(std::string_view bytes);
  void reset() { *this = HeadParser(); }

  // The head, if complete. After a refusal only the method is set, if it was parsed.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  // The kind of a refusal (malformed_request, content_too_large, uri_too_long, headers_too_large or
  // version_unsupported), and its reason as a sentence for the client.
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
  std::uint16_t scanned_ = 0;     // number of bytes examined
  std::uint16_t line_start_ = 0;  // start of the current line
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
