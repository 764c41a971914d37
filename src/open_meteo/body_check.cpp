#include "open_meteo/body_check.hpp"

#include <optional>
#include <utility>

#include "base/text.hpp"
#include "open_meteo/body_check_formats.hpp"
#include "open_meteo/body_text.hpp"
#include "open_meteo/refusal.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::string_view kXlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

// A reply of a type that was not asked for. Its body is not looked at.
class WrongType final : public BodyCheck {
 public:
  explicit WrongType(std::string detail) : detail_(std::move(detail)) {}

 private:
  void on_piece(std::string_view) override {}
  Result<void> on_end(BodyFacts&) override { return failed_body(detail_); }
  Result<void> on_empty(BodyFacts&) override { return failed_body(detail_); }

  std::string detail_;
};

// A format that has no marks to check.
class Unchecked final : public BodyCheck {
  void on_piece(std::string_view piece) override { hash(piece); }
  Result<void> on_end(BodyFacts&) override { return {}; }
};

bool has_type(std::string_view content_type, std::string_view type) {
  return iequals(trim(content_type.substr(0, content_type.find(';'))), type);
}

bool is_of(Format format, std::string_view content_type) {
  switch (format) {
    case Format::json:
      return is_json_type(content_type);
    case Format::csv:
      return has_type(content_type, "text/csv");
    case Format::xlsx:
      return has_type(content_type, kXlsxType);
    case Format::flatbuffers:
      return has_type(content_type, "application/octet-stream");
  }
  std::unreachable();
}

std::string_view name_of(Format format) {
  switch (format) {
    case Format::json:
      return "JSON";
    case Format::csv:
      return "CSV";
    case Format::xlsx:
      return "an XLSX file";
    case Format::flatbuffers:
      return "FlatBuffers";
  }
  std::unreachable();
}

std::unique_ptr<BodyCheck> make_check(Format format, const Asked& asked) {
  switch (format) {
    case Format::json:
      return make_json_check(asked);
    case Format::csv:
      return make_csv_check();
    case Format::xlsx:
      return make_xlsx_check();
    case Format::flatbuffers:
      return make_flatbuffers_check(asked);
  }
  std::unreachable();
}

// `text` on one line in ASCII, for a sentence that the provider did not encode as JSON.
std::string plain(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c < ' ' || c > '~') c = ' ';
  }
  return shortened(trim(out));
}

}  // namespace

std::unique_ptr<BodyCheck> BodyCheck::make(const Asked& asked, std::string_view content_type) {
  const Content content = content_of(asked.path);
  if (asked.opaque) {
    for (const auto format : {Format::json, Format::csv, Format::xlsx, Format::flatbuffers}) {
      // The types of weather are those of other contents too, with other layouts inside (protobuf).
      if (format != Format::json && content != Content::weather) continue;
      if (is_of(format, content_type)) return make_check(format, asked);
    }
    if (content == Content::weather || has_type(content_type, "text/html")) {
      return std::make_unique<WrongType>("the reply is of an unknown type");
    }
    return std::make_unique<Unchecked>();
  }
  const Format format = content == Content::weather ? asked.format : Format::json;
  if (is_of(format, content_type)) return make_check(format, asked);
  return std::make_unique<WrongType>(cat("the reply is not ", name_of(format)));
}

void BodyCheck::feed(std::string_view piece) {
  size_ += piece.size();
  if (piece.size() >= kTail) {
    tail_.assign(piece.substr(piece.size() - kTail));
  } else {
    tail_.append(piece);
    if (tail_.size() > 2 * kTail) tail_.erase(0, tail_.size() - kTail);
  }
  on_piece(piece);
}

Result<BodyFacts> BodyCheck::finish() {
  BodyFacts facts;
  facts.size = size_;
  // The sentence comes last, and is short.
  if (const auto sentence = gave_up(tail()); !sentence.empty()) {
    return failed_body(cat("the provider gave up while sending: ", plain(sentence)));
  }
  const auto checked = size_ == 0 ? on_empty(facts) : on_end(facts);
  if (!checked) return std::unexpected(checked.error());
  facts.data_hash = hasher_.hex();
  return facts;
}

Result<void> BodyCheck::on_empty(BodyFacts& facts) {
  facts.empty_of_values = true;
  return {};
}

std::unexpected<Error> failed_body(std::string detail) {
  return std::unexpected(
      Error{.kind = ErrorKind::provider_bad_reply, .detail = std::move(detail), .provider_status = 200});
}

std::unexpected<Error> wrong_body(std::string detail) {
  return std::unexpected(Error{
      .kind = ErrorKind::provider_bad_reply, .detail = std::move(detail), .provider_status = 200, .of_query = true});
}

Result<BodyFacts> check_body(const Asked& asked, std::string_view content_type, std::string_view body) {
  const auto check = BodyCheck::make(asked, content_type);
  check->feed(body);
  return check->finish();
}

}  // namespace wx::open_meteo
