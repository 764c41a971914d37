// The interface of the fleet's shared count of provider calls. app/redis_fleet_budget implements it with Redis.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace wx::open_meteo {

// One window's counter.
struct FleetWindow {
  // The end of the counter's key: "m:29384756" (minute), "h:489745", "d:20406". The number counts windows since the
  // Unix epoch.
  std::string key_suffix;
  // Twice the window's length, because the clocks of the processes may differ.
  std::chrono::seconds expires_after{0};
  // Calls that this process made while the counters were unreachable. They are added once, together with the next
  // counted call.
  std::int64_t owed = 0;
};

// Thread-safety: take() from any thread.
class FleetBudget {
 public:
  // The counters after the addition, in the order of the windows.
  using Counts = std::vector<std::int64_t>;
  using Done = std::move_only_function<void(Result<Counts>)>;

  FleetBudget() = default;
  FleetBudget(const FleetBudget&) = delete;
  FleetBudget& operator=(const FleetBudget&) = delete;
  virtual ~FleetBudget() = default;

  // Adds `units` (negative: subtracts a refused call) and `owed` to each counter and sets its expiry, with INCRBY and
  // EXPIRE for each window in one pipeline. `windows` is valid during the call only. `done` is called exactly once, on
  // any thread, possibly before take() returns. It must be called soon, because a provider slot waits for it. It
  // receives an error of any kind if the counters are unreachable or only some of them answered.
  virtual void take(std::span<const FleetWindow> windows, int units, Done done) = 0;
};

}  // namespace wx::open_meteo
