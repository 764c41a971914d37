// The whole service, wired by hand: everything is made here, in the order in which it starts, and let go in reverse.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::app {

// Thread-safety: one thread makes, starts, drains and destroys it (main, or a test).
class App {
 public:
  // Throws std::exception if something needed cannot be made. What it is given must outlive it.
  App(const config::Settings& settings, const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  // Ends everything at once.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Listens and serves. Gives the port. The error's detail is a sentence for the person at the terminal.
  [[nodiscard]] Result<std::uint16_t> start();

  // Leaving calmly: first not ready any more, but serving on (DRAIN_DELAY is the caller's to wait) ...
  void announce_drain();
  // ... then no new connections, and what runs is finished.
  void drain();
  // Waits for that, but not longer than `limit`. Returns whether everything has been answered.
  [[nodiscard]] bool wait_drained(milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wx::app
