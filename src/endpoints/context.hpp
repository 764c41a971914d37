// What the endpoints of one I/O thread work with.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "endpoints/access_log.hpp"
#include "endpoints/client_address.hpp"
#include "endpoints/client_limit.hpp"
#include "endpoints/lab_gate.hpp"
#include "endpoints/process_status.hpp"
#include "endpoints/query.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "weather/service.hpp"

namespace wx::endpoints {

struct EndpointOptions {
  QueryOptions query;
  milliseconds request_timeout{10'000};  // REQUEST_TIMEOUT: how long an answer may take
  std::string version;
  bool memory = true;            // the memory tier is on (MEMORY_LIMIT is not 0)
  milliseconds mock_delay{500};  // MOCK_DELAY, which the page tells
  std::string admin_token;       // ADMIN_TOKEN; empty: nobody may purge
  TrustedProxies trusted_proxies;
};

// Thread: one per I/O thread, used on it alone.
struct Context {
  const EndpointOptions& options;
  weather::Service& service;
  weather::ServiceThread& thread;
  const Clock& clock;
  observability::Metrics& metrics;
  observability::Log& log;
  const ReadStatus& read_status;
  LabGate& lab;
  ClientLimit& client_limit;
  Random random;
  std::string headers = {};  // scratch for the answer being made: keeps its capacity
  AccessLog access_log = {};
};

}  // namespace wx::endpoints
