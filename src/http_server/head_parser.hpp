// Parses the head of a request (RFC 9112 §2-§3, RFC 9110 §5) into spans, or refuses it.
//
// It replaces a general parser such as Beast's. No request here has content, so only a line of three parts and a list
// of fields remain of HTTP/1.1, and every rule below is stricter than a general parser's. Checking these rules before a
// general parser would read the same bytes twice.
//
// It refuses a request for: bare CR or LF, other control bytes, folded lines, a field name that is not a token or is
// followed by a space, bytes in the target other than visible ASCII without '#', a Content-Length other than a single
// zero, anything but exactly one valid Host on HTTP/1.1, versions other than 1.x, and sizes above the limits.
//
// A front end may turn an empty body into chunks. So "Transfer-Encoding: chunked" is accepted if the body that follows
// is empty (RFC 9112 §7.1); its bytes count as a part of the head. It is refused together with a Content-Length, with
// HTTP/1.0 (§6.1), or with "Expect: 100-continue", which announces content. Every other coding is refused.
//
// Thread-safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "http_server/request.hpp"

namespace wx::http_server {

// Bytes. RFC 9112 §3 wants at least 8,000 for a request line; a query for many places is longer.
inline constexpr std::size_t kMaxTarget = std::size_t{16} * 1024;
inline constexpr std::size_t kMaxHead = kMaxTarget + std::size_t{16} * 1024;  // request line and fields, with line ends
inline constexpr unsigned kMaxFields = 64;

// The names of Field, in its order, in lower case.
inline constexpr std::array<std::string_view, kFields> kFieldNames{
    "accept",         "accept-language", "accept-encoding",  "authorization", "cache-control", "if-none-match",
    "if-match",       "x-request-id",    "x-forwarded-for",  "traceparent",   "origin",        "host",
    "sec-fetch-site", "forwarded",       "x-forwarded-host", "cdn-loop",      "x-api-key",
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
  std::uint16_t size = 0;  // bytes of the head, including its empty line and an empty body in chunks
  Span target;
  Span path;  // empty for an absolute form without a path
  Span query;
  std::array<Span, kFields> fields;  // the first value of a repeated field
  std::uint32_t present = 0;         // a bit per Field
  std::uint32_t repeated = 0;        // a bit per Field

  [[nodiscard]] bool has(Field f) const { return (present >> static_cast<unsigned>(f) & 1U) != 0; }
  [[nodiscard]] bool repeats(Field f) const { return (repeated >> static_cast<unsigned>(f) & 1U) != 0; }
};

class HeadParser {
 public:
  enum class Status : std::uint8_t { need_more, complete, refused };

  // `bytes` are all bytes received since the first byte of the head: each call must pass at least the bytes of the
  // previous call, at the same or another address. The result does not depend on how the network split them. Bytes
  // after a complete head are ignored. Call reset() after complete or refused, before the next head. After need_more,
  // drop the empty lines and begin anew with the rest: they do not count for the limit of a head.
  [[nodiscard]] Status feed(std::string_view bytes);
  void reset() { *this = HeadParser(); }
  // Forgets what head() does not have after a refusal. For a caller that refuses a request itself.
  void forget_fields();

  // False if nothing but empty lines has been received, and perhaps the first half of another one. RFC 9112 §2.2: a
  // server ignores them.
  [[nodiscard]] bool begun() const { return part_ != Part::request_line || scanned_ != line_start_; }
  // The number of bytes of whole empty lines before the head.
  [[nodiscard]] std::uint16_t empty_lines() const { return part_ == Part::request_line ? line_start_ : head_start_; }

  // The head, if complete. Of a head that is refused, only the method and the target with its parts are set, as far as
  // they have been received and are well-formed; a target that is too long is cut.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  // The kind of a refusal (malformed_request, content_too_large, uri_too_long, headers_too_large, version_unsupported
  // or not_implemented), and its reason as a sentence for the client.
  [[nodiscard]] ErrorKind refusal() const { return refusal_; }
  [[nodiscard]] std::string_view detail() const { return detail_; }

 private:
  enum class Part : std::uint8_t { request_line, fields, chunk, trailer };
  enum class Length : std::uint8_t { absent, zero, positive, bad };
  enum class Coding : std::uint8_t { none, chunked, other };

  Status refuse(ErrorKind kind, std::string_view detail);
  Status scan(std::string_view bytes);
  Status refuse_size(std::string_view bytes);
  void note_method(std::string_view bytes);
  Status take_line(std::string_view bytes, std::size_t end);
  Status take_request_line(std::string_view line);
  Status take_target(std::string_view line, std::size_t start, std::size_t end);
  Status refuse_long_target(std::string_view line);
  Status take_field(std::string_view bytes, std::size_t end);
  Status check_field(std::string_view line, std::size_t name_end);
  Status take_known_field(std::string_view name, std::string_view value, std::size_t offset);
  void take_framing_field(std::string_view name, std::string_view value);
  void take_connection(std::string_view value);
  void take_content_length(std::string_view value);
  Status check_framing();
  Status check_host(std::string_view bytes);
  Status finish(std::string_view bytes);
  Status take_chunk_line(std::string_view line);
  Status take_trailer(std::string_view line);

  RequestHead head_;
  std::uint16_t scanned_ = 0;     // number of bytes examined
  std::uint16_t line_start_ = 0;  // start of the current line
  std::uint16_t head_start_ = 0;  // start of the request line, once that is complete
  std::uint8_t field_count_ = 0;
  Status status_ = Status::need_more;
  Part part_ = Part::request_line;
  Coding coding_ = Coding::none;
  bool expects_continue_ = false;
  bool close_ = false;
  bool wants_keep_alive_ = false;
  Length content_length_ = Length::absent;
  ErrorKind refusal_ = ErrorKind::malformed_request;
  std::string_view detail_;
};

}  // namespace wx::http_server
