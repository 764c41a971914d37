#include "http_server/response.hpp"

#include <algorithm>
#include <array>

#include "base/piece_writer.hpp"
#include "base/text.hpp"

namespace wx::http_server {
namespace {

struct StatusText {
  int status;
  std::string_view text;
};
constexpr auto kStatusTexts = std::to_array<StatusText>({
    {200, "200 OK"},
    {202, "202 Accepted"},
    {204, "204 No Content"},
    {301, "301 Moved Permanently"},
    {302, "302 Found"},
    {303, "303 See Other"},
    {304, "304 Not Modified"},
    {307, "307 Temporary Redirect"},
    {308, "308 Permanent Redirect"},
    {400, "400 Bad Request"},
    {401, "401 Unauthorized"},
    {403, "403 Forbidden"},
    {404, "404 Not Found"},
    {405, "405 Method Not Allowed"},
    {406, "406 Not Acceptable"},
    {408, "408 Request Timeout"},
    {409, "409 Conflict"},
    {412, "412 Precondition Failed"},
    {413, "413 Content Too Large"},
    {414, "414 URI Too Long"},
    {429, "429 Too Many Requests"},
    {431, "431 Request Header Fields Too Large"},
    {500, "500 Internal Server Error"},
    {501, "501 Not Implemented"},
    {502, "502 Bad Gateway"},
    {503, "503 Service Unavailable"},
    {504, "504 Gateway Timeout"},
    {505, "505 HTTP Version Not Supported"},
});

// Writes the status line, whose reason phrase is empty for a status outside the table (RFC 9112 §4).
void put_status(PieceWriter& to, int status) {
  if (status == 200) return to.put("HTTP/1.1 200 OK\r\n");
  to.put("HTTP/1.1 ");
  const auto* const found = std::ranges::find(kStatusTexts, status, &StatusText::status);
  if (found != kStatusTexts.end()) {
    to.put(found->text);
  } else {
    to.put(status);
    to.put(" ");
  }
  to.put("\r\n");
}

// The total size of the parts that are not kept by reference.
std::size_t copied_size(std::initializer_list<BodyPart> body) {
  std::size_t size = 0;
  for (const BodyPart& part : body) size += part.kept() ? 0 : part.size();
  return size;
}

}  // namespace

void append_response(std::string& out, std::vector<KeptBody>& kept, const ResponseHead& head,
                     std::initializer_list<BodyPart> body) {
  const bool has_length = head.status != 204 && head.status != 304;
  const bool send_body = has_length && !head.without_body;
  std::size_t length = 0;
  for (const BodyPart& part : body) length += part.size();
  const std::size_t copied = length < BodyPart::kSmallestKept ? length : copied_size(body);

  constexpr std::size_t kOwnLines = 192;  // exceeds the status line, Content-Length and Connection
  const std::size_t most = kOwnLines + head.date.size() + head.headers.size();
  const std::size_t needed = out.size() + most + (send_body ? copied : 0);
  if (out.capacity() < needed) out.reserve(std::max(needed, out.capacity() * 2));

  append_within(out, most, [&](PieceWriter& to) {
    put_status(to, head.status);
    to.put("Date: ");
    to.put(head.date);
    if (has_length) {
      to.put("\r\nContent-Length: ");
      to.put(length);
    }
    to.put("\r\n");
    if (head.connection == ConnectionField::close) to.put("Connection: close\r\n");
    if (head.connection == ConnectionField::keep_alive) to.put("Connection: keep-alive\r\n");
    to.put(head.headers);
    to.put("\r\n");
  });
  if (!send_body) return;
  for (const BodyPart& part : body) {
    if (part.kept()) {
      kept.push_back({out.size(), part.body()});
    } else {
      append(out, part.text());
    }
  }
}

}  // namespace wx::http_server
