// A response as bytes (RFC 9112 §4, §6).
// Thread-safety: pure function.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace wx::http_server {

// What the Connection field has to say: nothing, where the version's default is meant.
enum class ConnectionField { none, close, keep_alive };

struct ResponseHead {
  int status = 200;
  std::string_view date = {};
  ConnectionField connection = ConnectionField::none;
  // Complete lines, CRLF included.
  std::string_view headers = {};
  // The answer to HEAD: Content-Length of the body that GET would have got, and no body.
  bool without_body = false;
};

// Appends the whole response, growing `out` at most once.
void append_response(std::string& out, const ResponseHead& head, std::initializer_list<std::string_view> body);

}  // namespace wx::http_server
