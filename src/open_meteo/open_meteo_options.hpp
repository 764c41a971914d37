// The options of the provider, fixed at construction.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.hpp"
#include "open_meteo/limits.hpp"
#include "open_meteo/provider_breaker.hpp"
#include "open_meteo/retry_budget.hpp"

namespace wx::open_meteo {

inline constexpr const char* kDefaultUrl = "https://api.open-meteo.com";
inline constexpr const char* kCustomerUrl = "https://customer-api.open-meteo.com";

struct OpenMeteoOptions {
  // OPEN_METEO_URL: scheme, host, optionally a port and a path; see parse_base_url().
  std::string base_url = kDefaultUrl;
  // OPEN_METEO_API_KEY: empty for the free service. With the default URL it selects the customers' host.
  std::string api_key;
  // UPSTREAM_TIMEOUT: for one call and its retry together, from the moment it leaves the queue.
  milliseconds upstream_timeout{5000};
  // For the connection alone, so that a host that drops packets does not use up the whole timeout.
  milliseconds connect_timeout{3000};
  // UPSTREAM_CONCURRENCY: concurrent calls. The free service runs one per address and queues four more.
  std::size_t concurrency = 2;
  // Calls that may wait for their turn; more are refused.
  std::size_t max_queue = 1000;
  // UPSTREAM_LIMIT: see parse_limits(). A paid key has no such limits: Limits{} means off.
  Limits limits = kFreeLimits;
  // FLEET_SIZE: without the fleet's count each process keeps to its part of the limits.
  unsigned fleet_size = 1;
  // An answer that takes this part of upstream_timeout or longer counts as a failure for the breaker. Sets
  // breaker.slow.
  double slow_part = 0.8;
  BreakerOptions breaker = {};
  RetryBudgetOptions retries = {};
};

}  // namespace wx::open_meteo
