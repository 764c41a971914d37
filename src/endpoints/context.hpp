// The options and objects that the endpoints of one I/O thread use.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"
#include "cache/outage.hpp"
#include "drop_in/service.hpp"
#include "endpoints/access_log.hpp"
#include "endpoints/client_address.hpp"
#include "endpoints/lab_gate.hpp"
#include "endpoints/limits.hpp"
#include "endpoints/process_status.hpp"
#include "endpoints/query.hpp"
#include "http_server/request.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "weather/service.hpp"

namespace wx::endpoints {

struct EndpointOptions {
  QueryOptions query;
  milliseconds request_timeout{10'000};  // REQUEST_TIMEOUT
  std::string version;
  std::string public_url;               // PUBLIC_URL; empty: unknown
  bool memory = true;                   // the memory tier is on (MEMORY_LIMIT is not 0)
  milliseconds mock_delay{500};         // MOCK_DELAY; the page shows it
  milliseconds mock_fresh_for{10'000};  // how long a mock answer is kept; the page shows it, too
  std::string admin_token;              // ADMIN_TOKEN; empty: purges are disabled
  TrustedProxies trusted_proxies;
  bool drop_in = true;                   // DROP_IN
  std::string instance;                  // see open_meteo::OpenMeteoOptions
  milliseconds retry_after_max{60'000};  // RETRY_AFTER_MAX
};

// Thread: one per I/O thread; used only on that thread. Everything it refers to must outlive it.
struct Context {
  const EndpointOptions& options;
  weather::Service& service;
  weather::ServiceThread& thread;
  const Clock& clock;
  observability::Metrics& metrics;
  observability::Log& log;
  const ReadStatus& read_status;
  LabGate& lab;
  Limits& limits;
  Random random;
  cache::Outage* outage = nullptr;         // null: the laboratory stages none
  drop_in::Service* drop_in = nullptr;     // null: DROP_IN is off
  std::unique_ptr<Timer> outage_end = {};  // logs the end of an outage that began on this thread
  std::function<bool()> redis_down = {};   // whether this thread has no connection to Redis; empty: it needs none
  std::string headers = {};                // buffer for the headers of the current answer; reused to keep its capacity
  AccessLog access_log = {};
  LineBudget guess_lines = {};    // log lines about wrong admin tokens
  LineBudget unasked_lines = {};  // the same, of requests that need none
};

// The address of the client that sent a request (see client_address()). A view that is valid as long as the request.
[[nodiscard]] inline std::string_view client_of(const Context& context, const http_server::Request& request) {
  const auto& trusted = context.options.trusted_proxies;
  if (trusted.none()) return request.peer();
  const auto value = [&request](http_server::Field field) { return request.field(field).value_or(std::string_view()); };
  return client_address(request.peer(),
                        {.x_forwarded_for = value(http_server::Field::x_forwarded_for),
                         .forwarded = value(http_server::Field::forwarded)},
                        trusted);
}

}  // namespace wx::endpoints
