#include "http_client/header_times.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

#include <curl/curl.h>

#include "base/text.hpp"

namespace wx::http_client {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kLongestDelta{1LL << 31};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text) {
  text = trim(text);
  // curl_getdate() also takes dates without a time, and numbers. Every HTTP-date begins with the name of a day and has
  // a time.
  if (text.empty() || !is_letter(text.front()) || !text.contains(':')) return std::nullopt;
  const std::time_t time = curl_getdate(std::string(text).c_str(), nullptr);
  if (time < 0) return std::nullopt;
  return sys_seconds(seconds(time));
}

std::optional<seconds> parse_delta_seconds(std::string_view text) {
  text = trim(text);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  long long count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc{}) return kLongestDelta;
  return std::min(seconds(count), kLongestDelta);
}

std::optional<RetryAfter> parse_retry_after(std::string_view text) {
  if (const auto wait = parse_delta_seconds(text)) return RetryAfter(*wait);
  if (const auto end = parse_http_date(text)) return RetryAfter(*end);
  return std::nullopt;
}

}  // namespace wx::http_client
