#include "endpoints/request_id.hpp"

#include <algorithm>
#include <cstring>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::endpoints {
namespace {

bool harmless(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// The two hexadecimal digits of every byte value.
constexpr auto kHexPairs = [] {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kHex[i / 16], kHex[i % 16]};
  return pairs;
}();

bool is_dash(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash(i) ? text[i] != '-' : hex_digit(text[i]) < 0) return false;
  }
  return true;
}

}  // namespace

Uuid Uuid::make(std::uint64_t high, std::uint64_t low, char version) {
  // The variant field of RFC 9562 §4.1.
  low = (low & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
  Uuid uuid;
  char* at = uuid.text_.data();
  const auto put = [&at](std::uint64_t word, int from, int to) {
    for (int shift = from; shift > to; shift -= 8) {
      const auto& pair = kHexPairs[(word >> (shift - 8)) & 255];
      *at++ = pair[0];
      *at++ = pair[1];
    }
  };
  const auto dash = [&at] { *at++ = '-'; };
  put(high, 64, 32);
  dash();
  put(high, 32, 16);
  dash();
  put(high, 16, 0);
  dash();
  put(low, 64, 48);
  dash();
  put(low, 48, 0);
  uuid.text_[14] = version;
  return uuid;
}

Uuid Uuid::random(Random& random) {
  const auto high = random.next();
  return make(high, random.next(), '4');
}

Uuid Uuid::from_text(std::string_view text) {
  if (is_uuid(text)) {
    Uuid same;
    std::ranges::copy(text, same.text_.begin());
    return same;
  }
  const auto high = hash64(text);
  return make(high, hash64(text, high), '8');
}

RequestId::RequestId(std::optional<std::string_view> sent, Random& random) {
  const auto copy = [this](std::string_view text) {
    std::memcpy(text_.data(), text.data(), text.size());
    size_ = text.size();
  };
  if (sent && harmless(*sent)) {
    copy(*sent);
  } else {
    copy(Uuid::random(random).text());
  }
}

Uuid RequestId::uuid() const {
  return Uuid::from_text(text());
}

}  // namespace wx::endpoints
