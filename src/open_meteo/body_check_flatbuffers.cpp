// FlatBuffers: one message for each location and model, each after its size in four bytes. A message begins with the
// position of its root table. The table begins with the distance back to its vtable, which lists where in the table
// each field is; 0 stands for a field that has its default value. All numbers are little-endian
// (https://flatbuffers.dev/internals/). The fields are those of WeatherApiResponse in the provider's
// flatbuffers/weather_api.fbs (https://github.com/open-meteo/sdk).
//
// Builders write from the end to the beginning, and the root table last. So the beginning of a message holds all that
// is checked here, and the values behind it can pass by.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "open_meteo/body_check_formats.hpp"
#include "open_meteo/utc_offsets.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::size_t kSizeBytes = 4;
// How much of a message is kept until it can be read.
constexpr std::size_t kLongestHead = 64UL * 1024;

constexpr std::size_t kLatitude = 0;
constexpr std::size_t kLongitude = 1;
constexpr std::size_t kGenerationTime = 3;
constexpr std::size_t kUtcOffset = 6;

template <class Number>
std::optional<Number> read(std::string_view bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(Number)) return std::nullopt;
  Number value = 0;
  for (std::size_t i = sizeof(Number); i > 0; --i) {
    value = static_cast<Number>(value << 8 | static_cast<std::uint8_t>(bytes[at + i - 1]));
  }
  return value;
}

// The root table of a message.
class Root {
 public:
  // Nothing if the table or its vtable is not within `head`, the beginning of a message.
  static std::optional<Root> find(std::string_view head) {
    const auto table = read<std::uint32_t>(head, 0);
    if (!table) return std::nullopt;
    const auto back = read<std::uint32_t>(head, *table);
    if (!back) return std::nullopt;
    // The distance is signed. Below zero, the vtable comes after the table.
    const std::int64_t vtable = static_cast<std::int64_t>(*table) - std::bit_cast<std::int32_t>(*back);
    if (vtable < 0) return std::nullopt;
    const auto vtable_at = static_cast<std::size_t>(vtable);
    const auto vtable_size = read<std::uint16_t>(head, vtable_at);
    const auto table_size = read<std::uint16_t>(head, vtable_at + 2);
    if (!vtable_size || !table_size || *vtable_size < 4 || *vtable_size % 2 != 0 || *table_size < 4) {
      return std::nullopt;
    }
    if (head.size() - vtable_at < *vtable_size || head.size() - *table < *table_size) return std::nullopt;
    return Root(head.substr(vtable_at, *vtable_size), head.substr(*table, *table_size), *table);
  }

  // Whether the fields that the vtable has lie within the table.
  [[nodiscard]] bool is_in_bounds() const {
    for (std::size_t slot = 0; 4 + 2 * slot < vtable_.size(); ++slot) {
      if (place(slot) >= fields_.size()) return false;
    }
    return true;
  }

  // A field of four bytes: the value, 0 if it has its default, or nothing if it does not fit into the table.
  [[nodiscard]] std::optional<std::uint32_t> field(std::size_t slot) const {
    const std::size_t at = place(slot);
    return at == 0 ? 0 : read<std::uint32_t>(fields_, at);
  }

  // Where in the message the table ends.
  [[nodiscard]] std::size_t end() const { return table_at_ + fields_.size(); }
  // Where in the message a field that is there begins.
  [[nodiscard]] std::size_t position(std::size_t slot) const { return place(slot) == 0 ? 0 : table_at_ + place(slot); }

 private:
  Root(std::string_view vtable, std::string_view fields, std::size_t table_at)
      : vtable_(vtable), fields_(fields), table_at_(table_at) {}

  [[nodiscard]] std::size_t place(std::size_t slot) const {
    return read<std::uint16_t>(vtable_, 4 + 2 * slot).value_or(0);
  }

  std::string_view vtable_;
  std::string_view fields_;
  std::size_t table_at_;
};

// Looks for a missing value among the numbers of a message. Series of Float32 lie at multiples of four bytes, and a
// missing value is the NaN of the processor, with either sign. Other numbers hardly have these bytes.
class GapFinder {
 public:
  // `at` is where in the message `bytes` begin. Their pieces must come one after the other.
  void feed(std::size_t at, std::string_view bytes) {
    for (; !bytes.empty() && (at % 4 != 0 || bytes.size() < 4); ++at, bytes.remove_prefix(1)) {
      word_ = word_ >> 8 | static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes.front())) << 24;
      if (at % 4 == 3) found_ |= is_missing(word_);
    }
    bool found = false;
    for (; bytes.size() >= 4; at += 4, bytes.remove_prefix(4)) {
      if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word_, bytes.data(), 4);
      } else {
        word_ = *read<std::uint32_t>(bytes, 0);
      }
      found |= is_missing(word_);
    }
    found_ |= found;
    if (!bytes.empty()) feed(at, bytes);
  }

  [[nodiscard]] bool found() const { return found_; }

 private:
  static bool is_missing(std::uint32_t word) { return (word & 0x7fffffffU) == 0x7fc00000U; }

  std::uint32_t word_ = 0;
  bool found_ = false;
};

class FlatbuffersCheck final : public BodyCheck {
 public:
  explicit FlatbuffersCheck(const Asked& asked) : asked_(asked) {}

 private:
  void on_piece(std::string_view piece) override {
    while (!piece.empty() && !is_broken_) {
      const auto taken = piece.substr(0, wanted());
      piece.remove_prefix(taken.size());
      if (in_values_) {
        gaps_.feed(message_size_ - values_left_, taken);
        values_left_ -= taken.size();
        hash(taken);
        in_values_ = values_left_ > 0;
      } else {
        head_ += taken;
        on_head();
      }
    }
  }

  // The number of bytes until the next step.
  [[nodiscard]] std::size_t wanted() const {
    if (in_values_) return values_left_;
    return head_size_ - head_.size();
  }

  // The size of the message, or its beginning, is complete.
  void on_head() {
    if (head_.size() < head_size_) return;
    if (head_size_ == kSizeBytes) {
      message_size_ = read<std::uint32_t>(head_, 0).value_or(0);
      if (message_size_ < kSizeBytes) is_broken_ = true;
      head_size_ = kSizeBytes + std::min(message_size_, kLongestHead);
      return;
    }
    const auto root = Root::find(std::string_view(head_).substr(kSizeBytes));
    is_broken_ = !root || !read_root(*root);
    hash(head_);
    ++messages_;
    values_left_ = kSizeBytes + message_size_ - head_.size();
    in_values_ = values_left_ > 0;
    head_.clear();
    head_size_ = kSizeBytes;
  }

  // False if the message is not one of the provider's.
  bool read_root(const Root& root) {
    const auto latitude = root.field(kLatitude);
    const auto longitude = root.field(kLongitude);
    const auto offset = root.field(kUtcOffset);
    const auto generation_time = root.field(kGenerationTime);
    if (!root.is_in_bounds() || !latitude || !longitude || !offset || !generation_time) return false;
    for (const float coordinate : {std::bit_cast<float>(*latitude), std::bit_cast<float>(*longitude)}) {
      if (std::isinf(coordinate)) return false;
      has_nan_ = has_nan_ || std::isnan(coordinate);
    }
    if (!offsets_.add(std::bit_cast<std::int32_t>(*offset))) return false;
    // The table's own numbers are no values.
    const std::size_t values_at = (root.end() + 3) / 4 * 4;
    if (const auto head = std::string_view(head_).substr(kSizeBytes); values_at < head.size()) {
      gaps_.feed(values_at, head.substr(values_at));
    }
    if (const auto at = root.position(kGenerationTime); at != 0) head_.replace(kSizeBytes + at, 4, 4, '\0');
    return true;
  }

  Result<void> on_end(BodyFacts& facts) override {
    if (is_broken_) return failed_body("the reply is not a FlatBuffers message of the provider");
    if (in_values_ || !head_.empty()) return failed_body("the FlatBuffers message is cut short");
    if (!is_right_count()) return wrong_body("the reply has another number of locations than the question");
    facts.utc_offsets = offsets_.take();
    facts.empty_of_values = has_nan_;
    facts.ends_with_gap = gaps_.found();
    return {};
  }

  // A model that does not cover a place leaves its message out, but one model must.
  [[nodiscard]] bool is_right_count() const {
    if (asked_.opaque || asked_.locations == 0) return true;
    return messages_ >= asked_.locations && messages_ <= asked_.locations * asked_.models;
  }

  Asked asked_;
  std::size_t messages_ = 0;
  // The beginning of the current message, which becomes `head_size_` bytes long.
  std::string head_;
  std::size_t head_size_ = kSizeBytes;
  std::size_t message_size_ = 0;
  // The rest of the current message.
  bool in_values_ = false;
  std::size_t values_left_ = 0;
  bool is_broken_ = false;
  bool has_nan_ = false;
  UtcOffsets offsets_;
  GapFinder gaps_;
};

}  // namespace

std::unique_ptr<BodyCheck> make_flatbuffers_check(const Asked& asked) {
  return std::make_unique<FlatbuffersCheck>(asked);
}

}  // namespace wx::open_meteo
