// Prepares a JSON text for a parser: replaces the bare nan and -nan, which the provider writes for numbers that it does
// not have (RFC 8259 §6 has no such numbers), by null. Only a whole word outside of strings is replaced, so a text that
// is wrong in another way stays wrong. A byte order mark at the beginning is left out (RFC 8259 §8.1).
//
// The filter also tells why a text is no document, by the rules of body_text.hpp, which needs the whole text.
//
// Thread-safety: one NanFilter is for one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wx::open_meteo {

class NanFilter {
 public:
  // Takes something from the beginning of `piece`, which must not be empty, and returns the filtered text for it: a
  // part of `piece` or of this object, valid until the next call. It can be empty. To be called until `piece` is empty.
  [[nodiscard]] std::string_view next(std::string_view& piece);
  // The rest of the text, to be called once, after the last piece.
  [[nodiscard]] std::string_view rest();

  [[nodiscard]] bool found_nan() const { return found_nan_; }
  // Of the whole text. See body_text.hpp.
  [[nodiscard]] bool is_cut_short() const { return !first_ || (is_bracket(*first_) && !is_closed_); }
  [[nodiscard]] bool is_web_page() const { return first_ == '<'; }

 private:
  static bool is_bracket(char c) { return c == '{' || c == '['; }

  std::string_view without_mark(std::string_view& piece);
  std::string_view scan(std::string_view window);
  std::string_view end_word(std::string_view& piece);
  void note_first(std::string_view piece);
  std::size_t skip_string(std::string_view piece, std::size_t at);
  void on_bracket(char c);
  std::string_view filtered(std::string_view word);

  std::size_t mark_ = 0;  // the bytes of the byte order mark that have come
  bool is_mark_over_ = false;
  bool in_string_ = false;
  bool is_escaped_ = false;    // the next character follows a backslash
  std::string word_;           // a word that the end of a piece cut
  bool in_long_word_ = false;  // the end of a piece cut a word that is too long to be one of JSON's
  std::string out_;
  bool found_nan_ = false;
  std::optional<char> first_;  // the first character that is no white space
  std::size_t depth_ = 0;
  bool is_closed_ = false;
};

}  // namespace wx::open_meteo
