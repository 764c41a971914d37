// The options of a server, fixed at construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "http_server/connection_budget.hpp"
#include "http_server/connection_memory.hpp"
#include "http_server/connection_plan.hpp"

namespace wx::http_server {

struct ServerOptions {
  // An IP address; "::" includes IPv4.
  std::string address = "0.0.0.0";
  // 0 selects a free port.
  std::uint16_t port = 8080;

  // The limit of open connections. Above it, one that has nothing to do is closed for a new one (make_place.hpp). If
  // there is none, the new one is refused. Applies to this server alone. If
  // `budget` is set, it applies to all servers that share it, and this number is ignored.
  std::size_t max_connections = 20000;
  std::shared_ptr<ConnectionBudget> budget;
  // The limits of this server's connections that are not among those.
  SurplusPlaces surplus;

  // The limit of the bytes that the connections of all servers that share it hold while they wait; null: no limit.
  std::shared_ptr<ConnectionMemory> memory;

  // The time limit from the first to the last byte of a head.
  milliseconds request_timeout{10'000};
  // The time limit without a byte before the first request and between requests.
  milliseconds idle_timeout{75'000};
  // The time limit for the only request of a connection above the limit, from its start to the last byte of its head.
  milliseconds surplus_timeout{2'000};
  // The time limit without progress while an answer is written, or until the client has taken it from the kernel.
  milliseconds write_stall_timeout{20'000};
  // The time for the client to close after the last byte of the answer.
  milliseconds linger_timeout{1'000};
};

}  // namespace wx::http_server
