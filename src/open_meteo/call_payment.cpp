#include "open_meteo/call_payment.hpp"

#include <utility>

#include "open_meteo/thrown.hpp"

namespace wx::open_meteo {

void CallPayment::join(FleetBudget& fleet) {
  fleet_ = &fleet;
  admission_.join_fleet();
}

void CallPayment::pay(cache::Purpose purpose, bool redis_unavailable, const std::shared_ptr<const void>& self,
                      Paid paid) {
  if (!admission_.with_fleet()) return paid({.refused = admission_.pay_alone(purpose, now_of(clock_))});
  auto asked = admission_.reserve(now_of(clock_));
  if (redis_unavailable) {
    return paid(admission_.settle(purpose, asked.parts, fail(ErrorKind::redis_unavailable), now_of(clock_)));
  }
  auto late = merger(asked.parts, self, Then::put_back);
  fleet_->exchange(
      std::move(asked.windows), asked.patience,
      [this, self, purpose, parts = std::move(asked.parts),
       paid = std::move(paid)](const Result<FleetBudget::Counts>& counts) mutable {
        Admission::Payment payment;
        try {
          payment = admission_.settle(purpose, parts, counts, now_of(clock_));
          // Without a reply, the next exchange tells the others. It also writes what the store lacks.
          if (payment.refused && counts) {
            exchange(admission_.exchange(parts, now_of(clock_)), self);
          } else if (counts) {
            put_back(parts, self);
          }
        } catch (...) {
          payment = {.refused = thrown(log_, "an exception while counting a provider call")};
        }
        paid(std::move(payment));
      },
      std::move(late));
}

void CallPayment::watch(Watch why, const std::shared_ptr<const void>& self) {
  if (!admission_.with_fleet()) return;
  exchange(admission_.watch(why, now_of(clock_)), self);
}

void CallPayment::exchange(Admission::Exchange asked, const std::shared_ptr<const void>& self, Then then) {
  if (asked.windows.empty()) return;
  auto late = merger(asked.parts, self, then);
  fleet_->exchange(
      std::move(asked.windows), Patience::usual,
      [merge = merger(std::move(asked.parts), self, then)](Result<FleetBudget::Counts> counts) mutable {
        if (counts) merge(*std::move(counts));
      },
      std::move(late));
}

FleetBudget::Late CallPayment::merger(SharedBudget::Parts parts, const std::shared_ptr<const void>& self, Then then) {
  return [this, weak = std::weak_ptr(self), parts = std::move(parts), then](const FleetBudget::Counts& counts) {
    const auto alive = weak.lock();
    if (!alive) return;
    admission_.merge(parts, counts, now_of(clock_));
    if (then == Then::put_back) put_back(parts, alive);
  };
}

void CallPayment::put_back(const SharedBudget::Parts& parts, const std::shared_ptr<const void>& self) {
  exchange(admission_.put_back(parts, now_of(clock_)), self, Then::nothing);
}

}  // namespace wx::open_meteo
