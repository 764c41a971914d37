#include "cache/flight.hpp"

#include <algorithm>
#include <utility>

namespace wx::cache {
namespace {

// A hit may repeat a refresh that ended without a result after this time at the latest: the provider may have room by
// then.
constexpr milliseconds kTryAgain{1000};

}  // namespace

Result<Served> served_from(const Verdict& verdict, SteadyTime now) {
  if (verdict.error) return std::unexpected(*verdict.error);
  return served_from(*verdict.copy, verdict.tier, verdict.outcome, now);
}

Flight::Flight(const FlightOptions& options, std::uint64_t key_hash, std::optional<HeldCopy> held)
    : options_(options), key_hash_(key_hash), held_(std::move(held)), forced_(options.forced) {}

Actions Flight::start() {
  Actions actions;
  if (state_ != State::created) return actions;
  if (options_.remote && !options_.bypass) {
    state_ = State::reading;
    actions.read_remote = true;
  } else {
    state_ = State::queued;
    actions.load = true;
  }
  return actions;
}

Actions Flight::remote_read(Result<std::optional<Copy>> result, SteadyTime now) {
  Actions actions;
  if (state_ != State::reading) return actions;
  redis_unavailable_ = !result.has_value();
  state_ = State::queued;
  actions.load = true;
  const bool found = !purged_ && result && *result && (confirms_held(**result, now) || is_newer(**result, now));
  if (!found) {
    if (remembered_ && !forced_) {
      actions.load = false;
      actions.refresh_after = kTryAgain;
      actions.answer = std::move(remembered_);
      actions.remembered = true;
      end(actions);
    } else if (ends_doubts(result, now)) {
      actions.load = false;
      actions.answer = join(now);
      if (!result) actions.refresh_after = kTryAgain;
      if (result && options_.doubts == Doubts::gap) {
        // No tombstone, so the copy was not purged. If Redis holds nothing, it has lost the value.
        actions.confirmed = held_->copy;
        actions.put_back = !*result;
      }
      end(actions);
    }
    return actions;
  }

  Copy& copy = **result;
  const auto freshness = copy.freshness(now);
  held_ = HeldCopy{copy, Tier::redis};
  if (options_.memory) actions.fill_memory = copy;
  if (remembered_ && !forced_ && freshness != Freshness::fresh && copy.entry->stored_at < remembered_from_) {
    actions.load = false;
    actions.answer = fallback(Outcome::stale_if_error, now);
    end(actions);
    return actions;
  }
  if (!forced_) actions.answer = join(now);
  if (!actions.answer) {
    actions.fallback = true;
    return actions;
  }
  const bool late = is_late(copy, options_.early_part, key_hash_, now);
  if (freshness == Freshness::fresh && (options_.memory || !late)) {
    actions.load = false;
    end(actions);
  }
  return actions;
}

Actions Flight::turn(bool wanted, SteadyTime now) {
  Actions actions;
  if (state_ != State::queued) {
    actions.proceed = false;
    return actions;
  }
  if (!wanted) {
    actions.proceed = false;
    // Callers that wait have gone.
    actions.answer = fallback_or(Error{.kind = ErrorKind::deadline_exceeded}, now);
    actions.refresh_after = kTryAgain;
    end(actions);
  } else if (options_.remote && !options_.bypass && !redis_unavailable_) {
    state_ = State::leasing;
    heard_ = false;
    actions.take_lease = true;
  } else {
    begin_load(actions, now);
  }
  return actions;
}

Actions Flight::loaded(Result<Copy> result, bool others_wait, SteadyTime now) {
  Actions actions;
  if (state_ == State::ended) return actions;
  const bool called = state_ == State::loading;
  const bool ours = lease_ours(now);
  if (!result && !called && others_wait) {
    // The leader has used up its allowance or its time in the queue. That is no reason to refuse the other callers.
    const auto kind = result.error().kind;
    if (kind == ErrorKind::client_limited || kind == ErrorKind::deadline_exceeded) {
      actions.answer_leader = fallback_or(std::move(result.error()), now);
      actions.load = true;
      state_ = State::queued;
      return actions;
    }
  }
  if (!result) {
    if (called && !options_.bypass && !purged_) {
      actions.failed = Failure{.error = result.error(), .refusal = {}};
      actions.failure_to_fleet = ours;
    } else {
      actions.refresh_after = std::min(result.error().retry_after.value_or(kTryAgain), kTryAgain);
      actions.release_lease = ours;
    }
    actions.answer = fallback_or(std::move(result.error()), now);
    end(actions);
    return actions;
  }

  Copy& copy = *result;
  if (refuses_held_answer(copy, now)) {
    actions.answer = copy.entry->decisive ? Verdict{.outcome = Outcome::revalidated, .tier = Tier::loader, .copy = copy}
                                          : fallback(Outcome::stale_if_error, now);
    actions.failed = Failure{.error = {}, .refusal = std::move(copy)};
    actions.failure_to_fleet = ours;
    end(actions);
    return actions;
  }
  auto outcome = held_ ? Outcome::revalidated : Outcome::miss;
  if (options_.forced) outcome = Outcome::forced;
  if (options_.bypass) outcome = Outcome::bypass;
  if (!options_.bypass && !purged_) {
    if (options_.memory) actions.fill_memory = copy;
    if (options_.remote) actions.write_remote = copy;
  }
  actions.look_before_write = !ours;
  actions.release_lease = ours;
  actions.answer = Verdict{.outcome = outcome, .tier = Tier::loader, .copy = std::move(copy)};
  end(actions);
  return actions;
}

void Flight::purge() {
  if (state_ == State::ended) return;
  purge_failure();
  purged_ = true;
  held_.reset();
  remembered_.reset();
}

void Flight::new_epoch() {
  if (state_ == State::ended) return;
  purge_failure();
  purged_ |= state_ == State::loading;
  held_.reset();
  remembered_.reset();
}

void Flight::purge_until(const Moment& at) {
  if (state_ == State::ended) return;
  if (at.wall > purged_until_) purge_failure();
  purged_until_ = std::max(purged_until_, at.wall);
  purged_ |= state_ == State::loading && loading_since_ <= at.steady;
  if (held_ && stored_until(held_->copy, at)) held_.reset();
  if (remembered_from_ <= at.wall || (remembered_ && remembered_->copy && stored_until(*remembered_->copy, at))) {
    remembered_.reset();
  }
}

Actions Flight::age_limit(SteadyTime now) {
  Actions actions;
  if (state_ == State::ended) return actions;
  // A loader that still waits for its turn must not proceed when the turn comes (see turn()).
  actions.answer = fallback_or(Error{.kind = ErrorKind::deadline_exceeded}, now);
  actions.refresh_after = kTryAgain;
  actions.release_lease = false;  // the load may still be running, so the lease must expire by itself
  end(actions);
  return actions;
}

// The source is asked from now on, so an earlier purge does not concern its answer.
void Flight::begin_load(Actions& actions, SteadyTime now) {
  state_ = State::loading;
  purged_ = false;
  loading_since_ = now;
  actions.proceed = true;
}

void Flight::end(Actions& actions) {
  state_ = State::ended;
  actions.ended = true;
}

// Returns true if a copy from Redis is not gone and was stored later than the held one.
bool Flight::is_newer(const Copy& copy, SteadyTime now) const {
  if (copy.freshness(now) == Freshness::gone || refuses_held_answer(copy, now)) return false;
  return !held_ || copy.entry->stored_at > held_->copy.entry->stored_at;
}

// Returns true if a copy from Redis shows that the doubtful held copy, or a later one, was not purged.
bool Flight::confirms_held(const Copy& copy, SteadyTime now) const {
  return options_.doubts == Doubts::gap && held_ && copy.entry->stored_at >= held_->copy.entry->stored_at &&
         copy.freshness(now) == Freshness::fresh && !refuses_held_answer(copy, now);
}

// Returns true if the flight was only to look, and Redis had nothing better than the held copy.
bool Flight::ends_doubts(const Result<std::optional<Copy>>& result, SteadyTime now) const {
  if (!options_.look_only || forced_ || !held_ || held_->copy.freshness(now) != Freshness::fresh) return false;
  if (options_.doubts == Doubts::superseded || !result) return true;
  // A value that cannot be read, or a later one that cannot be used (a refusal), may follow a purge.
  return !unreadable_ && (!*result || (*result)->entry->stored_at <= held_->copy.entry->stored_at);
}

// Returns true for a refusal while the held copy is an answer that may still be served, which it must not replace.
bool Flight::refuses_held_answer(const Copy& copy, SteadyTime now) const {
  return is_negative(copy.entry->kind) && held_ && held_->copy.entry->kind == EntryKind::answer &&
         held_->copy.freshness(now) != Freshness::gone;
}

std::optional<Verdict> Flight::join(SteadyTime now) const {
  if (!held_ || options_.forced || options_.bypass) return std::nullopt;
  switch (held_->copy.freshness(now)) {
    case Freshness::fresh:
      return Verdict{.outcome = Outcome::hit, .tier = held_->tier, .copy = held_->copy};
    case Freshness::stale:
      if (options_.inline_refresh) return std::nullopt;
      return Verdict{.outcome = Outcome::stale_while_revalidate, .tier = held_->tier, .copy = held_->copy};
    case Freshness::kept:
    case Freshness::gone:
      break;
  }
  return std::nullopt;
}

std::optional<Verdict> Flight::fallback(Outcome outcome, SteadyTime now) const {
  if (!held_ || held_->copy.freshness(now) == Freshness::gone) return std::nullopt;
  return Verdict{.outcome = outcome, .tier = held_->tier, .copy = held_->copy};
}

Verdict Flight::fallback_or(Error error, SteadyTime now) const {
  if (auto kept = fallback(Outcome::stale_if_error, now)) return std::move(*kept);
  return Verdict{.outcome = Outcome::miss, .tier = Tier::loader, .error = std::move(error)};
}

}  // namespace wx::cache
