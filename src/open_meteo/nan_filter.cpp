#include "open_meteo/nan_filter.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace wx::open_meteo {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";

constexpr std::string_view kInstead = "null";

// What is scanned, and copied where a nan is in it, at once.
constexpr std::size_t kWindow = 16UL * 1024;

// A longer word is no JSON, nor a nan.
constexpr std::size_t kLongestWord = 16;

enum class Kind : std::uint8_t { other, quote, word, bracket };

constexpr auto kKinds = [] {
  std::array<Kind, 256> kinds{};
  const auto set = [&kinds](std::string_view characters, Kind kind) {
    for (const char c : characters) kinds[static_cast<std::uint8_t>(c)] = kind;
  };
  set("\"", Kind::quote);
  set("{}[]", Kind::bracket);
  // A word may begin with a sign, and so may a number, whose exponent may be a word: "-nan", "-5", "1e-5".
  set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", Kind::word);
  return kinds;
}();

Kind kind_of(char c) {
  return kKinds[static_cast<std::uint8_t>(c)];
}

// Where the word that `text` has at `at` ends.
std::size_t end_of_word(std::string_view text, std::size_t at) {
  while (at < text.size() && kind_of(text[at]) == Kind::word) ++at;
  return at;
}

bool is_nan(std::string_view word) {
  return word == "nan" || word == "-nan";
}

}  // namespace

std::string_view NanFilter::next(std::string_view& piece) {
  if (!is_mark_over_) {
    const auto text = without_mark(piece);
    if (!text.empty() || piece.empty()) return text;
  }
  if (!word_.empty()) return end_word(piece);
  if (in_long_word_) {
    const auto more = piece.substr(0, end_of_word(piece, 0));
    piece.remove_prefix(more.size());
    in_long_word_ = piece.empty();
    if (!more.empty()) return more;
  }

  const auto window = piece.substr(0, kWindow);
  piece.remove_prefix(window.size());
  return scan(window);
}

std::string_view NanFilter::scan(std::string_view window) {
  if (!first_) note_first(window);
  out_.clear();
  std::size_t copied = 0;  // what of the window is in `out_`
  std::size_t at = 0;
  std::size_t end = window.size();
  while (at < window.size()) {
    if (in_string_) {
      at = skip_string(window, at);
      continue;
    }
    while (at < window.size() && kind_of(window[at]) == Kind::other) ++at;
    if (at == window.size()) break;
    const char c = window[at];
    if (kind_of(c) != Kind::word) {
      in_string_ = c == '"';
      if (!in_string_) on_bracket(c);
      ++at;
      continue;
    }
    const auto word = window.substr(at, end_of_word(window, at) - at);
    if (at + word.size() == window.size()) {
      in_long_word_ = word.size() > kLongestWord;
      if (in_long_word_) break;
      word_ = word;
      end = at;
      break;
    }
    if (is_nan(word)) {
      out_ += window.substr(copied, at - copied);
      out_ += kInstead;
      copied = at + word.size();
      found_nan_ = true;
    }
    at += word.size();
  }
  if (copied == 0) return window.substr(0, end);
  out_ += window.substr(copied, end - copied);
  return out_;
}

std::string_view NanFilter::rest() {
  if (!is_mark_over_) return kMark.substr(0, mark_);
  return filtered(std::exchange(word_, {}));
}

// Skips the byte order mark. Returns its bytes if it turns out to be none.
std::string_view NanFilter::without_mark(std::string_view& piece) {
  while (mark_ < kMark.size() && !piece.empty()) {
    if (piece.front() != kMark[mark_]) {
      is_mark_over_ = true;
      return kMark.substr(0, mark_);
    }
    piece.remove_prefix(1);
    ++mark_;
  }
  is_mark_over_ = mark_ == kMark.size();
  return {};
}

// Completes the word that the end of the last piece cut. Returns it if it ends in this piece.
std::string_view NanFilter::end_word(std::string_view& piece) {
  const std::size_t more = std::min(end_of_word(piece, 0), kLongestWord + 1 - word_.size());
  word_ += piece.substr(0, more);
  piece.remove_prefix(more);
  in_long_word_ = word_.size() > kLongestWord;
  if (piece.empty() && !in_long_word_) return {};
  return filtered(std::exchange(word_, {}));
}

// `at` is within a string. Returns where it ends, or the end of the piece.
std::size_t NanFilter::skip_string(std::string_view piece, std::size_t at) {
  if (std::exchange(is_escaped_, false)) ++at;
  while (at < piece.size() && piece[at] != '"') {
    if (piece[at] == '\\') ++at;
    ++at;
  }
  if (at >= piece.size()) {
    is_escaped_ = at > piece.size();
    return piece.size();
  }
  in_string_ = false;
  return at + 1;
}

void NanFilter::note_first(std::string_view piece) {
  const auto at = piece.find_first_not_of(" \t\r\n");
  if (at != std::string_view::npos) first_ = piece[at];
}

void NanFilter::on_bracket(char c) {
  if (is_bracket(c)) {
    ++depth_;
  } else if (depth_ > 0) {
    --depth_;
    is_closed_ = is_closed_ || depth_ == 0;
  }
}

std::string_view NanFilter::filtered(std::string_view word) {
  if (is_nan(word)) {
    found_nan_ = true;
    return kInstead;
  }
  out_ = word;
  return out_;
}

}  // namespace wx::open_meteo
