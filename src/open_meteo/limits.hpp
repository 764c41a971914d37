// UPSTREAM_LIMIT: how many calls the provider allows per minute, hour and day.
//
// Thread-safety: values and pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/rate.hpp"

namespace wx::open_meteo {

// Window, of base/rate.hpp, is here a fixed window of the wall clock (UTC), as the provider counts them.
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
