#include "base/fleet_clock.hpp"

#include <algorithm>

namespace wx {
namespace {

// With one sample in 29 s, a sample counts for four minutes. Clocks drift apart by some 10 ms in that time at most.
constexpr std::size_t kSamples = 8;

}  // namespace

WallTime FleetClock::wall() const {
  if (!heard_.load(std::memory_order_acquire)) return own_.wall();
  const auto since = own_.steady().time_since_epoch() + nanoseconds(offset_.load(std::memory_order_relaxed));
  return WallTime(std::chrono::floor<milliseconds>(since));
}

FleetClock::Sample FleetClock::best() const {
  return *std::ranges::min_element(samples_, {}, &Sample::width);
}

void FleetClock::sample(SteadyTime sent, SteadyTime received, ServerTime server) {
  const nanoseconds time = server.time_since_epoch();
  const Sample heard{.least = time - received.time_since_epoch(), .most = time - sent.time_since_epoch()};
  if (!samples_.empty()) {
    const Sample is = best();
    if (heard.most < is.least || heard.least > is.most) samples_.clear();
  }
  samples_.push_back(heard);
  if (samples_.size() > kSamples) samples_.pop_front();
  const Sample is = best();
  offset_.store((is.least + is.width() / 2).count(), std::memory_order_relaxed);
  heard_.store(true, std::memory_order_release);
}

}  // namespace wx
