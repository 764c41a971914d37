// A snapshot of the whole process, for /stats, /health and the gauges of /metrics.
//
// Thread-safety: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace wx::endpoints {

enum class ServicePhase : std::uint8_t { starting, serving, draining };

struct ProcessStatus {
  struct Memory {
    std::size_t bytes = 0;
    std::size_t limit = 0;  // 0: the memory tier is off
    std::size_t entries = 0;
  };
  struct Redis {
    std::string_view state = "off";  // "off", "connecting", "up" or "down": the worst of all threads
    bool breaker_open = false;       // on any thread
    bool listening = false;          // the backplane is subscribed to the other processes' messages
    milliseconds outage_left{0};     // of an outage that the laboratory has staged
  };
  struct Provider {
    struct Window {
      std::string_view name;  // "minute", "hour", "day"
      std::uint64_t used = 0;
      std::uint64_t limit = 0;  // 0: none
    };
    std::string_view breaker = "closed";  // "closed", "open" or "half-open"
    std::vector<Window> windows = {};
    milliseconds clock_ahead{0};  // of ours, by its last answer
  };

  ServicePhase phase = ServicePhase::starting;
  nanoseconds uptime{0};
  std::size_t connections = 0;
  std::size_t flights = 0;
  Memory memory = {};
  Redis redis = {};
  Provider provider = {};
};

// Takes the snapshot. Callable from any thread.
using ReadStatus = std::function<ProcessStatus()>;

}  // namespace wx::endpoints
