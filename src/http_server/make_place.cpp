#include "http_server/make_place.hpp"

#include "http_server/connection.hpp"

namespace wx::http_server {
namespace {

// The limit of connections of one phase to look at for one new connection. Those that have a request that was not seen
// yet are served instead of closed.
constexpr int kMostLooks = 8;
// Clients that have not taken their answers for this time lose their place before those that are idle.
constexpr milliseconds kStalled{3000};

// Among the idle ones. One that was served because its request was not seen yet is idle again, and the last.
bool make_place_among_idle(ServerContext& server, ConnectionBudget& places) {
  for (int looks = 0; looks < kMostLooks;) {
    auto* const oldest = server.deadlines.oldest(ConnectionPhase::idle);
    if (oldest == nullptr) return false;
    // Those found to be untaken leave this phase, so they are looked at once only.
    if (!static_cast<Connection*>(oldest)->make_place()) ++looks;
    if (places.acquire()) return true;
  }
  return false;
}

// Among those that entered `phase`, in which they may stay, at `latest` or before.
bool make_place_in(ConnectionPhase phase, ServerContext& server, ConnectionBudget& places,
                   SteadyTime latest = SteadyTime::max()) {
  bool acquired = false;
  int looks = 0;
  server.deadlines.for_each_while(phase, [&](Deadlines::Entry& entry) {
    auto& connection = static_cast<Connection&>(entry);
    if (connection.entered_at() > latest || looks >= kMostLooks) return false;
    if (!connection.holds(places)) return true;
    ++looks;
    connection.make_place();
    acquired = places.acquire();
    return !acquired;
  });
  return acquired;
}

}  // namespace

bool make_place(ServerContext& server, ConnectionBudget& places) {
  const SteadyTime stalled = server.clock.steady() - kStalled;
  return make_place_in(ConnectionPhase::untaken, server, places, stalled) || make_place_among_idle(server, places) ||
         make_place_in(ConnectionPhase::untaken, server, places) ||
         make_place_in(ConnectionPhase::gone, server, places);
}

bool make_surplus_place(ServerContext& server, ConnectionBudget& places) {
  return make_place_in(ConnectionPhase::surplus, server, places);
}

}  // namespace wx::http_server
