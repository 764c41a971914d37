// Waiting on the thread that runs the event loop.
#pragma once

#include <chrono>

#include <gtest/gtest.h>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "support/waiting.hpp"

namespace wx::test {

// Runs `context` on this thread until `condition` holds. The test fails if it does not within kPatience.
template <class Condition>
void run_until(asio::io_context& context, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "the awaited event did not happen";
    context.restart();
    context.run_one_for(milliseconds(10));
  }
}

}  // namespace wx::test
