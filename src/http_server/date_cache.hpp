// The value of the Date field (RFC 9110 §5.6.7), rendered at most once per second.
//
// Thread-safety: none; one per thread.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "base/clock.hpp"

namespace wx::http_server {

class DateCache {
 public:
  // "Sun, 06 Nov 1994 08:49:37 GMT". The view is valid until the next call.
  [[nodiscard]] std::string_view at(WallTime now);

 private:
  std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
  std::array<char, 29> text_{};
};

}  // namespace wx::http_server
