// Random bytes as values of Redis. Decoding never crashes, a value that decodes is exactly the one that encode()
// writes, and every entry survives a round trip.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cache/codec.hpp"
#include "require.hpp"

namespace {

using wx::cache::Entry;
using wx::fuzz::require;

std::string encoded(std::string_view key, const Entry& entry) {
  std::string value;
  wx::cache::encode_head(key, entry, value);
  value += entry.body;
  return value;
}

// The key that a value names; a fixed one if it names none.
std::string_view key_in(std::string_view value) {
  constexpr std::string_view kBefore = "wx2 key=";
  if (!value.starts_with(kBefore)) return "weather:52.52:13.41";
  value.remove_prefix(kBefore.size());
  return value.substr(0, value.find_first_of(" \n"));
}

// A value that decodes must be the only encoding of its key and entry. Values of 0.1.0 are only read.
void decode_any(std::string_view value) {
  const auto key = key_in(value);
  const auto entry = wx::cache::decode(key, value);
  if (!entry) return;
  require(!wx::cache::is_of_later_version(value));
  require(value.starts_with("wx1 ") || encoded(key, *entry) == value);
}

// Takes numbers and texts off the front of the input.
class Input {
 public:
  explicit Input(std::string_view rest) : rest_(rest) {}

  std::uint64_t number(std::uint64_t most) {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return most == ~0ULL ? value : value % (most + 1);
  }
  wx::milliseconds span(std::uint64_t most) { return wx::milliseconds(static_cast<std::int64_t>(number(most))); }
  // Visible ASCII without quotes.
  std::string token() {
    std::string out;
    for (auto length = byte() % 40; length > 0; --length) {
      const char c = static_cast<char>('!' + byte() % 94);
      out += c == '"' ? '\'' : c;
    }
    return out;
  }
  // Any bytes.
  std::string text() {
    std::string out;
    for (auto length = byte() % 40; length > 0; --length) out += static_cast<char>(byte());
    return out;
  }
  // Visible ASCII and spaces.
  std::string header() {
    std::string out;
    for (auto length = byte() % 40; length > 0; --length) out += static_cast<char>(' ' + byte() % 95);
    return out;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
};

void round_trip(std::string_view bytes) {
  constexpr std::uint64_t kTenYears = 10ULL * 366 * 24 * 3'600'000;
  Input input(bytes);
  Entry entry;
  entry.stored_at = wx::WallTime(input.span(1ULL << 52));
  entry.spans = {
      .fresh_for = input.span(kTenYears), .stale_for = input.span(kTenYears), .keep_for = input.span(kTenYears)};
  entry.epoch = input.number(~0ULL);
  entry.kind = input.number(1) == 0 ? wx::cache::EntryKind::answer : wx::cache::EntryKind::refusal;
  entry.early_refresh = input.number(1) == 0;
  const auto key = input.token();
  entry.content_type = input.header();
  entry.etag = input.token();
  if (input.number(1) == 0) {
    entry.encoding = wx::cache::Encoding::gzip;
    entry.decoded_size = input.number(~0ULL);
  }
  entry.content_disposition = input.header();
  entry.question = input.text();
  entry.body = wx::Body::copy_of(input.rest());

  std::string value = encoded(key, entry);
  const auto back = wx::cache::decode(key, value);
  require(back && *back == entry);
  require(!wx::cache::decode(key + "0", value));

  // Changing any one byte makes the value undecodable.
  const auto at = wx::hash64(bytes) % value.size();
  value[at] = static_cast<char>(value[at] + 1);
  require(!wx::cache::decode(key, value));
  value[at] = static_cast<char>(value[at] - 1);
  require(!wx::cache::decode(key, std::string_view(value).substr(0, at)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  decode_any(input);

  // A correct checksum lets random lines past that check.
  const auto end = std::min(input.find('\n'), input.size());
  const auto line = input.substr(0, end);
  const auto body = input.substr(std::min(end + 1, input.size()));
  const wx::ContentTag sum(wx::content_hash(body, wx::content_hash(line)));
  decode_any(wx::cat(line, " sum=", sum.view(), "\n", body));

  round_trip(input);
  return 0;
}
