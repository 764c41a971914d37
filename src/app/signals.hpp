// The signals of the process.
//
// All signals below are blocked in every thread and taken by wait() on the main thread, so that no handler runs and no
// system call is interrupted while the service serves. A handler ends the process only after next_ends_at_once() and
// end_within(): it runs on the main thread whatever that thread waits for, and needs no lock, no memory and no log.
//
// Thread-safety: one object per process, used on the main thread only, made before any other thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace wx::app {

class Signals {
 public:
  enum class Event {
    stop,    // SIGINT, SIGTERM, or the terminal is gone
    reload,  // SIGHUP that a process has sent
    ignored  // SIGUSR1, SIGUSR2, SIGALRM: they mean nothing here and end nothing
  };
  struct Signal {
    Event event = Event::stop;
    std::string_view name;
  };

  // Blocks the signals in this thread and in those that it starts, and ignores SIGPIPE.
  Signals();

  // Waits for the next signal.
  [[nodiscard]] Signal wait() const;

  // From now on, SIGINT or SIGTERM ends the process at once with exit code 130.
  void next_ends_at_once();

  // Ends the process with `exit_code` after `limit`, if it still runs then.
  void end_within(milliseconds limit, int exit_code);

 private:
  bool hangup_ignored_ = false;  // as nohup asks for
};

}  // namespace wx::app
