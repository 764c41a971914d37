// How the table of settings reads the text of a value into a member of Settings, and shows the member again.
//
// Every set_ function returns whether the text is valid, and otherwise leaves the target as it is. It may set `why` to
// the exact reason, which does not repeat the text. Bounds are inclusive.
//
// Thread-safety: pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace wx::config {

using std::chrono::milliseconds;

template <std::integral T>
[[nodiscard]] bool set_number(T& target, std::string_view value, std::uint64_t least, std::uint64_t most) {
  const auto number = parse_unsigned(value);
  if (!number || *number < least || *number > most) return false;
  target = static_cast<T>(*number);
  return true;
}

[[nodiscard]] bool set_duration(milliseconds& target, std::string_view value, milliseconds least, milliseconds most,
                                std::string& why);

[[nodiscard]] bool set_bytes(std::uint64_t& target, std::string_view value, std::uint64_t least, std::uint64_t most,
                             std::string& why);

[[nodiscard]] bool set_switch(bool& target, std::string_view value);

// Whether a value is the word "auto". The caller knows what that means.
[[nodiscard]] bool is_auto(std::string_view value);

// Empty means auto.
[[nodiscard]] bool set_duration_or_auto(std::optional<milliseconds>& target, std::string_view value, milliseconds least,
                                        milliseconds most, std::string& why);
[[nodiscard]] std::string show_duration_or_auto(const std::optional<milliseconds>& span);

// The shortest form that parses to the same value: 0.8, not 0.800000.
[[nodiscard]] std::string show_decimal(double value);

// For values that another room parses.
template <class Target, class T>
[[nodiscard]] bool set_parsed(Target& target, Result<T> parsed, std::string& why) {
  if (!parsed) {
    why = std::move(parsed.error().detail);
    return false;
  }
  target = *std::move(parsed);
  return true;
}

// The words of a member that has one of several values. Case does not matter; of two words for one value, the first is
// shown.
template <class Value, std::size_t N>
using Words = std::array<std::pair<std::string_view, Value>, N>;

template <class Value, std::size_t N>
[[nodiscard]] bool set_one_of(Value& target, std::string_view value, const Words<Value, N>& words) {
  const auto found = std::ranges::find_if(words, [&](const auto& row) { return iequals(row.first, value); });
  if (found == words.end()) return false;
  target = found->second;
  return true;
}

// `value` must have a word.
template <class Value, std::size_t N>
[[nodiscard]] std::string show_one_of(Value value, const Words<Value, N>& words) {
  const auto found = std::ranges::find_if(words, [&](const auto& row) { return row.second == value; });
  return std::string(found->first);
}

}  // namespace wx::config
