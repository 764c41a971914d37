// The lease of a flight: taking it, and waiting while another process loads.
#include <algorithm>
#include <array>
#include <utility>

#include "cache/flight.hpp"

namespace wx::cache {
namespace {

// The times between looks while another process loads; the last one repeats.
constexpr std::array<milliseconds, 4> kLooks{milliseconds(250), milliseconds(250), milliseconds(500),
                                             milliseconds(1000)};

}  // namespace

Actions Flight::leased(Result<LeaseSeen> result, SteadyTime lease_until, SteadyTime now) {
  Actions actions;
  if (state_ != State::leasing) {
    // The flight has ended, or has another leader. A lease that was won is of no use, and the loader must not hold its
    // turn.
    actions.proceed = false;
    actions.release_lease = result.has_value() && result->won && still_ours(lease_until, now);
    return actions;
  }
  if (!result) {
    redis_unavailable_ = true;
    begin_load(actions, now);
    return actions;
  }
  if (std::exchange(failure_purged_, false)) result->failure.reset();
  if (forced_) {  // see "A flight is forced" in the header
    if (result->copy && !purged_ && is_newer(*result->copy, now)) {
      held_ = HeldCopy{*result->copy, Tier::redis};
      actions.fallback = true;
    }
    if (result->failure && !result->won) {
      begin_load(actions, now);
      return actions;
    }
  }
  if (end_if_settled(*result, actions, now)) {
    actions.proceed = false;
    actions.release_lease = result->won && still_ours(lease_until, now);
  } else if (result->won) {
    lease_until_ = lease_until;
    begin_load(actions, now);
  } else if (result->failure) {
    begin_load(actions, now);
  } else {
    actions.proceed = false;
    state_ = State::awaiting;
    looks_ = 0;
    if (heard_) {
      actions.look = look_if_awaiting().look;
    } else {
      await(actions, result->lease_left.value_or(milliseconds(0)));
    }
  }
  return actions;
}

Actions Flight::on_fill() {
  if (state_ == State::leasing || state_ == State::looking) heard_ = true;
  return look_if_awaiting();
}

Actions Flight::on_fail() {
  return on_fill();
}

Actions Flight::on_listening() {
  return on_fill();
}

Actions Flight::on_disconnected() {
  return on_fill();
}

Actions Flight::look_again() {
  return look_if_awaiting();
}

Actions Flight::look_if_awaiting() {
  Actions actions;
  if (state_ != State::awaiting) return actions;
  state_ = State::looking;
  heard_ = false;
  actions.look = true;
  return actions;
}

void Flight::await(Actions& actions, milliseconds lease_left) {
  actions.await = std::min(lease_left, kLooks[std::min(looks_, kLooks.size() - 1)]);
  ++looks_;
}

Actions Flight::looked(Result<LeaseSeen> result, SteadyTime now) {
  Actions actions;
  if (state_ != State::looking) return actions;
  if (std::exchange(failure_purged_, false) && result) result->failure.reset();
  if (!result) {
    redis_unavailable_ = true;
    state_ = State::queued;
    actions.load = true;
  } else if (end_if_settled(*result, actions, now)) {
    return actions;
  } else if (heard_) {
    state_ = State::awaiting;
    actions.look = look_if_awaiting().look;
  } else if (result->lease_left) {
    state_ = State::awaiting;
    await(actions, *result->lease_left);
  } else {
    state_ = State::queued;
    actions.load = true;
  }
  return actions;
}

bool Flight::end_if_settled(const LeaseSeen& seen, Actions& actions, SteadyTime now) {
  if (seen.copy && !purged_ && is_newer(*seen.copy, now) && seen.copy->freshness(now) == Freshness::fresh) {
    if (options_.memory) actions.fill_memory = seen.copy;
    actions.answer = Verdict{.outcome = Outcome::lease, .tier = Tier::redis, .copy = seen.copy};
    end(actions);
    return true;
  }
  if (!seen.failure || seen.won) return false;
  if (const auto kind = seen.failure->kind) {
    actions.answer = fallback_or({.kind = *kind, .retry_after = seen.failure->left, .remembered = true}, now);
  } else {
    actions.answer = fallback(Outcome::stale_if_error, now);
  }
  if (!actions.answer) return false;
  actions.fleet_failure = seen.failure;
  end(actions);
  return true;
}

}  // namespace wx::cache
