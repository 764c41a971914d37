#include "http_server/memory_relief.hpp"

#include <algorithm>
#include <vector>

#include <malloc.h>

#include "http_server/connection.hpp"

namespace wx::http_server {
namespace {

// The phases in which a connection may hold bytes, the one whose clients wait the longest for themselves first.
constexpr std::array kHolding{ConnectionPhase::writing,  ConnectionPhase::untaken,   ConnectionPhase::reading,
                              ConnectionPhase::surplus,  ConnectionPhase::lingering, ConnectionPhase::gone,
                              ConnectionPhase::answering};
constexpr unsigned kTurns = 4;
// What malloc keeps of a closed connection at least: the object, its asynchronous operations, and Asio's state.
constexpr std::size_t kBytesOfOne = std::size_t{1} * 1024;
// Less freed memory is left to malloc, which needs it again soon.
constexpr std::size_t kWorthReturning = std::size_t{8} << 20;

struct Holder {
  std::size_t bytes;
  std::size_t rank;  // 0 has waited the longest, in the first of kHolding
  Connection* connection;
};

// All connections that hold bytes, the worst first.
std::vector<Holder> holders(ServerContext& server) {
  std::vector<Holder> found;
  for (const auto phase : kHolding) {
    server.deadlines.for_each(phase, [&](Deadlines::Entry& entry) {
      auto* const connection = static_cast<Connection*>(&entry);
      if (connection->held() != 0) found.push_back({connection->held(), found.size(), connection});
    });
  }
  std::ranges::sort(
      found, [](const Holder& a, const Holder& b) { return a.bytes != b.bytes ? a.bytes > b.bytes : a.rank < b.rank; });
  return found;
}

}  // namespace

void relieve_memory(ServerContext& server) {
  if (!server.memory || !server.memory->must_shrink(server.held)) return;
  std::size_t closed = 0;
  for (const auto& worst : holders(server)) {
    if (server.memory->has_shrunk(server.held)) break;
    worst.connection->reset();
    ++closed;
  }
  server.metrics.add(observability::Counter::http_closed_for_memory, closed);
  if (closed == 0 || server.clock.steady() < server.quiet_until) return;
  server.quiet_until = server.clock.steady() + std::chrono::minutes(1);
  server.log.warn("http_server", "connections are closed because slow clients hold too much memory",
                  {{"closed", closed}, {"limit", server.memory->limit()}});
}

void measure_waiting(ServerContext& server) {
  if (!server.memory && kWaitsForEdges) return;
  const unsigned turn = server.turn++ % kTurns;
  for (const auto phase : kHolding) {
    server.deadlines.for_each(phase, [&](Deadlines::Entry& entry) {
      auto& connection = static_cast<Connection&>(entry);
      if (connection.number() % kTurns == turn) connection.measure();
    });
  }
  const auto since = std::exchange(server.idle_seen_at, server.clock.steady());
  server.deadlines.for_each_since(since, ConnectionPhase::idle,
                                  [](Deadlines::Entry& entry) { static_cast<Connection&>(entry).find_untaken(); });
}

void return_freed_memory(ServerContext& server) {
  const std::size_t now = server.held + server.open.load(std::memory_order_relaxed) * kBytesOfOne;
  server.most_held = std::max(server.most_held, now);
  if (server.most_held - now < kWorthReturning) return;
  server.most_held = now;
  ::malloc_trim(0);
}

}  // namespace wx::http_server
