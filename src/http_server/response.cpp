#include "http_server/response.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace wx::http_server {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr auto kReasons = std::to_array<Reason>({
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});

// Empty for a status that is not in the table, as RFC 9112 §4 allows.
std::string_view reason(int status) {
  const auto* const found = std::ranges::find(kReasons, status, &Reason::status);
  return found == kReasons.end() ? std::string_view() : found->phrase;
}

}  // namespace

void append_response(std::string& out, const ResponseHead& head, std::initializer_list<std::string_view> body) {
  const bool has_length = head.status != 204 && head.status != 304;
  std::size_t length = 0;
  for (const std::string_view part : body) length += part.size();
  const bool send_body = has_length && !head.without_body;

  constexpr std::size_t kOwnLines = 192;  // more than the status line, Date, Content-Length and Connection take
  const std::size_t needed = out.size() + kOwnLines + head.headers.size() + (send_body ? length : 0);
  if (out.capacity() < needed) out.reserve(std::max(needed, out.capacity() * 2));

  append(out, "HTTP/1.1 ");
  append(out, head.status);
  append(out, ' ');
  append(out, reason(head.status));
  append(out, "\r\nDate: ");
  append(out, head.date);
  append(out, "\r\n");
  if (has_length) {
    append(out, "Content-Length: ");
    append(out, length);
    append(out, "\r\n");
  }
  if (head.connection == ConnectionField::close) append(out, "Connection: close\r\n");
  if (head.connection == ConnectionField::keep_alive) append(out, "Connection: keep-alive\r\n");
  append(out, head.headers);
  append(out, "\r\n");
  if (send_body) {
    for (const std::string_view part : body) append(out, part);
  }
}

}  // namespace wx::http_server
