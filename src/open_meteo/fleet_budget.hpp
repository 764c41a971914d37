// The interface of the fleet's shared count of provider calls. app/redis_fleet_budget implements it with Redis.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "open_meteo/window_ledger.hpp"

namespace wx::open_meteo {

// One window of the budget, as it is exchanged. The numbers in the names count windows since the Unix epoch.
struct FleetWindow {
  // The end of the key that holds the totals: "minute:29384756", "hour:489745", "day:20406".
  std::string name;
  // The end of the key of version 0.1.0's counter ("m:29384756"). Empty: do not look at it.
  std::string plain_name;
  // Twice the window's length.
  std::chrono::seconds expires_after{0};
  // The totals to write; may be empty.
  std::vector<FleetTotals> write;
  // Set the time of expiry in any case. Otherwise it is set only if this writing adds totals, and the reply says so.
  bool expire = false;
};

// The content of one window in the store after the writing.
struct FleetCount {
  std::vector<FleetTotals> totals;
  std::int64_t plain = 0;  // the calls that processes of version 0.1.0 have counted
};

// How long to wait for the count before the call is counted alone.
enum class Patience : std::uint8_t {
  usual,  // as long as for any command
  long_,  // 1 s in all, because few calls are left
};

// Thread-safety: exchange() from any thread.
class FleetBudget {
 public:
  using Counts = std::vector<FleetCount>;  // in the order of the windows
  using Done = std::move_only_function<void(Result<Counts>)>;
  using Late = std::move_only_function<void(Counts)>;

  FleetBudget() = default;
  FleetBudget(const FleetBudget&) = delete;
  FleetBudget& operator=(const FleetBudget&) = delete;
  virtual ~FleetBudget() = default;

  // Writes the totals, where the store holds lower ones, and reads those of all processes. `done` is called exactly
  // once, on any thread, possibly before exchange() returns. It must be called soon, because a provider slot waits for
  // it. It receives an error of any kind if the store did not answer for all windows. In that case the totals may have
  // been written, or may still be: writing them again changes nothing. `late` is called at most once, after `done` has
  // received an error: with a reply that came after its deadline.
  virtual void exchange(std::vector<FleetWindow> windows, Patience patience, Done done, Late late) = 0;
};

}  // namespace wx::open_meteo
