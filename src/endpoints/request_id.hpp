// The request id: the client's X-Request-Id if it is well-formed, else a random UUID.
//
// Thread-safety: values; the caller supplies the random generator.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace wx::endpoints {

// A UUID as text (RFC 9562), stored without allocation.
class Uuid {
 public:
  // A random UUID (version 4).
  static Uuid random(Random& random);
  // `text` itself if it is a UUID, else a UUID of version 8 derived from `text`: the same text gives the same UUID.
  static Uuid from_text(std::string_view text);

  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  static Uuid make(std::uint64_t high, std::uint64_t low, char version);
  std::array<char, 36> text_{};
};

class RequestId {
 public:
  // Uses `sent` if it matches [A-Za-z0-9._-]{1,64}, else a random UUID.
  RequestId(std::optional<std::string_view> sent, Random& random);

  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
  // The UUID for the `instance` of a problem document: the id itself if it is a UUID, else one derived from it.
  [[nodiscard]] Uuid uuid() const;

 private:
  std::array<char, 64> text_{};
  std::size_t size_ = 0;
};

}  // namespace wx::endpoints
