// Waiting for the work of other threads and processes.
#pragma once

#include <chrono>
#include <thread>

#include "base/clock.hpp"

namespace wx::test {

// The limit for events that should happen at once. No passing test waits for it.
inline constexpr std::chrono::seconds kPatience{20};

// Polls `condition` until it holds. Returns false if it does not within `limit`.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, milliseconds limit = kPatience) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

}  // namespace wx::test
