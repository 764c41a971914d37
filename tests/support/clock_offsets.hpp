// The file through which a test moves the clocks of other processes (movable_clock.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace wx::test {

// The environment variable that names the file. Without it, a program's clock is that of the machine.
inline constexpr std::string_view kClockFile = "WX_TEST_CLOCK";

// The file's content, added to the clocks of the machine. tests/support/service.mjs writes it, too.
struct ClockOffsets {
  std::atomic<std::int64_t> steady_ns;
  std::atomic<std::int64_t> wall_ms;
};
static_assert(sizeof(ClockOffsets) == 16 && std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace wx::test
