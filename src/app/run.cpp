#include "app/run.hpp"

#include <cstdio>
#include <exception>
#include <functional>
#include <thread>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "app/app.hpp"
#include "app/health_check.hpp"
#include "app/signals.hpp"
#include "config/config.hpp"
#include "observability/log.hpp"
#include "observability/log_exception.hpp"
#include "observability/metrics.hpp"

namespace wx::app {
namespace {

using Reread = std::function<config::Reread()>;

// Raises the limit of open files as far as allowed, because every connection is one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Secrets are in the memory of the process, so no other process may read it, and no core dump is written.
void protect_memory() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
}

// How long anything may take after the drain: the last log lines, leases given back, threads that end.
constexpr milliseconds kLastWork{1000};

// An exception (no memory, say) must not end a service that can go on with the secrets that it has.
void renew(App& app, const Reread& reread, observability::Log& log) {
  try {
    app.renew(reread());
  } catch (...) {
    observability::log_exception(log, "app", "SIGHUP: the secrets could not be read again and stay as they were");
  }
}

// Serves until it is to stop.
void serve(App& app, const Signals& signals, const Reread& reread, observability::Log& log) {
  while (true) {
    const auto signal = signals.wait();
    switch (signal.event) {
      case Signals::Event::stop:
        return;
      case Signals::Event::reload:
        renew(app, reread, log);
        break;
      case Signals::Event::ignored:
        log.info("app", "this signal has no meaning here", {{"signal", signal.name}});
        break;
    }
  }
}

// Drains. Returns whether every request was answered in time.
bool shut_down(App& app, const config::Settings& settings, const Clock& clock) {
  constexpr milliseconds kSlice{20};
  app.announce_drain();
  std::this_thread::sleep_for(settings.drain_delay);
  app.drain();
  const auto end = clock.steady() + settings.drain_timeout;
  while (!app.wait_drained(kSlice)) {
    if (clock.steady() >= end) return false;
  }
  return true;
}

// Returns the exit code, with at most kLastWork left for the rest of the process.
int start_and_serve(const config::Settings& settings, const Clock& clock, const Reread& reread,
                    observability::Metrics& metrics, observability::Log& log, Signals& signals) {
  try {
    App app(settings, clock, metrics, log);
    if (const auto port = app.start(); !port) {
      signals.end_within(kLastWork, 1);
      log.error("app", port.error().detail);
      return 1;
    }
    serve(app, signals, reread, log);
    signals.next_ends_at_once();
    const int exit_code = shut_down(app, settings, clock) ? 0 : 1;
    signals.end_within(kLastWork, exit_code);
    if (exit_code == 0) {
      log.info("app", "stopped");
    } else {
      log.warn("app", "stopped with requests unanswered: DRAIN_TIMEOUT is over");
    }
    return exit_code;
  } catch (const std::exception& e) {
    signals.end_within(kLastWork, 1);
    log.error("app", "cannot start", {{"reason", e.what()}});
    return 1;
  }
}

}  // namespace

int run(std::span<const char* const> arguments, const Clock& clock) {
  protect_memory();
  const auto outcome = config::parse(arguments, config::process_environment());
  if (outcome.action == config::Outcome::Action::print) {
    std::fputs(outcome.output.c_str(), outcome.exit_code == 0 ? stdout : stderr);
    return outcome.exit_code;
  }
  const auto& settings = outcome.settings;
  if (outcome.action == config::Outcome::Action::check_health) return check_health(settings);

  Signals signals;
  raise_file_limit();
  observability::Metrics metrics;
  const auto log = observability::make_log(
      {.level = settings.log_level, .format = settings.log_format, .google_project = settings.google_cloud_project},
      metrics);
  const Reread reread = [arguments] { return config::reread_secrets(arguments, config::process_environment()); };
  return start_and_serve(settings, clock, reread, metrics, *log, signals);
}

}  // namespace wx::app
