// The parser examines each byte once, from left to right, and each line when its CRLF has arrived. The first fault in
// byte order decides, so the result does not depend on how the network splits the bytes. Only rules that need the whole
// head (framing, Host) are checked at its end.
#include "http_server/head_parser.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "http_server/head_syntax.hpp"

namespace wx::http_server {
namespace {

Method method_of(std::string_view name) {
  if (name == "GET") return Method::get;
  if (name == "HEAD") return Method::head;
  if (name == "POST") return Method::post;
  if (name == "DELETE") return Method::del;
  if (name == "OPTIONS") return Method::options;
  return Method::other;
}

Span span(std::size_t start, std::size_t end) {
  return {static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(end - start)};
}

}  // namespace

HeadParser::Status HeadParser::refuse(ErrorKind kind, std::string_view detail) {
  const Method method = head_.method;
  head_ = RequestHead();
  head_.method = method;
  refusal_ = kind;
  detail_ = detail;
  return status_ = Status::refused;
}

HeadParser::Status HeadParser::feed(std::string_view bytes) {
  if (status_ != Status::need_more) return status_;
  const std::string_view visible = bytes.substr(0, kMaxHead);
  while (status_ == Status::need_more) {
    const std::size_t at = syntax::skip_text(visible, scanned_);
    scanned_ = static_cast<std::uint16_t>(at);
    if (at == visible.size()) break;
    if (visible[at] == '\n') return refuse(ErrorKind::malformed_request, "a line ends without a carriage return");
    if (visible[at] != '\r') return refuse(ErrorKind::malformed_request, "a control byte in the header");
    if (at + 1 == visible.size()) break;  // the line feed has not arrived yet
    if (visible[at + 1] != '\n') return refuse(ErrorKind::malformed_request, "a carriage return within a line");
    scanned_ = static_cast<std::uint16_t>(at + 2);
    status_ = take_line(visible, at);
    line_start_ = scanned_;
  }
  if (status_ == Status::need_more && bytes.size() >= kMaxHead) {
    if (!request_line_seen_) return refuse(ErrorKind::uri_too_long, "the request line is longer than 8 KiB");
    return refuse(ErrorKind::headers_too_large, "the header is larger than 8 KiB");
  }
  return status_;
}

HeadParser::Status HeadParser::take_line(std::string_view bytes, std::size_t end) {
  const bool empty = end == line_start_;
  if (request_line_seen_) return empty ? finish(bytes) : take_field(bytes, end);
  // RFC 9112 §2.2: a server ignores empty lines before the request line.
  return empty ? Status::need_more : take_request_line(bytes.substr(0, end));
}

HeadParser::Status HeadParser::take_request_line(std::string_view line) {
  request_line_seen_ = true;
  const std::size_t method_end = line.find(' ', line_start_);
  const std::string_view method = line.substr(line_start_, method_end - line_start_);
  if (method_end == std::string_view::npos || !syntax::is_token(method)) {
    return refuse(ErrorKind::malformed_request, "the request line does not begin with a method");
  }
  head_.method = method_of(method);

  const std::size_t target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) {
    return refuse(ErrorKind::malformed_request, "the request line does not have three parts");
  }
  if (target_end - method_end - 1 > kMaxTarget) {
    return refuse(ErrorKind::uri_too_long, "the request target is longer than 4 KiB");
  }
  const std::string_view version = line.substr(target_end + 1);
  if (!syntax::is_version(version)) {
    return refuse(ErrorKind::malformed_request, "the request line does not end with an HTTP version");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(ErrorKind::version_unsupported, "only HTTP/1.1 and HTTP/1.0 are supported");
  }
  head_.http_1_0 = version == "HTTP/1.0";
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
  } else if (!target.starts_with('/') && !(target == "*" && head_.method == Method::options)) {
    return refuse(ErrorKind::malformed_request, "the request target is not a path");
  }
  const std::size_t mark = std::min(line.find('?', path), end);
  head_.path = span(path, mark);
  if (mark < end) head_.query = span(mark + 1, end);
  return Status::need_more;
}

HeadParser::Status HeadParser::take_field(std::string_view bytes, std::size_t end) {
  if (++field_count_ > kMaxFields) return refuse(ErrorKind::headers_too_large, "more than 64 header fields");
  const std::string_view line = bytes.substr(line_start_, end - line_start_);
  if (line.front() == ' ' || line.front() == '\t') {
    return refuse(ErrorKind::malformed_request, "a header field is folded over two lines");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !syntax::is_token(line.substr(0, colon))) {
    return refuse(ErrorKind::malformed_request, "a header field has no valid name");
  }
  const std::string_view value = trim(line.substr(colon + 1));
  const auto offset = static_cast<std::size_t>(value.data() - bytes.data());
  return take_known_field(line.substr(0, colon), value, offset);
}

HeadParser::Status HeadParser::take_known_field(std::string_view name, std::string_view value, std::size_t offset) {
  for (std::size_t index = 0; index < kFields; ++index) {
    if (name.size() != kFieldNames[index].size() || !iequals(name, kFieldNames[index])) continue;
    const auto bit = static_cast<std::uint16_t>(1U << index);
    if ((head_.present & bit) == 0)
      head_.fields[index] = span(offset, offset + value.size());
    else
      head_.repeated |= bit;
    head_.present |= bit;
    return Status::need_more;
  }
  if (name.size() == 10 && iequals(name, "connection")) take_connection(value);
  if (name.size() == 14 && iequals(name, "content-length")) take_content_length(value);
  if (name.size() == 17 && iequals(name, "transfer-encoding")) transfer_encoding_ = true;
  return Status::need_more;
}

void HeadParser::take_connection(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view option = trim(value.substr(0, comma));
    if (iequals(option, "close")) close_ = true;
    if (iequals(option, "keep-alive")) wants_keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

void HeadParser::take_content_length(std::string_view value) {
  if (content_length_ != Length::absent || value.empty() || value.find_first_not_of("0123456789") != value.npos) {
    content_length_ = Length::bad;
  } else {
    content_length_ = value.find_first_not_of('0') == value.npos ? Length::zero : Length::positive;
  }
}

HeadParser::Status HeadParser::finish(std::string_view bytes) {
  if (transfer_encoding_) {
    return refuse(ErrorKind::malformed_request, "requests with a Transfer-Encoding are not accepted");
  }
  if (content_length_ == Length::bad) {
    return refuse(ErrorKind::malformed_request, "the Content-Length is not a single number");
  }
  if (content_length_ == Length::positive) {
    return refuse(ErrorKind::content_too_large, "requests with a body are not accepted");
  }
  const bool has_host = head_.has(Field::host);
  if (!has_host && !head_.http_1_0) return refuse(ErrorKind::malformed_request, "the Host field is missing");
  if (head_.repeats(Field::host)) return refuse(ErrorKind::malformed_request, "more than one Host field");
  const Span host = head_.fields[static_cast<std::size_t>(Field::host)];
  if (has_host && !syntax::is_host(bytes.substr(host.offset, host.length))) {
    return refuse(ErrorKind::malformed_request, "the Host field is not a valid host");
  }
  head_.keep_alive = !close_ && (!head_.http_1_0 || wants_keep_alive_);
  head_.size = scanned_;
  return Status::complete;
}

}  // namespace wx::http_server
