// UPSTREAM_LIMIT: how many calls the provider allows per minute, hour and day.
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

namespace wx::open_meteo {

// Fixed windows of the wall clock (UTC), as the provider counts them.
enum class Window : std::uint8_t { minute, hour, day };
inline constexpr std::size_t kWindows = 3;
inline constexpr std::array<Window, kWindows> kAllWindows{Window::minute, Window::hour, Window::day};

[[nodiscard]] std::chrono::seconds length(Window window);
// "minute", "hour", "day"
[[nodiscard]] std::string_view name(Window window);

struct Limits {
  std::array<std::uint32_t, kWindows> calls{};  // by window; 0 means unlimited

  [[nodiscard]] std::uint32_t of(Window window) const { return calls.at(static_cast<std::size_t>(window)); }
  [[nodiscard]] bool off() const { return calls == decltype(calls){}; }

  friend bool operator==(const Limits&, const Limits&) = default;
};

// The limits of the free service.
inline constexpr Limits kFreeLimits{{600, 5000, 10000}};

// Reads "600/m,5000/h,10000/d": each window at most once, in any order; or "off". Error: bad_parameter, with a detail
// that names the fault.
[[nodiscard]] Result<Limits> parse_limits(std::string_view text);
// The inverse of parse_limits().
[[nodiscard]] std::string format_limits(const Limits& limits);

// The part of the limits for one of `fleet_size` processes (0 counts as 1), which it keeps to when it cannot reach the
// fleet's count. Error: bad_parameter if that is less than one call.
[[nodiscard]] Result<Limits> share_of(const Limits& limits, unsigned fleet_size);

}  // namespace wx::open_meteo
