// A weather question and its cache key.
//
// Thread-safety: values and pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "cache/lookup.hpp"
#include "weather/location.hpp"

namespace wx::weather {

struct Question {
  Location location;
  bool mock = false;
  cache::Mode mode = cache::Mode::normal;  // other modes only with `mock`
};

// The prefix of the keys of mock answers.
inline constexpr std::string_view kMockKeys = "weather:mock:";

// The cache key, readable in Redis: "weather:52.52:13.41", or "weather:mock:52.52:13.41" for the mock, so that mock
// answers are never taken for real ones. The text is stored in the object, without allocation.
class Key {
 public:
  explicit Key(const Question& question);

  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  void append(std::string_view part);

  // The longest coordinate is a subnormal Float32 in fixed notation, shorter than 60 characters. A longer one throws
  // std::length_error: a key that is cut would be that of other places, too.
  std::array<char, 144> text_;
  std::size_t size_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace wx::weather
