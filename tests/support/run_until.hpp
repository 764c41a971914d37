// Waiting on the thread that runs the event loop.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
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

// Calls `ask` with a callback for a Result<Value>, and runs `context` until the callback has been called. Returns what
// the callback got. The callback may be called later than this waits, so nothing of the caller's may be its storage.
template <class Value, class Ask>
[[nodiscard]] std::optional<Result<Value>> result_of(asio::io_context& context, Ask ask) {
  const auto result = std::make_shared<std::optional<Result<Value>>>();
  ask([result](Result<Value> got) { *result = std::move(got); });
  run_until(context, [&] { return result->has_value(); });
  return std::move(*result);
}

}  // namespace wx::test
