// The parser examines each byte once, from left to right, and each line when its CRLF has arrived. The first fault in
// byte order decides, so the result does not depend on how the network splits the bytes. Only rules that need the whole
// head (framing, Host) are checked at its end.
#include "http_server/head_parser.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "http_server/head_syntax.hpp"
#include "http_server/list.hpp"

namespace wx::http_server {
namespace {

Method method_of(std::string_view name) {
  if (name == "GET") return Method::get;
  if (name == "HEAD") return Method::head;
  if (name == "POST") return Method::post;
  if (name == "DELETE") return Method::del;
  if (name == "OPTIONS") return Method::options;
  for (const std::string_view other : {"PUT", "PATCH", "CONNECT", "TRACE", "QUERY"}) {
    if (name == other) return Method::other;
  }
  return Method::unknown;
}

Span span(std::size_t start, std::size_t end) {
  return {static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(end - start)};
}

// No name that the parser knows is longer than this, and one more is a bit of Lengths.
constexpr std::size_t kLongestName = 30;
static_assert(std::ranges::max(kFieldNames, {}, &std::string_view::size).size() <= kLongestName);
// The fields whose names have a given length. Few names share a length with another, so that most fields of a request
// are compared with none or one.
struct FieldsByLength {
  // Those of length n are [begin[n], begin[n + 1]) of `fields`. No field has a name longer than the longest.
  std::array<std::uint8_t, kLongestName + 3> begin{};
  std::array<std::uint8_t, kFields> fields{};
};
constexpr FieldsByLength kFieldsByLength = [] {
  FieldsByLength table;
  std::uint8_t used = 0;
  for (std::size_t length = 0; length <= kLongestName + 1; ++length) {
    table.begin[length] = used;
    for (std::size_t field = 0; field < kFields; ++field) {
      if (kFieldNames[field].size() == length) table.fields[used++] = static_cast<std::uint8_t>(field);
    }
  }
  table.begin[kLongestName + 2] = used;
  return table;
}();

// The lengths of the names that take_framing_field() knows.
struct Lengths {
  std::uint32_t bits = 0;
  [[nodiscard]] constexpr bool contains(std::size_t length) const { return ((bits >> length) & 1) != 0; }
};
constexpr Lengths kFramingNames{.bits = 1U << 6 | 1U << 10 | 1U << 14 | 1U << 17};

// Compares a token with the name of a field of the same length, without regard to case, eight bytes at a time. Names
// consist of small letters and "-". Of the bytes that a token may have, only a capital letter becomes another one of
// those by bit 0x20.
bool is_name(std::string_view token, std::string_view name) {
  constexpr std::uint64_t kSmall = 0x2020202020202020;
  std::size_t at = 0;
  for (; at + 8 <= name.size(); at += 8) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, token.data() + at, sizeof a);
    std::memcpy(&b, name.data() + at, sizeof b);
    if ((a | kSmall) != b) return false;
  }
  for (; at < name.size(); ++at) {
    if ((token[at] | 0x20) != name[at]) return false;
  }
  return true;
}

}  // namespace

HeadParser::Status HeadParser::refuse(ErrorKind kind, std::string_view detail) {
  forget_fields();
  refusal_ = kind;
  detail_ = detail;
  return status_ = Status::refused;
}

void HeadParser::forget_fields() {
  head_.fields = {};
  head_.present = 0;
  head_.repeated = 0;
  head_.keep_alive = false;
}

HeadParser::Status HeadParser::feed(std::string_view bytes) {
  if (status_ != Status::need_more) return status_;
  const std::string_view visible = bytes.substr(0, kMaxHead);
  scan(visible);
  if (status_ == Status::complete) return status_;
  if (part_ == Part::request_line) note_method(visible);
  const bool full = bytes.size() >= kMaxHead && empty_lines() == 0;
  return full && status_ == Status::need_more ? refuse_size(visible) : status_;
}

HeadParser::Status HeadParser::scan(std::string_view bytes) {
  while (status_ == Status::need_more) {
    const std::size_t at = syntax::skip_text(bytes, scanned_);
    scanned_ = static_cast<std::uint16_t>(at);
    if (at == bytes.size()) break;
    if (bytes[at] == '\n') return refuse(ErrorKind::malformed_request, "a line ends without a carriage return");
    if (bytes[at] != '\r') return refuse(ErrorKind::malformed_request, "a control byte in the header");
    if (at + 1 == bytes.size()) break;  // the line feed has not arrived yet
    if (bytes[at + 1] != '\n') return refuse(ErrorKind::malformed_request, "a carriage return within a line");
    scanned_ = static_cast<std::uint16_t>(at + 2);
    const bool field = part_ == Part::fields && at != line_start_;
    status_ = field ? take_field(bytes, at) : take_line(bytes, at);
    line_start_ = scanned_;
  }
  return status_;
}

// RFC 9112 §3: 501 for a method, and 414 for a target, that is longer than any that this server takes.
HeadParser::Status HeadParser::refuse_size(std::string_view bytes) {
  if (part_ != Part::request_line) return refuse(ErrorKind::headers_too_large, "the header is larger than 32 KiB");
  if (!bytes.substr(line_start_).contains(' ')) {
    return refuse(ErrorKind::not_implemented, "the request line begins with no method that this server knows");
  }
  return refuse_long_target(bytes);
}

// The part up to the limit tells which resource the request is for.
HeadParser::Status HeadParser::refuse_long_target(std::string_view line) {
  const std::size_t start = line.find(' ', line_start_) + 1;
  const std::string_view rest = line.substr(start, kMaxTarget);
  (void)take_target(line.substr(0, start + rest.size()), start, start + rest.size());
  if (status_ == Status::refused) return status_;
  return refuse(ErrorKind::uri_too_long, "the request target is longer than 16 KiB");
}

// An answer to HEAD has no body, so a refusal in the midst of the request line must know the method.
void HeadParser::note_method(std::string_view bytes) {
  head_.method = method_of(syntax::token_at_start(bytes.substr(line_start_)));
}

// A line that is no field of the header.
HeadParser::Status HeadParser::take_line(std::string_view bytes, std::size_t end) {
  switch (part_) {
    case Part::fields:
      return finish(bytes);
    case Part::request_line:
      return end == line_start_ ? Status::need_more : take_request_line(bytes.substr(0, end));
    case Part::chunk:
      return take_chunk_line(bytes.substr(line_start_, end - line_start_));
    case Part::trailer:
      return take_trailer(bytes.substr(line_start_, end - line_start_));
  }
  return Status::need_more;
}

HeadParser::Status HeadParser::take_request_line(std::string_view line) {
  part_ = Part::fields;
  head_start_ = line_start_;
  const std::size_t method_end = line.find(' ', line_start_);
  const std::string_view method = line.substr(line_start_, method_end - line_start_);
  if (method_end == std::string_view::npos || !syntax::is_token(method)) {
    note_method(line);
    return refuse(ErrorKind::malformed_request, "the request line does not begin with a method");
  }
  head_.method = method == "GET" ? Method::get : method_of(method);  // nearly all are GET

  const std::size_t target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) {
    return refuse(ErrorKind::malformed_request, "the request line does not have three parts");
  }
  if (target_end - method_end - 1 > kMaxTarget) {
    return refuse_long_target(line);
  }
  const std::string_view version = line.substr(target_end + 1);
  if (!syntax::is_version(version)) {
    return refuse(ErrorKind::malformed_request, "the request line does not end with an HTTP version");
  }
  // RFC 9110 §2.5: a version with the same major number is processed as the highest minor one that this server knows.
  if (version[5] != '1') return refuse(ErrorKind::version_unsupported, "only HTTP/1.x is supported");
  head_.http_1_0 = version[7] == '0';
  return take_target(line, method_end + 1, target_end);
}

// RFC 9112 §3.2. The authority of an absolute form is checked and then ignored, because this server serves one site.
HeadParser::Status HeadParser::take_target(std::string_view line, std::size_t start, std::size_t end) {
  const std::string_view target = line.substr(start, end - start);
  if (!syntax::is_target_text(target)) {
    return refuse(ErrorKind::malformed_request, "the request target has a byte that a URL cannot have");
  }
  head_.target = span(start, end);
  std::size_t path = start;
  if (const std::size_t scheme = syntax::http_scheme_length(target); scheme != 0) {
    path = std::min(line.find_first_of("/?", start + scheme), end);
    const std::string_view authority = line.substr(start + scheme, path - start - scheme);
    if (!syntax::is_host(authority)) {
      return refuse(ErrorKind::malformed_request, "the request target names no valid host");
    }
  } else if (!target.starts_with('/')) {
    const bool connect = line.substr(line_start_, start - line_start_) == "CONNECT ";
    const bool fits = connect ? syntax::is_authority(target) : target == "*" && head_.method == Method::options;
    if (!fits) return refuse(ErrorKind::malformed_request, "the request target is not a path");
  }
  const std::size_t mark = std::min(line.find('?', path), end);
  head_.path = span(path, mark);
  if (mark < end) head_.query = span(mark + 1, end);
  return Status::need_more;
}

HeadParser::Status HeadParser::take_field(std::string_view bytes, std::size_t end) {
  const std::string_view line = bytes.substr(line_start_, end - line_start_);
  const std::size_t colon = syntax::token_at_start(line).size();
  if (check_field(line, colon) == Status::refused) return status_;
  const std::string_view value = trim(line.substr(colon + 1));
  const auto offset = static_cast<std::size_t>(value.data() - bytes.data());
  return take_known_field(line.substr(0, colon), value, offset);
}

// Checks what every line of a field must have, in a header and in a trailer. `name_end` is the end of the token at its
// start.
HeadParser::Status HeadParser::check_field(std::string_view line, std::size_t name_end) {
  if (++field_count_ > kMaxFields) return refuse(ErrorKind::headers_too_large, "more than 64 header fields");
  if (name_end != 0 && name_end != line.size() && line[name_end] == ':') return Status::need_more;
  if (line.front() == ' ' || line.front() == '\t') {
    return refuse(ErrorKind::malformed_request, "a header field is folded over two lines");
  }
  return refuse(ErrorKind::malformed_request, "a header field has no valid name");
}

HeadParser::Status HeadParser::take_known_field(std::string_view name, std::string_view value, std::size_t offset) {
  const std::size_t length = std::min(name.size(), kLongestName + 1);
  const auto& [begin, fields] = kFieldsByLength;
  for (std::size_t i = begin[length]; i < begin[length + 1]; ++i) {
    const std::size_t index = fields[i];
    if (!is_name(name, kFieldNames[index])) continue;
    const auto bit = std::uint32_t{1} << index;
    if ((head_.present & bit) == 0)
      head_.fields[index] = span(offset, offset + value.size());
    else
      head_.repeated |= bit;
    head_.present |= bit;
    return Status::need_more;
  }
  if (kFramingNames.contains(length)) take_framing_field(name, value);
  return Status::need_more;
}

void HeadParser::take_framing_field(std::string_view name, std::string_view value) {
  if (name.size() == 10 && is_name(name, "connection")) take_connection(value);
  if (name.size() == 14 && is_name(name, "content-length")) take_content_length(value);
  if (name.size() == 6 && is_name(name, "expect")) expects_continue_ |= iequals(value, "100-continue");
  if (name.size() == 17 && is_name(name, "transfer-encoding")) {
    coding_ = coding_ == Coding::none && iequals(value, "chunked") ? Coding::chunked : Coding::other;
  }
}

void HeadParser::take_connection(std::string_view value) {
  while (!value.empty()) {
    const std::string_view option = cut_member(value);
    if (iequals(option, "close")) close_ = true;
    if (iequals(option, "keep-alive")) wants_keep_alive_ = true;
  }
}

void HeadParser::take_content_length(std::string_view value) {
  if (content_length_ != Length::absent || value.empty() || value.find_first_not_of("0123456789") != value.npos) {
    content_length_ = Length::bad;
  } else {
    content_length_ = value.find_first_not_of('0') == value.npos ? Length::zero : Length::positive;
  }
}

// RFC 9112 §6.1 and §6.3: what other recipients may take for another length is refused.
HeadParser::Status HeadParser::check_framing() {
  if (content_length_ == Length::bad) {
    return refuse(ErrorKind::malformed_request, "the Content-Length is not a single number");
  }
  if (coding_ == Coding::none) return Status::need_more;
  if (content_length_ != Length::absent) {
    return refuse(ErrorKind::malformed_request, "the request has a Content-Length and a Transfer-Encoding");
  }
  if (head_.http_1_0) return refuse(ErrorKind::malformed_request, "HTTP/1.0 has no Transfer-Encoding");
  return Status::need_more;
}

HeadParser::Status HeadParser::check_host(std::string_view bytes) {
  const bool has_host = head_.has(Field::host);
  if (!has_host && !head_.http_1_0) return refuse(ErrorKind::malformed_request, "the Host field is missing");
  if (head_.repeats(Field::host)) return refuse(ErrorKind::malformed_request, "more than one Host field");
  const Span host = head_.fields[static_cast<std::size_t>(Field::host)];
  if (has_host && !syntax::is_host(bytes.substr(host.offset, host.length))) {
    return refuse(ErrorKind::malformed_request, "the Host field is not a valid host");
  }
  return Status::need_more;
}

HeadParser::Status HeadParser::finish(std::string_view bytes) {
  if (check_framing() == Status::refused || check_host(bytes) == Status::refused) return status_;
  if (coding_ == Coding::other) {
    return refuse(ErrorKind::not_implemented, "the only Transfer-Encoding that is accepted is chunked");
  }
  if (content_length_ == Length::positive || (coding_ == Coding::chunked && expects_continue_)) {
    return refuse(ErrorKind::content_too_large, "requests with a body are not accepted");
  }
  head_.keep_alive = !close_ && (!head_.http_1_0 || wants_keep_alive_);
  head_.size = scanned_;
  if (coding_ == Coding::none) return Status::complete;
  part_ = Part::chunk;
  return Status::need_more;
}

// --- An empty body in chunks ---

HeadParser::Status HeadParser::take_chunk_line(std::string_view line) {
  switch (syntax::read_chunk_line(line)) {
    case syntax::ChunkLine::last:
      part_ = Part::trailer;
      return Status::need_more;
    case syntax::ChunkLine::with_data:
      return refuse(ErrorKind::content_too_large, "requests with a body are not accepted");
    case syntax::ChunkLine::malformed:
      break;
  }
  return refuse(ErrorKind::malformed_request, "the body does not begin with the size of a chunk");
}

// The fields of a trailer are checked and ignored (RFC 9110 §6.5.1).
HeadParser::Status HeadParser::take_trailer(std::string_view line) {
  if (!line.empty()) return check_field(line, syntax::token_at_start(line).size());
  head_.size = scanned_;
  return Status::complete;
}

}  // namespace wx::http_server
