// What a server needs to be told. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "http_server/connection_budget.hpp"

namespace wx::http_server {

struct ServerOptions {
  // An IP address; "::" also takes IPv4.
  std::string address = "0.0.0.0";
  // 0: whatever is free.
  std::uint16_t port = 8080;

  // Connections open at once; above it a client is told so and closed. Counts for this server alone, unless `budget`
  // is set: then that one counts for all servers that share it, and this number is not looked at.
  std::size_t max_connections = 20000;
  std::shared_ptr<ConnectionBudget> budget;

  // From the first byte of a head to its last.
  milliseconds request_timeout{10'000};
  // Without a byte between requests, and before the first.
  milliseconds idle_timeout{75'000};
  // Without progress while an answer is being written.
  milliseconds write_stall_timeout{20'000};
  // For the client to close after our last byte.
  milliseconds linger_timeout{1'000};
};

}  // namespace wx::http_server
