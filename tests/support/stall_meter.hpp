// Measures how long this machine keeps a thread that is due waiting for a processor. Tests of milliseconds add it to
// their bounds: on a quiet machine it is almost zero, and on a busy one the delay is not the fault of the code under
// test.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace wx::test {

using std::chrono::milliseconds;

// Measures from construction on. Thread-safety: worst() from any thread.
class StallMeter {
 public:
  // The longest time so far by which a sleeping thread woke too late.
  [[nodiscard]] milliseconds worst() const { return milliseconds(worst_.load()); }

 private:
  void watch(const std::stop_token& stop) {
    constexpr milliseconds kNap{2};
    while (!stop.stop_requested()) {
      const auto begin = std::chrono::steady_clock::now();
      std::this_thread::sleep_for(kNap);
      const auto over = std::chrono::steady_clock::now() - begin - kNap;
      worst_ = std::max(worst_.load(), std::chrono::duration_cast<milliseconds>(over).count());
    }
  }

  std::atomic<milliseconds::rep> worst_{0};
  std::jthread thread_{[this](const std::stop_token& stop) { watch(stop); }};
};

}  // namespace wx::test
