// The whole service, wired by hand: all parts are made here in the order in which they start, and destroyed in reverse.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/config.hpp"
#include "config/settings.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::app {

// Thread-safety: none. One thread makes, starts, drains and destroys it.
class App {
 public:
  // Throws std::exception if a part cannot be made. All references must outlive the App.
  App(const config::Settings& settings, const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  // Stops everything at once, without a drain.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Listens and serves. Returns the port, or an error whose detail is a sentence for the operator.
  [[nodiscard]] Result<std::uint16_t> start();

  // Uses the secrets that were read again, without closing a connection, and logs what was done. A new password of
  // Redis is tried on the present connections.
  void renew(const config::Reread& reread);

  // A graceful shutdown has three steps. First the service reports that it is not ready, and goes on serving; the
  // caller then waits for DRAIN_DELAY.
  void announce_drain();
  // Second, it takes no new connections and finishes the requests that run.
  void drain();
  // Third, waits for the last of them, for at most `limit`. Returns whether all were answered.
  [[nodiscard]] bool wait_drained(milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wx::app
