// The fleet's count of provider calls, kept in Redis: INCRBY and EXPIRE per window, one round trip.
#pragma once

#include <string>

#include "base/executor.hpp"
#include "cache/redis_tier.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "redis/client.hpp"

namespace wx::app {

// Thread-safety: take() from any thread; it works on the thread of `client`, which must be that of `executor`.
class RedisFleetBudget final : public open_meteo::FleetBudget {
 public:
  // References must outlive the object, and the object the client's last callback. While `tier` has its breaker open,
  // nobody asks Redis here either.
  RedisFleetBudget(redis::Client& client, const cache::RedisTier& tier, Executor& executor, std::string prefix);

  void take(std::span<const open_meteo::FleetWindow> windows, int units, Done done) override;

 private:
  struct Asked {
    std::string key;
    std::string expiry;
    std::string amount;
  };
  void ask(const std::vector<Asked>& windows, Done done);

  redis::Client& client_;
  const cache::RedisTier& tier_;
  Executor& executor_;
  const std::string prefix_;
};

}  // namespace wx::app
