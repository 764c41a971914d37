// The fleet's count of provider calls, kept in Redis: INCRBY and EXPIRE for each window, one round trip in all.
#pragma once

#include <string>

#include "base/executor.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "redis/client.hpp"

namespace wx::app {

// Thread-safety: take() from any thread; the work is done on the thread of `client`, which must be that of `executor`.
class RedisFleetBudget final : public open_meteo::FleetBudget {
 public:
  // The references must outlive the object, and the object must outlive the client's last callback. `prefix` is put
  // before every key (CACHE_PREFIX). While the client's breaker is open, take() fails at once.
  RedisFleetBudget(redis::Client& client, Executor& executor, std::string prefix);

  void take(std::span<const open_meteo::FleetWindow> windows, int units, Done done) override;

 private:
  // The arguments of one window's commands.
  struct Counter {
    std::string key;
    std::string expiry;
    std::string amount;
  };
  void count(const std::vector<Counter>& counters, Done done);

  redis::Client& client_;
  Executor& executor_;
  const std::string prefix_;
};

}  // namespace wx::app
