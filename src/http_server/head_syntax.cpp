#include "http_server/head_syntax.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/text.hpp"

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
constexpr Alphabet kRegName = alphabet("-._~%!$&'()*+,;=");
constexpr Alphabet kIpLiteral = alphabet("-._~!$&'()*+,;=:");

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

// Whether any of eight bytes is below 0x20 or equal to 0x7f (a false alarm on TAB is sorted out byte by byte). The
// classic tests for "a byte less than n" and "a zero byte" in a word.
bool may_have_control(const char* eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  const std::uint64_t low = (word - kOnes * 0x20) & ~word;
  const std::uint64_t flipped = word ^ (kOnes * 0x7f);
  const std::uint64_t del = (flipped - kOnes) & ~flipped;
  return ((low | del) & kHighs) != 0;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::size_t skip_text(std::string_view bytes, std::size_t from) {
  while (true) {
    while (from + 8 <= bytes.size() && !may_have_control(bytes.data() + from)) from += 8;
    const std::size_t stop = std::min(from + 8, bytes.size());
    for (; from < stop; ++from) {
      if (is_control(bytes[from])) return from;
    }
    if (from == bytes.size()) return from;
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && all_of(text, kToken);
}

bool is_target_text(std::string_view text) {
  return !text.empty() && all_of(text, kTargetText);
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
    if (close == std::string_view::npos || close == 1 || !all_of(text.substr(1, close - 1), kIpLiteral)) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  if (colon == 0 || !all_of(text.substr(0, colon), kRegName)) return false;
  return colon == text.size() || is_port(text.substr(colon + 1));
}

}  // namespace wx::http_server::syntax
