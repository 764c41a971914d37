// UPSTREAM_LIMIT: the number of calls that the provider allows per minute, hour and day.
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

// A Window (base/rate.hpp) is a fixed window of the wall clock in UTC here, as in the provider's own count.
struct Limits {
  std::array<std::uint32_t, kWindows> calls{};  // by window; 0 means unlimited

  [[nodiscard]] std::uint32_t of(Window window) const { return calls.at(static_cast<std::size_t>(window)); }
  [[nodiscard]] bool off() const { return calls == decltype(calls){}; }

  friend bool operator==(const Limits&, const Limits&) = default;
};

// The limits of the free service.
inline constexpr Limits kFreeLimits{{600, 5000, 10000}};

// Parses "600/m,5000/h,10000/d" (each window at most once, in any order) or "off". Error: bad_parameter; its detail
// names the fault.
[[nodiscard]] Result<Limits> parse_limits(std::string_view text);
// The inverse of parse_limits().
[[nodiscard]] std::string format_limits(const Limits& limits);

// The share of one of `fleet_size` processes (0 counts as 1). It is the process's limit while the fleet's count is
// unreachable. Error: bad_parameter if a share is less than one call.
[[nodiscard]] Result<Limits> share_of(const Limits& limits, unsigned fleet_size);

}  // namespace wx::open_meteo
