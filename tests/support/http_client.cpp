#include "support/http_client.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace wx::test {
namespace {

Headers parse_headers(std::string_view block) {
  Headers headers;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find("\r\n"), block.size());
    const std::string_view line = block.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) throw SocketError(cat("not a header: ", line));
    headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    block.remove_prefix(std::min(end + 2, block.size()));
  }
  return headers;
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data()) throw SocketError(cat("not a length: ", text));
  return value;
}

}  // namespace

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (iequals(key, name)) return value;
  }
  return {};
}

bool Answer::has(std::string_view name) const {
  return count(name) > 0;
}

int Answer::count(std::string_view name) const {
  return static_cast<int>(
      std::ranges::count_if(headers, [&](const auto& header) { return iequals(header.first, name); }));
}

HttpClient::HttpClient(std::uint16_t port, milliseconds timeout)
    : timeout_(timeout), port_(port), socket_(Socket::connect(port, timeout)) {}

Answer HttpClient::request(std::string_view method, std::string_view target, const Headers& headers) {
  send(method, target, headers);
  return read(method);
}

void HttpClient::send(std::string_view method, std::string_view target, const Headers& headers) {
  std::string bytes = cat(method, " ", target, " HTTP/1.1\r\n");
  const bool has_host = std::ranges::any_of(headers, [](const auto& header) { return iequals(header.first, "Host"); });
  if (!has_host) append(bytes, cat("Host: 127.0.0.1:", port_, "\r\n"));
  for (const auto& [name, value] : headers) append(bytes, cat(name, ": ", value, "\r\n"));
  append(bytes, "\r\n");
  sent_ = std::chrono::steady_clock::now();
  send_raw(bytes);
}

Answer HttpClient::read(std::string_view method) {
  Answer answer;
  const std::string head = take_until("\r\n\r\n");
  const std::size_t first = std::min(head.find("\r\n"), head.size());
  if (!head.starts_with("HTTP/1.1 ") || first < 12) throw SocketError(cat("not an HTTP/1.1 answer: ", head));
  answer.status = static_cast<int>(number(std::string_view(head).substr(9, 3), 10));
  answer.headers = parse_headers(std::string_view(head).substr(std::min(first + 2, head.size())));

  const bool bodyless = method == "HEAD" || answer.status == 204 || answer.status == 304;
  if (!bodyless && iequals(answer.header("Transfer-Encoding"), "chunked")) {
    while (const std::size_t size = number(take_until("\r\n"), 16)) {
      append(answer.body, take(size));
      (void)take(2);
    }
    (void)take_until("\r\n");
  } else if (!bodyless && answer.has("Content-Length")) {
    answer.body = take(number(answer.header("Content-Length"), 10));
  } else if (!bodyless) {
    while (fill()) {
    }
    answer.body = std::exchange(buffer_, {});
  }
  answer.took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - sent_);
  return answer;
}

bool HttpClient::closed_by_server() {
  return buffer_.empty() && !fill();
}

std::string HttpClient::take(std::size_t size) {
  while (buffer_.size() < size) {
    if (!fill()) throw SocketError("the connection ended within an answer");
  }
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

std::string HttpClient::take_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = buffer_.find(mark)) == std::string::npos) {
    if (!fill()) throw SocketError(cat("the connection ended within an answer's head: '", buffer_, "'"));
  }
  std::string out = buffer_.substr(0, at);
  buffer_.erase(0, at + mark.size());
  return out;
}

bool HttpClient::fill() {
  const std::string more = socket_.read_some(timeout_);
  buffer_ += more;
  return !more.empty();
}

Answer http_get(std::uint16_t port, std::string_view target, const Headers& headers) {
  HttpClient client(port);
  return client.get(target, headers);
}

std::vector<Answer> http_get_at_once(std::uint16_t port, std::string_view target, std::size_t count,
                                     const Headers& headers) {
  std::vector<HttpClient> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i) clients.emplace_back(port, milliseconds(30000));
  for (auto& client : clients) client.send("GET", target, headers);
  std::vector<Answer> answers;
  answers.reserve(count);
  for (auto& client : clients) answers.push_back(client.read());
  return answers;
}

}  // namespace wx::test
