// The fleet's count of provider calls, as this room sees it. Implemented over Redis, elsewhere.
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
  // The end of its key: "budget:m:29384756" (minute), "budget:h:489745", "budget:d:20406"; the number counts windows
  // since 1970. In Redis: <prefix>weather:<suffix>.
  std::string key_suffix;
  // From now on; twice the window, so that clocks may differ.
  std::chrono::seconds expires_after{0};
  // Calls that we made while the counters were out of reach: added once, with the next that is counted.
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

  // Adds `units` (negative to give back what was refused) and what is owed to each counter and sets its expiry: for
  // each window INCRBY and EXPIRE, all in one pipeline. `windows` is valid during the call only. `done` is called
  // exactly once, on any thread, possibly from within, and soon: a provider's slot waits for it. Any error will do when
  // the counters are out of reach or only part of them answered.
  virtual void take(std::span<const FleetWindow> windows, int units, Done done) = 0;
};

}  // namespace wx::open_meteo
