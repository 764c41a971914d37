// Counts one call against the budget before it is made: with the fleet if there is one (see SharedBudget), else alone
// (see Budget).
//
// Thread-safety: pay() and watch() from any thread; join() before the first of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

  // Receives the refusal, or nothing if the call may be made. A refused call may be worth a second payment, see
  // Admission::Payment::ask_again.
  using Paid = std::move_only_function<void(Admission::Payment payment)>;
  // Counts one call. `paid` is called exactly once, on any thread, possibly before pay() returns; it keeps this object
  // alive and must not throw. An exception while the fleet's reply is processed is logged and refuses the call with
  // ErrorKind::internal. An earlier exception leaves pay(), and `paid` is destroyed without being called. With
  // `redis_unavailable` the fleet is not asked, because the load has already waited once for a Redis that does not
  // answer. `self` keeps this object alive; a reply that comes too late is dropped once it is gone.
  void pay(cache::Purpose purpose, bool redis_unavailable, const std::shared_ptr<const void>& self, Paid paid);

  // Exchanges totals without a call (see SharedBudget::watch()). `self` as above.
  void watch(Watch why, const std::shared_ptr<const void>& self);

 private:
  // The step after a reply. One reply may cause another exchange, but not the next: a store that does not keep totals
  // would be asked without end.
  enum class Then : std::uint8_t { put_back, nothing };
  void exchange(Admission::Exchange asked, const std::shared_ptr<const void>& self, Then then = Then::put_back);
  // Takes a reply that no call waits for.
  [[nodiscard]] FleetBudget::Late merger(SharedBudget::Parts parts, const std::shared_ptr<const void>& self, Then then);
  // Puts back at once what the store has lost, if the last reply said so.
  void put_back(const SharedBudget::Parts& parts, const std::shared_ptr<const void>& self);

  Admission& admission_;
  const Clock& clock_;
  observability::Log& log_;
  FleetBudget* fleet_ = nullptr;
};

}  // namespace wx::open_meteo
