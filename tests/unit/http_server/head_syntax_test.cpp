#include "http_server/head_syntax.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace wx::http_server::syntax {
namespace {

// The rules of the RFCs, checked byte by byte.
bool is_text(unsigned char c) {
  return c == '\t' || (c >= 0x20 && c != 0x7f);
}
bool is_in_target(unsigned char c) {
  return c > ' ' && c < 0x7f && c != '#';
}

// Every byte at every position of a word, beside each kind of neighbour that could disturb a check of eight bytes at
// once.
template <class Check>
void for_every_byte_everywhere(const Check& check) {
  for (const char around : {'a', '\x21', '\x7e', '~', '$'}) {
    for (std::size_t size = 1; size <= 19; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
          std::string text(size, around);
          text[at] = static_cast<char>(byte);
          if (at + 1 < size) text[at + 1] = static_cast<char>(byte ^ 1);
          check(text);
        }
      }
    }
  }
}

TEST(HeadSyntax, FindsTheFirstControlByteWhereverItIs) {
  for_every_byte_everywhere([](const std::string& text) {
    for (const std::size_t from : {std::size_t{0}, text.size() / 2}) {
      const auto first = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), is_text);
      ASSERT_EQ(skip_text(text, from), static_cast<std::size_t>(first - text.begin())) << testing::PrintToString(text);
    }
  });
}

TEST(HeadSyntax, TakesForATargetOnlyWhatAUrlCanHave) {
  for_every_byte_everywhere([](const std::string& text) {
    ASSERT_EQ(is_target_text(text), std::ranges::all_of(text, is_in_target)) << testing::PrintToString(text);
  });
  EXPECT_FALSE(is_target_text(""));
}

}  // namespace
}  // namespace wx::http_server::syntax
