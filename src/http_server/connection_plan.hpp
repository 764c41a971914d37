// How a process divides its open files among connections.
//
// Thread-safety: pure functions, and file_limit() from any thread.
#pragma once

#include <cstddef>

namespace wx::http_server {

// The limits of a server's connections that hold no unit of its ConnectionBudget.
struct SurplusPlaces {
  std::size_t searching = 64;  // new connections that wait for another server to give a place; 0: none is asked
  // Connections above the limit that are answered at the same time; further ones are closed without an answer. They
  // serve the health checks, and tell others why they are refused. Those of this machine have places of their own, so
  // that strangers cannot take those of the program's own health check.
  std::size_t answered = 16;
  std::size_t answered_here = 8;

  [[nodiscard]] std::size_t all() const { return searching + answered + answered_here; }
};

struct ConnectionPlan {
  std::size_t connections = 1;  // of all servers
  SurplusPlaces surplus;        // of each server
};

// Returns a plan for `wanted` connections, or for fewer if a limit of `files` open files would leave no reserve for the
// provider, Redis and logs. The surplus of `servers` servers is smaller, too, if it would take more than a quarter of
// what the reserve leaves. At least one connection, and one of each that is answered.
[[nodiscard]] ConnectionPlan plan_connections(std::size_t wanted, std::size_t files, std::size_t servers);

// The number of files that the process may have open (the soft RLIMIT_NOFILE).
[[nodiscard]] std::size_t file_limit();

}  // namespace wx::http_server
