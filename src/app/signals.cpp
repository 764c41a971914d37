#include "app/signals.hpp"

#include <array>
#include <csignal>
#include <utility>

#include <sys/time.h>
#include <unistd.h>

namespace wx::app {
namespace {

using Event = Signals::Event;

struct Known {
  int number;
  Signals::Signal signal;
};
constexpr std::array<Known, 6> kKnown{{
    {.number = SIGINT, .signal = {.event = Event::stop, .name = "SIGINT"}},
    {.number = SIGTERM, .signal = {.event = Event::stop, .name = "SIGTERM"}},
    {.number = SIGHUP, .signal = {.event = Event::reload, .name = "SIGHUP"}},
    {.number = SIGUSR1, .signal = {.event = Event::ignored, .name = "SIGUSR1"}},
    {.number = SIGUSR2, .signal = {.event = Event::ignored, .name = "SIGUSR2"}},
    {.number = SIGALRM, .signal = {.event = Event::ignored, .name = "SIGALRM"}},
}};

// The exit code for SIGALRM. Handlers may use an object of this type only.
volatile std::sig_atomic_t exit_code_at_limit = 0;

extern "C" void end_at_once(int number) {
  _exit(number == SIGALRM ? exit_code_at_limit : 130);
}

void handle(int number) {
  struct sigaction action{};
  action.sa_handler = end_at_once;
  sigaction(number, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

sigset_t known_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const auto& known : kKnown) sigaddset(&set, known.number);
  return set;
}

}  // namespace

Signals::Signals() {
  const auto set = known_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A write to a connection that the peer has closed must return an error, not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  struct sigaction hangup{};
  hangup_ignored_ = sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
}

Signals::Signal Signals::wait() const {
  const auto set = known_signals();
  while (true) {
    siginfo_t info{};
    const int number = sigwaitinfo(&set, &info);
    for (const auto& known : kKnown) {
      if (known.number != number) continue;
      // The kernel sends SIGHUP when the terminal is closed; without it nobody would see or stop this process.
      if (number != SIGHUP || info.si_code != SI_KERNEL) return known.signal;
      if (!hangup_ignored_) return {.event = Event::stop, .name = known.signal.name};
    }
  }
}

void Signals::next_ends_at_once() {
  handle(SIGINT);
  handle(SIGTERM);
}

void Signals::end_within(milliseconds limit, int exit_code) {
  exit_code_at_limit = exit_code;
  handle(SIGALRM);
  itimerval time{};
  time.it_value.tv_sec = limit.count() / 1000;
  time.it_value.tv_usec = limit.count() % 1000 * 1000;
  setitimer(ITIMER_REAL, &time, nullptr);
}

}  // namespace wx::app
