// Whether a load may become a call: the breaker, the budget, the retries, in one place, with what is counted and logged
// about them. Each change of state is one log line; the fleet's count, which a slow Redis may take away and give back
// with every call, is told at most once in ten seconds for each of the two.
//
// Thread-safety: any thread, but for join_fleet().
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "cache/loader.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "open_meteo/budget.hpp"
#include "open_meteo/open_meteo_options.hpp"
#include "open_meteo/provider_breaker.hpp"
#include "open_meteo/retry_budget.hpp"

namespace wx::open_meteo {

// Both clocks at one moment.
struct Instant {
  SteadyTime steady;
  WallTime wall;
};
[[nodiscard]] inline Instant now_of(const Clock& clock) {
  return {clock.steady(), clock.wall()};
}

// What /stats and the gauges tell.
struct ProviderStatus {
  Breaker::State breaker = Breaker::State::closed;
  nanoseconds wait{0};  // until the next call may pass; 0: now
  Rung rung = Rung::open;
  std::array<Budget::Usage, kWindows> usage{};  // by Window
  bool alone = true;                            // counted by this process's share
};

class Admission {
 public:
  using Purpose = cache::Purpose;

  // Throws std::invalid_argument if a process's share of the limits is less than one call.
  Admission(const OpenMeteoOptions& options, Random random, observability::Metrics& metrics, observability::Log& log);

  // From now on calls are counted with a fleet. Before the first call of any other function.
  void join_fleet() { fleet_ = true; }
  [[nodiscard]] bool with_fleet() const { return fleet_ && !off_; }

  // Whether a load could become a call now. Changes and counts nothing but the refusal. A fault is to be told to the
  // load: provider_limited, or the kind of the last failure, with retry_after.
  [[nodiscard]] std::optional<Error> check(Purpose purpose, const Instant& now);
  // The load's turn has come: the same, and lets it pass the breaker.
  [[nodiscard]] Result<Breaker::Pass> enter(Purpose purpose, const Instant& now);
  // It became no call, or one that was cut short by ourselves.
  void release(Breaker::Pass pass);

  // One call is about to be made: pay for it, alone or with the fleet (see Budget).
  [[nodiscard]] std::optional<Error> pay_alone(Purpose purpose, const Instant& now);
  [[nodiscard]] Budget::FleetTake ask_fleet(const Instant& now);
  struct Payment {
    std::optional<Error> refused;
    bool give_back = false;  // one unit to the fleet's counters
  };
  [[nodiscard]] Payment pay_with_fleet(Purpose purpose, const Budget::FleetTake& asked,
                                       const Result<FleetBudget::Counts>& counts, const Instant& now);

  // How a call that was made ended; ends its pass. `fault` is null for an answer.
  void ended(Breaker::Pass pass, const Error* fault, nanoseconds duration, const Instant& now);

  // The pause before a second attempt, if there is to be one; `left` is what remains of the call's time. Taken from the
  // retry budget.
  [[nodiscard]] std::optional<nanoseconds> retry_after(const Error& fault, nanoseconds left, const Instant& now);
  // A first attempt is made.
  void called(const Instant& now);

  [[nodiscard]] ProviderStatus status(const Instant& now);

 private:
  // What the ladder goes by before a call: with a fleet only a reply can say that we are alone now.
  [[nodiscard]] Counting counting() const { return fleet_ ? Counting::fleet : Counting::alone; }
  [[nodiscard]] Counting counted_last() const WX_REQUIRES(mutex_) { return fleet_lost_ ? Counting::alone : counting(); }
  [[nodiscard]] std::optional<Error> refusal(Purpose purpose, const Instant& now) WX_REQUIRES(mutex_);
  [[nodiscard]] std::optional<Error> count_alone(Purpose purpose, const Instant& now) WX_REQUIRES(mutex_);
  [[nodiscard]] Error shed(const Breaker::Refusal& refusal);
  [[nodiscard]] Error shed(const Budget::Refusal& refusal);
  void watch(const Instant& now) WX_REQUIRES(mutex_);
  void watch_count(const Instant& now) WX_REQUIRES(mutex_);
  void watch_rung(const Instant& now) WX_REQUIRES(mutex_);

  observability::Metrics& metrics_;
  observability::Log& log_;
  const bool off_;  // no limits
  bool fleet_ = false;

  Mutex mutex_;
  bool fleet_lost_ WX_GUARDED_BY(mutex_) = false;  // the last call had to be counted alone
  Random random_ WX_GUARDED_BY(mutex_);
  Breaker breaker_ WX_GUARDED_BY(mutex_);
  Budget budget_ WX_GUARDED_BY(mutex_);
  RetryBudget retries_ WX_GUARDED_BY(mutex_);
  // As last logged.
  Breaker::State told_state_ WX_GUARDED_BY(mutex_) = Breaker::State::closed;
  Rung told_rung_ WX_GUARDED_BY(mutex_) = Rung::open;
  bool told_lost_ WX_GUARDED_BY(mutex_) = false;
  std::array<std::optional<SteadyTime>, 2> told_count_at_ WX_GUARDED_BY(mutex_);  // by told_lost_
};

}  // namespace wx::open_meteo
