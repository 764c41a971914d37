// The request id: the client's X-Request-Id if it is harmless, else a UUID of our own.
//
// Thread-safety: values; the generator is the caller's.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace wx::endpoints {

// A UUID as text (RFC 9562), kept in place.
class Uuid {
 public:
  // Version 4: by chance.
  static Uuid random(Random& random);
  // `text` itself if it is a UUID, else one of version 8 that is the same for the same text.
  static Uuid from_text(std::string_view text);

  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  static Uuid make(std::uint64_t high, std::uint64_t low, char version);
  std::array<char, 36> text_{};
};

class RequestId {
 public:
  // `sent` is taken if it matches [A-Za-z0-9._-]{1,64}.
  RequestId(std::optional<std::string_view> sent, Random& random);

  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
  // The UUID that stands for this id in a problem document's `instance`: itself if it is one.
  [[nodiscard]] Uuid uuid() const;

 private:
  std::array<char, 64> text_{};
  std::size_t size_ = 0;
};

}  // namespace wx::endpoints
