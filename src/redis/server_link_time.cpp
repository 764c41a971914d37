// The deadlines of a link: its one timer, and what is done when something is due.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "redis/server_link.hpp"

namespace wx::redis {
namespace {

// An idle connection is checked with a PING this often.
constexpr milliseconds kIdle{30'000};
// The timer's grain: deadlines closer together than this share a wake-up.
constexpr milliseconds kGrain{5};
// A timer that is overdue by this much has not merely been delayed by a busy thread.
constexpr milliseconds kOverdue{100};
// How long bytes that have arrived but were not read yet may take to be read.
constexpr milliseconds kGrace{1};

}  // namespace

void ServerLink::arm(SteadyTime due) noexcept {
  const auto now = clock_.steady();
  // An overdue timer runs by a clock that stood still while ours went on (a suspended machine), and would come too
  // late.
  if (timer_ && armed_for_ <= due && armed_for_ >= now - kOverdue) return;
  guard_("starting a timer threw", [&] {
    timer_ = executor_.after(std::max<nanoseconds>(due - now, nanoseconds(0)), [this] { on_timer(); });
    armed_for_ = std::max(due, now);
  });
}

void ServerLink::arm_next() noexcept {
  if (const auto due = next_due()) arm(*due);
}

std::optional<SteadyTime> ServerLink::next_due() const {
  auto due = next_due_of_phase();
  if (!due) return due;
  for (const auto& other : {path_.next_due(), breaker_.probe_due()}) {
    if (other) due = std::min(*due, *other);
  }
  return due;
}

std::optional<SteadyTime> ServerLink::next_due_of_phase() const {
  switch (phase_) {
    case Phase::idle:
    case Phase::stopped:
      return std::nullopt;
    case Phase::preparing:
    case Phase::dialling:
      return attempt_start_ + kAttempt;
    case Phase::greeting:
      return last_heard_ + kSilence;
    case Phase::pausing:
      return retry_at_;
    case Phase::serving:
      break;
  }
  const auto since = path_.owing_since();
  return since ? *since + kSilence : last_heard_ + kIdle;
}

void ServerLink::on_timer() {
  timer_.reset();
  const SteadyTime now = clock_.steady();
  arm(now + kIdle);  // in case the exact timer below cannot be made
  guard_("a timer threw", [&] { run_due(now); });
  const auto due = next_due();
  if (due) arm(std::max(*due, now + (gave_grace_ ? kGrace : phase_ == Phase::pausing ? milliseconds(0) : kGrain)));
}

void ServerLink::run_due(SteadyTime now) {
  path_.expire_early(now);
  breaker_.probe_if_due(now);
  if (phase_ == Phase::serving) {
    check_serving(now);
  } else {
    check_attempt(now);
  }
}

void ServerLink::check_attempt(SteadyTime now) {
  switch (phase_) {
    case Phase::preparing:
    case Phase::dialling:
      if (now - attempt_start_ < kAttempt) return;
      lose({.reason = cat("no connection within ", format_duration(kAttempt), " (host name or network)")});
      return;
    case Phase::greeting:
      if (now - last_heard_ < kSilence) return;
      lose({.reason = cat("connected, but no answer within ", format_duration(kSilence))});
      return;
    case Phase::pausing:
      if (now >= retry_at_) begin_attempt();
      return;
    default:
      return;
  }
}

void ServerLink::check_serving(SteadyTime now) {
  const auto owing = path_.owing_since();
  const bool silent = owing && now - *owing >= kSilence;
  // If the replies have arrived already, this thread (or the whole machine) was late: it reads them first, once.
  if ((path_.overdue(now) || silent) && !gave_grace_ && connection_->readable()) {
    gave_grace_ = true;
    return;
  }
  gave_grace_ = false;

  path_.expire(now);
  if (phase_ != Phase::serving) return;  // a callback stopped us
  if (silent) {
    lose({.reason = cat("no reply for ", format_duration(kSilence))});
    return;
  }
  if (!owing && now - last_heard_ >= kIdle) {
    const std::array<Argument, 1> ping{"PING"};
    command(ping, [](const Result<Reply>&) {}, Expect::reply);
  }
}

}  // namespace wx::redis
