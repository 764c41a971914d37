// Builds, escapes, parses and compares text. cat() and append() stand in for <format>, which some of the standard
// libraries that this builds with lack. wx, the namespace of the whole program, is short for weather cache.
//
// Thread-safety: pure functions.
#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wx {

// Appends `text`, which must not point into `out`. Inline, because an answer is built from some forty pieces, and most
// are literals whose length the compiler then knows.
inline void append(std::string& out, std::string_view text) {
  const std::size_t before = out.size();
  // The second argument is ignored: libstdc++ 12 passes the new capacity there instead of the requested size.
  out.resize_and_overwrite(before + text.size(), [before, text](char* to, std::size_t) {
    text.copy(to + before, text.size());
    return before + text.size();
  });
}
inline void append(std::string& out, const char* text) {
  append(out, std::string_view(text));
}
inline void append(std::string& out, const std::string& text) {
  append(out, std::string_view(text));
}
// Appends an integer in decimal.
template <std::integral T>
void append(std::string& out, T value) {
  char buffer[24];
  const char* const end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  append(out, std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
}
inline void append(std::string& out, char c) {
  out.push_back(c);
}

// Appends a number with a fixed count of decimals.
void append_fixed(std::string& out, double value, int decimals);

// All parts in one string: text, characters and integers. For other numbers see append_fixed().
template <class... Parts>
[[nodiscard]] std::string cat(const Parts&... parts) {
  std::string out;
  (append(out, parts), ...);
  return out;
}

// Appends `text` as the inside of a JSON string (RFC 8259 §7), without the quotes. Bytes that are not UTF-8 become
// U+FFFD, so the result is always valid JSON.
void append_json_escaped(std::string& out, std::string_view text);

// The same with the quotes.
void append_json_string(std::string& out, std::string_view text);

// Appends `text` so that it is safe in HTML text and in a quoted attribute.
void append_html_escaped(std::string& out, std::string_view text);

// The value of a hexadecimal digit of either case, or -1.
[[nodiscard]] constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// How percent-decoding reads a '+': as itself (RFC 3986), or as a space (HTML forms: WHATWG URL,
// application/x-www-form-urlencoded).
enum class Plus : std::uint8_t { literal, space };

// Appends `text` with every %XX decoded. Returns false, with nothing appended, if an escape is malformed.
[[nodiscard]] bool append_percent_decoded(std::string& out, std::string_view text, Plus plus);

// The decoded text, or nothing if an escape is malformed.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, Plus plus);

// Whether the two are equal, ignoring the case of ASCII letters.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);

// `text` without leading and trailing spaces and tabs.
[[nodiscard]] std::string_view trim(std::string_view text);

// The whole of `text` as an unsigned decimal number, or nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);

// Yes or no: "true", "on", "yes", "1" and their opposites; case does not matter.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

// Whether parse_scaled() refuses a product that is not a whole number, or drops the fraction.
enum class Fraction : std::uint8_t { refuse, drop };

// The number `text` ("64", "1.5") times `unit`, which is at most 2^40. Nothing for any other text, if the product is
// above `most`, or for more than six decimals.
[[nodiscard]] std::optional<std::uint64_t> parse_scaled(std::string_view text, std::uint64_t unit, std::uint64_t most,
                                                        Fraction fraction = Fraction::refuse);

// A duration such as "300ms", "10s", "1.5h", "1h 30m" or "15 minutes": units of decreasing size, in any case, with or
// without spaces around them. A number alone ("900") is in seconds. Nothing for any other text, for a part of a
// millisecond, or above ten years; nor for the unit M, which is also that of months (systemd).
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest text that parse_duration() reads back: "0", "1500ms", "10s", "5m", "24h".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds span);

// Compares secrets: the time it takes depends on their lengths, not on where they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace wx
