// Decides whether a load may become a provider call. Combines the breaker, the call budget and the retry budget, with
// their metrics. Each change of state writes one log line (AdmissionLog).
//
// Thread-safety: any thread, except join_fleet().
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "cache/loader.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "open_meteo/admission_log.hpp"
#include "open_meteo/budget.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "open_meteo/open_meteo_options.hpp"
#include "open_meteo/provider_breaker.hpp"
#include "open_meteo/retry_budget.hpp"
#include "open_meteo/shared_budget.hpp"

namespace wx::open_meteo {

// The time of both clocks at one moment.
struct Instant {
  SteadyTime steady;
  WallTime wall;
};
[[nodiscard]] inline Instant now_of(const Clock& clock) {
  return {clock.steady(), clock.wall()};
}

// The values for /stats and the gauges.
struct ProviderStatus {
  ProviderBreaker::State breaker = ProviderBreaker::State::closed;
  std::array<Budget::Usage, kWindows> usage{};  // by Window
  milliseconds clock_ahead{0};                  // see ProviderClock::ahead()
};

// The pause before the next call that a failed reply asks for.
struct AskedPause {
  std::optional<milliseconds> span = {};  // its Retry-After
  // It is a 429 for too many calls at once. Error::detail does not tell, because it may be cut or replaced to be shown.
  bool too_many_at_once = false;
};

class Admission {
 public:
  using Purpose = cache::Purpose;

  // Throws std::invalid_argument if a process's share of the limits is less than one call.
  Admission(const OpenMeteoOptions& options, Random random, observability::Metrics& metrics, observability::Log& log);

  // Counts calls with a fleet from now on. Call it before any other function.
  void join_fleet();
  [[nodiscard]] bool with_fleet() const { return fleet_ && !off_; }

  // Returns the error of a load that could not become a call now, or nothing: provider_limited, or the kind of the last
  // failure, with retry_after. Counts a refusal in the metrics and changes nothing else. A cold load is not refused
  // while the breaker's probe is under way (see enter()).
  [[nodiscard]] std::optional<Error> check(Purpose purpose, const Instant& now);
  // Makes the same check when the load's turn has come, and returns a pass of the breaker. Empty: the breaker's probe
  // is under way, and a cold load waits for its end, because its callers have nothing else. It must enter again once
  // probing() is false. The other loads are refused meanwhile, so that their callers get their copies at once.
  [[nodiscard]] Result<std::optional<ProviderBreaker::Pass>> enter(Purpose purpose, const Instant& now);
  // True from the admission of the breaker's probe to the end of its pass, by ended() or release().
  [[nodiscard]] bool probing();
  // Ends the pass of a load that made no call, or whose call this process aborted.
  void release(ProviderBreaker::Pass pass);

  // Counts a call that is about to be made, without a fleet (see Budget).
  [[nodiscard]] std::optional<Error> pay_alone(Purpose purpose, const Instant& now);

  // Counts a call that is about to be made with the fleet (see SharedBudget): reserve it, exchange `windows`, settle
  // it.
  struct Exchange {
    SharedBudget::Parts parts;
    std::vector<FleetWindow> windows;
    Patience patience = Patience::usual;
  };
  [[nodiscard]] Exchange reserve(const Instant& now);
  // Takes the reply to the exchange of a reserved call, or its failure, and decides. The call has been given back if it
  // is refused: exchange() tells the others.
  struct Payment {
    std::optional<Error> refused;
    // The reply counts calls that others may give back, because they asked at the same time: ask again soon.
    bool ask_again = false;
  };
  [[nodiscard]] Payment settle(Purpose purpose, const SharedBudget::Parts& parts,
                               const Result<FleetBudget::Counts>& counts, const Instant& now);

  // Random, because the others pause too.
  [[nodiscard]] nanoseconds pause_before_asking_again();

  // For an exchange without a call: of the windows of a call that was given back, or as a watch (see SharedBudget).
  [[nodiscard]] Exchange exchange(const SharedBudget::Parts& parts, const Instant& now);
  [[nodiscard]] Exchange watch(Watch why, const Instant& now);
  // Takes the reply to such an exchange, or one that came too late.
  void merge(const SharedBudget::Parts& parts, const FleetBudget::Counts& counts, const Instant& now);
  // After a reply: the exchange that puts back what the store has lost. Usually it has no windows.
  [[nodiscard]] Exchange put_back(const SharedBudget::Parts& parts, const Instant& now);

  // Returns the error of a call that may not be sent now, although it has entered: the provider has asked for a pause.
  [[nodiscard]] std::optional<Error> check_pause(const Instant& now);

  // Records how a call ended, and ends its pass. `fault` is null for an answer. No call is made before the
  // asked pause is over, nor before the window ends that a 429 names.
  void ended(ProviderBreaker::Pass pass, const Error* fault, nanoseconds duration, const Instant& now,
             AskedPause asked = {});

  // Returns the pause before a second attempt, or nothing if none is allowed. `left` is the remaining time of the call.
  // Takes one retry from the retry budget.
  [[nodiscard]] std::optional<nanoseconds> retry_after(const Error& fault, nanoseconds left, const Instant& now);
  // Records a first attempt.
  void called(const Instant& now);

  [[nodiscard]] ProviderStatus status(const Instant& now);

 private:
  // The way of counting that decides before a call. With a fleet, only a reply shows that the fleet's count is lost.
  [[nodiscard]] Counting counting() const { return fleet_ ? Counting::fleet : Counting::alone; }
  [[nodiscard]] Counting counted_last() const WX_REQUIRES(mutex_) { return fleet_lost_ ? Counting::alone : counting(); }
  [[nodiscard]] std::optional<Error> refusal(Purpose purpose, const Instant& now) WX_REQUIRES(mutex_);
  [[nodiscard]] Budget::Usage usage(Window window, Counting counting, const Instant& now) WX_REQUIRES(mutex_);
  [[nodiscard]] std::array<Budget::Usage, kWindows> usages(Counting counting, const Instant& now) WX_REQUIRES(mutex_);
  [[nodiscard]] Error shed(const ProviderBreaker::Refusal& refusal);
  [[nodiscard]] Error shed(const Budget::Refusal& refusal);
  void pause(const Error& fault, AskedPause asked, SteadyTime now) WX_REQUIRES(mutex_);
  void log_changes(const Instant& now) WX_REQUIRES(mutex_);
  void log_throttle_level(const Instant& now) WX_REQUIRES(mutex_);

  observability::Metrics& metrics_;
  const bool off_;  // no limits
  const Limits limits_;
  const unsigned fleet_size_;
  bool fleet_ = false;

  Mutex mutex_;
  bool fleet_lost_ WX_GUARDED_BY(mutex_) = false;  // the last call was counted without the fleet
  Random random_ WX_GUARDED_BY(mutex_);
  ProviderBreaker breaker_ WX_GUARDED_BY(mutex_);
  Budget budget_ WX_GUARDED_BY(mutex_);                       // without a fleet
  std::optional<SharedBudget> shared_ WX_GUARDED_BY(mutex_);  // with one
  RetryBudget retries_ WX_GUARDED_BY(mutex_);
  AdmissionLog changes_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::open_meteo
