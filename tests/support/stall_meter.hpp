// How long this machine lets a thread that is due wait for a processor. Tests about milliseconds add it to their
// bounds: on a quiet machine it is next to nothing, on a crowded one it is what nobody under test can help.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace wx::test {

using std::chrono::milliseconds;

// Watches from construction on. Thread-safety: worst() from any thread.
class StallMeter {
 public:
  // The longest that a sleeping thread overslept so far.
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
