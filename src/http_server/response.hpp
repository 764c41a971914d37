// Serializes a response (RFC 9112 §4, §6).
//
// Thread-safety: pure function.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "http_server/body_part.hpp"

namespace wx::http_server {

// The Connection field of a response: none if the default of the HTTP version applies.
enum class ConnectionField { none, close, keep_alive };

struct ResponseHead {
  int status = 200;
  std::string_view date = {};
  ConnectionField connection = ConnectionField::none;
  // Complete lines, including CRLF.
  std::string_view headers = {};
  // For HEAD: sends the Content-Length of the body, but not the body.
  bool without_body = false;
};

// A large part of a body, sent by reference after the first `position` copied bytes.
struct KeptBody {
  std::size_t position;
  Body body;
};

// Appends a response: the head and the small parts of the body to `out`, which is reallocated at most once, and the
// parts that are kept by reference to `kept`, in the order in which they are sent.
void append_response(std::string& out, std::vector<KeptBody>& kept, const ResponseHead& head,
                     std::initializer_list<BodyPart> body);

}  // namespace wx::http_server
