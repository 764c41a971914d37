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
  // 0: any free port.
  std::uint16_t port = 8080;

  // The limit of open connections; a client above it gets a refusal and is closed. It applies to this server alone,
  // unless `budget` is set: then the budget applies to all servers that share it, and this number is ignored.
  std::size_t max_connections = 20000;
  std::shared_ptr<ConnectionBudget> budget;

  // From the first to the last byte of a head.
  milliseconds request_timeout{10'000};
  // Without a byte before the first request and between requests.
  milliseconds idle_timeout{75'000};
  // Without progress while an answer is being written.
  milliseconds write_stall_timeout{20'000};
  // For the client to close after the last byte of the answer.
  milliseconds linger_timeout{1'000};
};

}  // namespace wx::http_server
