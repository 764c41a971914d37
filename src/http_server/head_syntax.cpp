#include "http_server/head_syntax.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/ip_address.hpp"
#include "base/text.hpp"
#include "http_server/list.hpp"

namespace wx::http_server::syntax {
namespace {

using Alphabet = std::array<bool, 256>;

constexpr Alphabet alphabet(std::string_view others) {
  Alphabet set{};
  for (unsigned c = '0'; c <= '9'; ++c) set[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) set[c] = set[c + 32] = true;
  for (const char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr Alphabet kToken = alphabet("!#$%&'*+-.^_`|~");
constexpr Alphabet kRegName = alphabet("-._~!$&'()*+,;=");
constexpr Alphabet kIpFuture = alphabet("-._~!$&'()*+,;=:");

constexpr Alphabet kTargetText = [] {
  Alphabet set{};
  for (unsigned c = ' ' + 1; c < 0x7f; ++c) set[c] = c != '#';
  return set;
}();

bool all_of(std::string_view text, const Alphabet& set) {
  return std::ranges::all_of(text, [&set](char c) { return set[static_cast<unsigned char>(c)]; });
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// The usual bit tricks for "has a byte less than n" and "has a zero byte" on eight bytes at a time. The result has the
// high bit of each matching byte set. A borrow or a carry can set wrong bits above a matching byte, but not below the
// first one, so the lowest bit is always right.
constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighs = 0x8080808080808080U;

std::uint64_t word_at(std::string_view bytes, std::size_t from) {
  std::uint64_t word = 0;
  std::memcpy(&word, &bytes[from], sizeof word);
  // The first byte must be the least significant one.
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}
constexpr std::uint64_t less_than(std::uint64_t word, unsigned char n) {
  return (word - kOnes * n) & ~word & kHighs;
}
constexpr std::uint64_t equal_to(std::uint64_t word, unsigned char c) {
  const std::uint64_t zero_where_equal = word ^ (kOnes * c);
  return (zero_where_equal - kOnes) & ~zero_where_equal & kHighs;
}
// Finds bytes that a target must not contain: control bytes, space, '#', DEL and above.
constexpr std::uint64_t no_target_text(std::uint64_t word) {
  return less_than(word, ' ' + 1) | equal_to(word, '#') | ((word | (word + kOnes)) & kHighs);
}

// reg-name with at least one percent escape.
bool is_escaped_name(std::string_view text) {
  while (!text.empty()) {
    const bool escape = text.size() >= 3 && text[0] == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0;
    if (!escape && !kRegName.at(static_cast<unsigned char>(text.front()))) return false;
    text.remove_prefix(escape ? 3 : 1);
  }
  return true;
}

// IPv6address or IPvFuture: what stands between the brackets of an IP-literal.
bool is_ip_literal(std::string_view text) {
  if (!text.starts_with('v') && !text.starts_with('V')) return text.contains(':') && parse_ip(text).has_value();
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto is_hex = [](char c) { return hex_digit(c) >= 0; };
  return dot > 1 && std::ranges::all_of(text.substr(1, dot - 1), is_hex) && dot + 1 < text.size() &&
         all_of(text.substr(dot + 1), kIpFuture);
}

// Removes spaces and tabs, which the grammar calls bad whitespace, from the start of `text`.
void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool skip_token(std::string_view& text) {
  const std::size_t length = token_at_start(text).size();
  text.remove_prefix(length);
  return length != 0;
}

// chunk-ext: any number of ";" name [ "=" value ]
bool is_chunk_extension(std::string_view text) {
  while (!text.empty()) {
    skip_spaces(text);
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    skip_spaces(text);
    if (!skip_token(text)) return false;
    auto value = text;
    skip_spaces(value);
    if (!value.starts_with('=')) continue;
    value.remove_prefix(1);
    skip_spaces(value);
    if (value.starts_with('"')) {
      const std::size_t length = quoted_string_length(value);
      if (length == 0) return false;
      value.remove_prefix(length);
    } else if (!skip_token(value)) {
      return false;
    }
    text = value;
  }
  return true;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::size_t skip_text(std::string_view bytes, std::size_t from) {
  while (from + 8 <= bytes.size()) {
    const std::uint64_t word = word_at(bytes, from);
    const std::uint64_t found = less_than(word, 0x20) | equal_to(word, 0x7f);
    if (found == 0) {
      from += 8;
      continue;
    }
    from += static_cast<std::size_t>(std::countr_zero(found)) / 8;
    if (bytes[from] != '\t') return from;
    ++from;
  }
  while (from < bytes.size() && !is_control(bytes[from])) ++from;
  return from;
}

bool is_token(std::string_view text) {
  return !text.empty() && all_of(text, kToken);
}

std::string_view token_at_start(std::string_view text) {
  const auto* const end = std::ranges::find_if_not(text, [](char c) { return kToken[static_cast<unsigned char>(c)]; });
  return {text.begin(), end};
}

bool is_target_text(std::string_view text) {
  if (text.empty()) return false;
  while (text.size() >= 8) {
    if (no_target_text(word_at(text, 0)) != 0) return false;
    text.remove_prefix(8);
  }
  return all_of(text, kTargetText);
}

bool is_version(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' && digit(text[7]);
}

std::size_t http_scheme_length(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (iequals(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ip_literal(text.substr(1, close - 1))) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  if (name.empty() || (!all_of(name, kRegName) && !is_escaped_name(name))) return false;
  return colon == text.size() || is_port(text.substr(colon + 1));
}

bool is_authority(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  return colon != std::string_view::npos && colon + 1 < text.size() && text.back() != ']' && is_host(text);
}

ChunkLine read_chunk_line(std::string_view line) {
  const auto* const end = std::ranges::find_if(line, [](char c) { return hex_digit(c) < 0; });
  const std::string_view size(line.begin(), end);
  if (size.empty() || !is_chunk_extension(line.substr(size.size()))) return ChunkLine::malformed;
  return size.find_first_not_of('0') == std::string_view::npos ? ChunkLine::last : ChunkLine::with_data;
}

}  // namespace wx::http_server::syntax
