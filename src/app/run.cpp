#include "app/run.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <sys/resource.h>

#include "app/app.hpp"
#include "app/health_check.hpp"
#include "config/config.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::app {
namespace {

// Takes SIGINT and SIGTERM synchronously, on the main thread. They are blocked in every thread, so that no handler runs
// and no system call is interrupted.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A write to a connection that the peer has closed must return an error, not end the process.
    std::signal(SIGPIPE, SIG_IGN);
  }

  void wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
  }

  // Returns whether a signal came within `limit`.
  [[nodiscard]] bool wait_for(milliseconds limit) const {
    const timespec time{limit.count() / 1000, (limit.count() % 1000) * 1'000'000};
    return sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_{};
};

// Raises the limit of open files as far as allowed, because every connection is one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Drains. Returns whether every request was answered in time.
bool shut_down(App& app, const Signals& signals, const config::Settings& settings, const Clock& clock) {
  constexpr milliseconds kSlice{20};
  const auto at_once = [] { std::_Exit(130); };
  app.announce_drain();
  if (settings.drain_delay > milliseconds(0) && signals.wait_for(settings.drain_delay)) at_once();
  app.drain();
  const auto end = clock.steady() + settings.drain_timeout;
  while (!app.wait_drained(kSlice)) {
    if (clock.steady() >= end) return false;
    if (signals.wait_for(milliseconds(0))) at_once();
  }
  return true;
}

}  // namespace

int run(std::span<const char* const> arguments, const Clock& clock) {
  const auto outcome = config::parse(arguments, config::process_environment());
  if (outcome.action == config::Outcome::Action::print) {
    std::fputs(outcome.output.c_str(), outcome.exit_code == 0 ? stdout : stderr);
    return outcome.exit_code;
  }
  const auto& settings = outcome.settings;
  if (outcome.action == config::Outcome::Action::check_health) return check_health(settings);

  const Signals signals;
  raise_file_limit();
  observability::Metrics metrics;
  const auto log = observability::make_log(
      {.level = settings.log_level, .format = settings.log_format, .google_project = settings.google_cloud_project},
      metrics);
  try {
    App app(settings, clock, metrics, *log);
    if (const auto port = app.start(); !port) {
      log->error("app", port.error().detail);
      return 1;
    }
    signals.wait();
    const bool answered_all = shut_down(app, signals, settings, clock);
    if (answered_all) {
      log->info("app", "stopped");
    } else {
      log->warn("app", "stopped with requests unanswered: DRAIN_TIMEOUT is over");
    }
    return answered_all ? 0 : 1;
  } catch (const std::exception& e) {
    log->error("app", "cannot start", {{"reason", e.what()}});
    return 1;
  }
}

}  // namespace wx::app
