// The options of the provider, fixed at construction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "open_meteo/limits.hpp"
#include "open_meteo/provider_breaker.hpp"
#include "open_meteo/retry_budget.hpp"

namespace wx::open_meteo {

// Stands in a base URL for the label of the API that is called (see Label).
inline constexpr std::string_view kLabelMark = "{api}";
inline constexpr const char* kDefaultUrl = "https://{api}.open-meteo.com";
inline constexpr const char* kCustomerUrl = "https://customer-{api}.open-meteo.com";

struct OpenMeteoOptions {
  // OPEN_METEO_URL: scheme, host, optionally a port and a path; see parse_provider_url().
  std::string base_url = kDefaultUrl;
  // OPEN_METEO_GEOCODING_URL: the same for the geocoding API. Empty: base_url, if that has kLabelMark; else there is
  // none, because a server of one's own does not have that API.
  std::string geocoding_url;
  // Sent with every call (CDN-Loop, RFC 8586), so that this process knows a request that it has caused itself. The
  // field of the client's own request is not sent on: nothing of a client's is, and a loop of several such caches ends
  // when a request comes to one of them that waits for the same question already.
  std::string instance;
  // OPEN_METEO_API_KEY: empty for the free service. Together with the default URL it selects the customers' host.
  std::string api_key;
  // UPSTREAM_TIMEOUT: for one call including its retry, from the moment it leaves the queue.
  milliseconds upstream_timeout{5000};
  // For connecting only, so that a host that drops packets does not use up the whole timeout.
  milliseconds connect_timeout{3000};
  // UPSTREAM_CONCURRENCY: concurrent calls. The free service runs one per address and queues four more.
  std::size_t concurrency = 2;
  // The number of calls that may wait in the queue; further ones are refused.
  std::size_t max_queue = 1000;
  // UPSTREAM_LIMIT: see parse_limits(). Limits{} means off, for a paid key without such limits.
  Limits limits = kFreeLimits;
  // FLEET_SIZE: while the fleet's count is unreachable, each process limits itself to its share.
  unsigned fleet_size = 1;
  // An answer that takes this fraction of upstream_timeout or longer counts as a failure for the breaker. Overwrites
  // breaker.slow.
  double slow_part = 0.8;
  BreakerOptions breaker = {};
  RetryBudgetOptions retries = {};
};

}  // namespace wx::open_meteo
