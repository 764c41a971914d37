// What the endpoints of one I/O thread work with.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "endpoints/access_log.hpp"
#include "endpoints/client_address.hpp"
#include "endpoints/lab_gate.hpp"
#include "endpoints/query.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "weather/client_limit.hpp"
#include "weather/service.hpp"

namespace wx::endpoints {

struct EndpointOptions {
  QueryOptions query;
  milliseconds request_timeout{10'000};  // REQUEST_TIMEOUT: how long an answer may take
  std::string version;
  milliseconds mock_delay{500};  // MOCK_DELAY, for the page to tell
  std::string admin_token;       // ADMIN_TOKEN; empty: nobody may purge
  TrustedProxies trusted_proxies;
};

// Where the process is between start and end. Atomic: read by every thread, written by the one that started it.
enum class Phase : std::uint8_t { starting, serving, draining };

// Facts about the whole process that /stats and /health tell.
class ProcessView {
 public:
  ProcessView() = default;
  ProcessView(const ProcessView&) = delete;
  ProcessView& operator=(const ProcessView&) = delete;
  virtual ~ProcessView() = default;

  // All from any thread.
  [[nodiscard]] virtual Phase phase() const = 0;
  [[nodiscard]] virtual nanoseconds uptime() const = 0;
  // "off", "connecting", "up" or "down".
  [[nodiscard]] virtual std::string_view redis_state() const = 0;
  [[nodiscard]] virtual std::size_t connections() const = 0;
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
  [[nodiscard]] virtual std::size_t memory_limit() const = 0;
  [[nodiscard]] virtual std::size_t memory_entries() const = 0;
  // Whether the Redis breaker of any thread is open, and whether the other processes are heard.
  [[nodiscard]] virtual bool redis_breaker_open() const = 0;
  [[nodiscard]] virtual bool listening() const = 0;

  struct ProviderView {
    std::string_view breaker;  // "closed", "open", "half-open"
    struct Window {
      std::string_view name;
      std::uint64_t used;
      std::uint64_t limit;  // 0: none
    };
    std::vector<Window> windows;
  };
  [[nodiscard]] virtual ProviderView provider() const = 0;
};

// Thread: one per I/O thread, used on it alone.
struct Context {
  const EndpointOptions& options;
  weather::Service& service;
  weather::ServiceThread& thread;
  const Clock& clock;
  observability::Metrics& metrics;
  observability::Log& log;
  const ProcessView& process;
  LabGate& lab;
  weather::ClientLimit& client_limit;
  Random random;
  std::string headers;  // scratch for the answer being made: keeps its capacity
  AccessLog access_log = {};
};

}  // namespace wx::endpoints
