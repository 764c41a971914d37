// Keeps a FleetClock on the time of Redis: TIME after every handshake, and every 29 s from then on. A reply that comes
// after its deadline is a sample too, with a wide error. A server that refuses TIME is asked again all the same,
// because rights may change.
//
// Other work that is due at every connection and every half minute can follow it (on_asked). Work that respects the
// breaker is refused while that is open, which it may be at a connection, because its probe is answered after TIME. So
// TIME is asked again when the breaker closes, and the work follows once more.
//
// Thread: the I/O thread of the client.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/executor.hpp"
#include "base/fleet_clock.hpp"
#include "redis/client.hpp"

namespace wx::redis {

class TimeWatch {
 public:
  // `executor` must be the client's thread. All references must outlive the watch, and the watch must outlive the
  // client's last callback.
  TimeWatch(Client& client, Executor& executor, FleetClock& clock)
      : client_(client), executor_(executor), clock_(clock) {}

  // Sets a handler that is called after every answer of TIME, or after its failure; `first` for the first one of a
  // connection, and for the first one after the breaker has closed. Before connected().
  void on_asked(std::move_only_function<void(bool first)> handler) { asked_ = std::move(handler); }

  // The client's handlers must call these.
  void connected() { ask(true); }
  void available() { ask(true); }
  void disconnected() { timer_.reset(); }

 private:
  void ask(bool first);

  Client& client_;
  Executor& executor_;
  FleetClock& clock_;
  std::unique_ptr<Timer> timer_;
  std::move_only_function<void(bool first)> asked_;
};

}  // namespace wx::redis
