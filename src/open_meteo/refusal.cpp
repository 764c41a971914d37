#include "open_meteo/refusal.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <simdjson.h>

#include "base/text.hpp"
#include "open_meteo/body_text.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLongestReason = 200;

// The length of the UTF-8 sequence that begins with `first`. The text must be valid UTF-8.
std::size_t sequence_length(char first) {
  const auto byte = static_cast<std::uint8_t>(first);
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

// Returns false for characters that break or reorder the line in which they are shown: C0, DEL, C1, U+200E/F,
// U+2028..202E, U+2066..2069, U+FEFF.
bool is_printable(std::string_view c) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(c[i]); };
  if (c.size() == 1) return byte(0) >= 0x20 && byte(0) != 0x7f;
  if (c.size() == 2) return !(byte(0) == 0xc2 && byte(1) < 0xa0);
  if (c.size() != 3) return true;
  if (byte(0) == 0xe2 && byte(1) == 0x80) return byte(2) < 0x8e || (byte(2) > 0x8f && byte(2) < 0xa8) || byte(2) > 0xae;
  if (byte(0) == 0xe2 && byte(1) == 0x81) return byte(2) < 0xa6 || byte(2) > 0xa9;
  return c != "\xef\xbb\xbf";
}

// Returns `text`, which must be valid UTF-8, with a space for each unprintable character.
std::string cleaned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto c = text.substr(0, sequence_length(text.front()));
    out += is_printable(c) ? c : " ";
    text.remove_prefix(c.size());
  }
  return std::string(trim(out));
}

bool mentions(std::string_view text, std::string_view word) {
  return !std::ranges::search(text, word, [](char a, char b) { return iequals({&a, 1}, {&b, 1}); }).empty();
}

// The customers' host answers an invalid key with 400, although the query is not at fault. A reason may also quote the
// query, in which a client can write what it likes: so only whole sentences count.
bool is_about_key(std::string_view reason) {
  constexpr auto kSentences = std::to_array<std::string_view>({"The supplied API key is", "API key required"});
  return std::ranges::any_of(kSentences, [reason](std::string_view sentence) { return reason.starts_with(sentence); });
}

ErrorKind kind_of(int status, std::string_view reason) {
  switch (status) {
    case 400:
      // Without a reason it is no answer of the provider's to this query (see refusal()).
      if (reason.empty()) return ErrorKind::provider_error;
      return is_about_key(reason) ? ErrorKind::provider_denied : ErrorKind::provider_refused;
    case 401:
    case 403:
      return ErrorKind::provider_denied;
    case 429:
      return ErrorKind::provider_limited;
    default:
      return status >= 400 ? ErrorKind::provider_error : ErrorKind::provider_bad_reply;
  }
}

// Whether the Content-Type is one of those that the provider's answers have.
bool is_answer_type(std::string_view content_type) {
  constexpr std::array<std::string_view, 3> kTypes{"text/csv", "application/octet-stream",
                                                   "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"};
  const auto type = trim(content_type.substr(0, content_type.find(';')));
  return is_json_type(content_type) ||
         std::ranges::any_of(kTypes, [&](std::string_view known) { return iequals(type, known); });
}

}  // namespace

std::string read_reason(std::string_view body) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(without_byte_order_mark(body));
  simdjson::dom::object object;
  std::string_view reason;
  if (parser.parse(padded).get_object().get(object) != simdjson::SUCCESS) return {};
  if (object["reason"].get_string().get(reason) != simdjson::SUCCESS) return {};
  return cleaned(reason);
}

std::string shortened(std::string_view reason) {
  std::size_t end = 0;
  while (end < reason.size() && end + sequence_length(reason[end]) <= kLongestReason) {
    end += sequence_length(reason[end]);
  }
  return std::string(reason.substr(0, end));
}

bool is_about_concurrency(std::string_view reason) {
  return mentions(reason, "concurrent");
}

milliseconds limit_lasts(std::string_view reason, WallTime now) {
  constexpr milliseconds kSweep = 60s;
  if (is_about_concurrency(reason)) return 2s;
  const auto to_next = [now](auto window) {
    return std::chrono::duration_cast<milliseconds>(std::chrono::floor<decltype(window)>(now) + window - now);
  };
  if (mentions(reason, "daily") || mentions(reason, "tomorrow")) return to_next(std::chrono::days(1)) + kSweep;
  if (mentions(reason, "hourly")) return to_next(std::chrono::hours(1)) + kSweep;
  return to_next(std::chrono::minutes(1)) + 1s;
}

Error refusal(int status, std::string_view body, WallTime now) {
  Error error;
  std::string reason = read_reason(body);
  error.kind = kind_of(status, reason);
  error.provider_status = status;
  // Without a reason it is not the provider that rejects the query, but something in front of it, or in its place: a
  // web page, say.
  error.of_query = error.kind == ErrorKind::provider_error && status < 500 && !reason.empty();
  if (status == 429) error.retry_after = limit_lasts(reason, now);
  error.detail = reason.empty() ? cat("the provider answered with status ", status) : std::move(reason);
  return error;
}

Error incomplete(const Reply& reply, WallTime now) {
  const int status = reply.status;
  if (status < 200 || status > 299) return refusal(status, {}, now);
  Error error = *reply.body_fault;
  error.provider_status = status;
  // Whoever answers with something else than weather, or with an error, is not the provider at its work.
  error.of_query = error.of_query && status == 200 && is_answer_type(reply.content_type) && !is_web_page(reply.body);
  return error;
}

}  // namespace wx::open_meteo
