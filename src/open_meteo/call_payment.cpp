#include "open_meteo/call_payment.hpp"

#include <utility>

#include "open_meteo/thrown.hpp"

namespace wx::open_meteo {

void CallPayment::join(FleetBudget& fleet) {
  fleet_ = &fleet;
  admission_.join_fleet();
}

void CallPayment::pay(cache::Purpose purpose, bool redis_unavailable, Paid paid) {
  if (!admission_.with_fleet()) return paid(admission_.pay_alone(purpose, now_of(clock_)));
  auto asked = admission_.ask_fleet(now_of(clock_));
  if (redis_unavailable) return paid(pay_with_fleet(purpose, asked, fail(ErrorKind::redis_unavailable)));
  const auto windows = asked.windows;  // a copy: take() reads them after `asked` is moved into the callback
  fleet_->take(windows, 1,
               [this, purpose, asked = std::move(asked),
                paid = std::move(paid)](const Result<FleetBudget::Counts>& counts) mutable {
                 std::optional<Error> refused;
                 try {
                   refused = pay_with_fleet(purpose, asked, counts);
                 } catch (...) {
                   refused = thrown(log_, "an exception while counting a provider call");
                 }
                 paid(std::move(refused));
               });
}

std::optional<Error> CallPayment::pay_with_fleet(cache::Purpose purpose, Budget::FleetTake& asked,
                                                 const Result<FleetBudget::Counts>& counts) {
  auto payment = admission_.pay_with_fleet(purpose, asked, counts, now_of(clock_));
  if (payment.give_back) {
    // Only the refused unit is subtracted: the calls that were added late stay counted.
    for (auto& window : asked.windows) window.owed = 0;
    fleet_->take(asked.windows, -1, [](const auto&) {});
  }
  return std::move(payment.refused);
}

}  // namespace wx::open_meteo
