// Counts one call against the budget before it is made: with the fleet's counters if a fleet is joined, else alone (see
// Budget).
//
// Thread-safety: pay() from any thread; join() before the first pay().
#pragma once

#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "observability/log.hpp"
#include "open_meteo/admission.hpp"
#include "open_meteo/fleet_budget.hpp"

namespace wx::open_meteo {

class CallPayment {
 public:
  CallPayment(Admission& admission, const Clock& clock, observability::Log& log)
      : admission_(admission), clock_(clock), log_(log) {}

  // Counts calls with `fleet` from now on.
  void join(FleetBudget& fleet);

  // Receives the refusal, or nothing if the call may be made.
  using Paid = std::move_only_function<void(std::optional<Error> refused)>;
  // Counts one call. `paid` is called exactly once, on any thread, possibly before pay() returns; it keeps this object
  // alive and must not throw. An exception while the fleet's reply is processed is logged and refuses the call with
  // ErrorKind::internal. An earlier exception leaves pay(), and `paid` is destroyed without being called. With
  // `redis_unavailable` the fleet is not asked, because the load has already waited once for a Redis that does not
  // answer.
  void pay(cache::Purpose purpose, bool redis_unavailable, Paid paid);

 private:
  [[nodiscard]] std::optional<Error> pay_with_fleet(cache::Purpose purpose, Budget::FleetTake& asked,
                                                    const Result<FleetBudget::Counts>& counts);

  Admission& admission_;
  const Clock& clock_;
  observability::Log& log_;
  FleetBudget* fleet_ = nullptr;
};

}  // namespace wx::open_meteo
