// CSV as the provider writes it: blocks with a header line each, with an empty line between two of them, and no quotes.
// The first block may be that of the locations; the others are series of values.
#include <array>
#include <charconv>
#include <cstddef>
#include <string>

#include "base/text.hpp"
#include "open_meteo/body_check_formats.hpp"
#include "open_meteo/utc_offsets.hpp"

namespace wx::open_meteo {
namespace {

// No field of the provider's that matters here is longer. Of a longer one only the beginning is kept.
constexpr std::size_t kLongestField = 64;

constexpr std::size_t kNone = std::string_view::npos;

class CsvCheck final : public BodyCheck {
  void on_piece(std::string_view piece) override {
    hash(piece);
    while (!piece.empty()) {
      const auto end = piece.find_first_of(",\n");
      const auto text = piece.substr(0, end);
      field_ += text.substr(0, kLongestField - field_.size());
      line_size_ += text.size();
      if (end == kNone) return;
      on_field();
      if (piece[end] == ',') {
        ++line_size_;
      } else {
        on_line();
      }
      piece.remove_prefix(end + 1);
    }
  }

  Result<void> on_end(BodyFacts& facts) override {
    if (!is_csv_) return failed_body("the reply is not CSV as the provider writes it");
    // The last line has ended, it is not empty, and it is whole.
    if (line_size_ > 0 || in_header_ || last_fields_ != header_fields_) return failed_body("the CSV is cut short");
    if (!offsets_good_) return wrong_body("the reply has an invalid utc_offset_seconds");
    facts.utc_offsets = offsets_.take();
    facts.empty_of_values = place_is_nan_;
    facts.ends_with_gap = has_gap_;
    return {};
  }

  // The field in `field_` is whole.
  void on_field() {
    if (in_header_) {
      on_header_field();
    } else if (block_ == 0 && of_locations_) {
      on_location_field();
    } else if (field_ == "NaN") {
      has_gap_ = true;
    }
    ++fields_;
    field_.clear();
  }

  void on_header_field() {
    if (fields_ == 0) first_name_ = field_;
    if (field_ == "latitude") {
      of_locations_ = true;
      latitude_at_ = fields_;
    }
    if (field_ == "longitude") longitude_at_ = fields_;
    if (field_ == "utc_offset_seconds") offset_at_ = fields_;
  }

  void on_location_field() {
    if (fields_ == latitude_at_ || fields_ == longitude_at_)
      place_is_nan_ |= field_.ends_with("nan") || field_ == "NaN";
    if (fields_ != offset_at_) return;
    long long offset = 0;
    const auto [at, error] = std::from_chars(field_.data(), field_.data() + field_.size(), offset);
    const bool is_number = error == std::errc{} && at == field_.data() + field_.size();
    offsets_good_ = offsets_good_ && is_number && offsets_.add(static_cast<double>(offset));
  }

  void on_line() {
    if (line_size_ == 0) {  // an empty line ends the block
      ++block_;
      in_header_ = true;
    } else if (in_header_) {
      header_fields_ = fields_;
      in_header_ = false;
      if (block_ == 0) {
        is_csv_ = first_name_ == "time" || (fields_ > 1 && (first_name_ == "latitude" || first_name_ == "location_id"));
      }
    }
    last_fields_ = fields_;
    fields_ = 0;
    line_size_ = 0;
  }

  // The current line.
  std::string field_;
  std::size_t fields_ = 0;
  std::size_t line_size_ = 0;
  // The current block.
  std::size_t block_ = 0;
  bool in_header_ = true;
  std::size_t header_fields_ = 0;
  std::size_t last_fields_ = 0;
  // The block of the locations.
  std::string first_name_;
  bool of_locations_ = false;
  std::size_t latitude_at_ = kNone;
  std::size_t longitude_at_ = kNone;
  std::size_t offset_at_ = kNone;
  UtcOffsets offsets_;
  bool offsets_good_ = true;
  // The whole body.
  bool is_csv_ = false;
  bool place_is_nan_ = false;
  bool has_gap_ = false;
};

}  // namespace

std::unique_ptr<BodyCheck> make_csv_check() {
  return std::make_unique<CsvCheck>();
}

}  // namespace wx::open_meteo
