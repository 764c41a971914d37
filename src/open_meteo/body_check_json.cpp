// JSON (RFC 8259), parsed as it comes, without a document in memory.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "open_meteo/body_check_formats.hpp"
#include "open_meteo/json_rules.hpp"
#include "open_meteo/nan_filter.hpp"

namespace wx::open_meteo {
namespace {

// Far above the depth of an answer, which is 4.
constexpr std::size_t kDeepest = 32;

// Translates the events of Boost's parser. It never stops the parser: a document that breaks a rule is read to its end,
// because only then it is known to be whole.
class Events {
 public:
  using Code = boost::system::error_code;
  using Text = boost::json::string_view;

  // NOLINTBEGIN(readability-identifier-naming): the parser needs these names
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_string_size = -1;
  static constexpr std::size_t max_key_size = -1;
  // NOLINTEND(readability-identifier-naming)

  explicit Events(const Asked& asked) : rules_(asked) {}

  JsonRules& rules() { return rules_; }
  // The parts of the current text that are not data.
  std::vector<std::string_view>& left_out() { return left_out_; }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return open(true); }
  bool on_object_end(std::size_t count, Code&) { return close(count); }
  bool on_array_begin(Code&) { return open(false); }
  bool on_array_end(std::size_t count, Code&) { return close(count); }
  bool on_key_part(Text part, std::size_t, Code&) { return add(part); }
  bool on_key(Text part, std::size_t, Code&) {
    add(part);
    rules_.name(text_);
    text_.clear();
    return true;
  }
  bool on_string_part(Text part, std::size_t, Code&) { return rules_.in_column() || add(part); }
  bool on_string(Text part, std::size_t, Code&) {
    if (!rules_.in_column()) add(part);
    rules_.text(text_);
    text_.clear();
    return true;
  }
  bool on_number_part(Text part, Code&) {
    if (rules_.at_generation_time()) left_out_.emplace_back(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, Text part, Code& code) { return on_double(static_cast<double>(value), part, code); }
  bool on_uint64(std::uint64_t value, Text part, Code& code) {
    return on_double(static_cast<double>(value), part, code);
  }
  bool on_double(double value, Text part, Code& code) {
    on_number_part(part, code);
    rules_.number(value);
    return true;
  }
  bool on_bool(bool value, Code&) {
    rules_.boolean(value);
    return true;
  }
  bool on_null(Code&) {
    rules_.null();
    return true;
  }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  bool open(bool object) {
    rules_.open(object);
    return true;
  }
  bool close(std::size_t count) {
    rules_.close(count);
    return true;
  }
  bool add(Text part) {
    text_.append(part.data(), std::min(part.size(), JsonRules::kLongestText + 1 - text_.size()));
    return true;
  }

  JsonRules rules_;
  std::string text_;  // a name or text so far
  std::vector<std::string_view> left_out_;
};

boost::json::parse_options parser_options() {
  boost::json::parse_options options;
  options.max_depth = kDeepest;
  return options;
}

class JsonCheck final : public BodyCheck {
 public:
  explicit JsonCheck(const Asked& asked) : parser_(parser_options(), asked) {}

 private:
  void on_piece(std::string_view piece) override {
    while (!piece.empty()) parse(filter_.next(piece));
  }

  void parse(std::string_view text) {
    if (text.empty() || !is_json_) return;
    boost::system::error_code fault;
    const std::size_t parsed = parser_.write_some(true, text.data(), text.size(), fault);
    is_json_ = !fault && parsed == text.size();
    auto& left_out = parser_.handler().left_out();
    for (const auto part : left_out) {
      const auto at = static_cast<std::size_t>(part.data() - text.data());
      hash(text.substr(0, at));
      text.remove_prefix(at + part.size());
    }
    left_out.clear();
    hash(text);
  }

  Result<void> on_end(BodyFacts& facts) override {
    parse(filter_.rest());
    boost::system::error_code fault;
    if (is_json_) parser_.write_some(false, nullptr, 0, fault);
    if (!is_json_ || fault) {
      const std::string detail = "the reply is not a complete JSON document";
      // Whoever answers with a part of a document or with a page is not the provider at its work.
      return filter_.is_cut_short() || filter_.is_web_page() ? failed_body(detail) : wrong_body(detail);
    }
    return parser_.handler().rules().finish(filter_.found_nan(), facts);
  }

  NanFilter filter_;
  boost::json::basic_parser<Events> parser_;
  bool is_json_ = true;
};

}  // namespace

std::unique_ptr<BodyCheck> make_json_check(const Asked& asked) {
  return std::make_unique<JsonCheck>(asked);
}

}  // namespace wx::open_meteo
