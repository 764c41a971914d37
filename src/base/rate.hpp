// A number of events per minute, hour or day, as written in settings: "600/m".
//
// Thread-safety: values and pure functions.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wx {

enum class Window : std::uint8_t { minute, hour, day };
inline constexpr std::size_t kWindows = 3;
inline constexpr std::array<Window, kWindows> kAllWindows{Window::minute, Window::hour, Window::day};

[[nodiscard]] std::chrono::seconds length(Window window);
// "minute", "hour", "day"
[[nodiscard]] std::string_view name(Window window);
// 'm', 'h', 'd'
[[nodiscard]] char letter(Window window);

struct Rate {
  std::uint32_t count = 0;
  Window window = Window::minute;
};

// Reads a count from 1 to 10^9, a slash and the letter or the name of a window: "600/m", "600 / min", "600/Minute".
// Error: bad_parameter; its detail says what to write and does not repeat the text.
[[nodiscard]] Result<Rate> parse_rate(std::string_view text);
// The inverse of parse_rate().
[[nodiscard]] std::string format_rate(const Rate& rate);

}  // namespace wx
