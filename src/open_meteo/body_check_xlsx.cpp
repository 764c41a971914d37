// XLSX is a ZIP archive. Only its two ends are checked: a local file header comes first, and an end of central
// directory record last, which tells where the directory before it begins and how long it is (APPNOTE.TXT §4.3.7 and
// §4.3.16).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "open_meteo/body_check_formats.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::string_view kFirst = "PK\x03\x04";
constexpr std::string_view kEnd = "PK\x05\x06";
constexpr std::size_t kEndSize = 22;  // without the comment, which the provider does not write

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<std::uint8_t>(bytes[i - 1]);
  return value;
}

class XlsxCheck final : public BodyCheck {
  void on_piece(std::string_view piece) override {
    hash(piece);
    first_ += piece.substr(0, kFirst.size() - first_.size());
  }

  Result<void> on_end(BodyFacts&) override {
    if (first_ != kFirst) return failed_body("the reply is not an XLSX file");
    const auto end = tail().substr(tail().size() - std::min(tail().size(), kEndSize));
    if (!end.starts_with(kEnd) || end.size() < kEndSize) return failed_body("the XLSX file is cut short");
    const std::size_t directory_size = little_endian(end.substr(12, 4));
    const std::size_t directory_at = little_endian(end.substr(16, 4));
    const std::size_t comment = little_endian(end.substr(20, 2));
    if (directory_at + directory_size + kEndSize != size() || comment != 0) {
      return failed_body("the XLSX file is cut short");
    }
    return {};
  }

  std::string first_;
};

}  // namespace

std::unique_ptr<BodyCheck> make_xlsx_check() {
  return std::make_unique<XlsxCheck>();
}

}  // namespace wx::open_meteo
