#include "open_meteo/window_ledger.hpp"

namespace wx::open_meteo {
namespace {

bool possible(std::int64_t total) {
  return total >= 0 && total <= WindowLedger::kMost;
}

}  // namespace

void WindowLedger::merge(const std::vector<FleetTotals>& stored, SteadyTime now) {
  for (auto& other : known_) other.stored = {};
  for (const auto& totals : stored) {
    if (!possible(totals.spent) || !possible(totals.given_back)) continue;
    if (totals.id == own_.id) {
      merge_own(totals);
    } else {
      merge_other(totals, now);
    }
  }
  looked_ = true;
  others_ = plain_;
  missing_.clear();
  for (const auto& [known, held, grew_at] : known_) {
    others_ += net(known);
    if (held.spent < known.spent || held.given_back < known.given_back) missing_.push_back(known);
  }
}

void WindowLedger::merge_own(const FleetTotals& stored) {
  if (stored.spent <= own_.spent) return;
  own_.spent += stored.spent;
  own_.given_back += stored.given_back;
}

void WindowLedger::merge_other(const FleetTotals& stored, SteadyTime now) {
  auto at =
      std::ranges::lower_bound(known_, stored.id, {}, [](const Other& other) -> const auto& { return other.known.id; });
  if (at == known_.end() || at->known.id != stored.id) {
    if (known_.size() >= kMostIds) return;
    at = known_.insert(at, {.known = {.id = stored.id}, .stored = {}, .grew_at = std::nullopt});
    if (looked_ || at_first_look_ == AtFirstLook::at_work) at->grew_at = now;
  } else if (stored.spent > at->known.spent || stored.given_back > at->known.given_back) {
    at->grew_at = now;
  }
  at->stored.spent = stored.spent;
  at->stored.given_back = stored.given_back;
  auto& known = at->known;
  known.spent = std::max(known.spent, stored.spent);
  known.given_back = std::max(known.given_back, stored.given_back);
}

void WindowLedger::merge_plain(std::int64_t amount) {
  if (!possible(amount) || amount <= plain_) return;
  others_ += amount - plain_;
  plain_ = amount;
}

std::vector<FleetTotals> WindowLedger::to_write() const {
  std::vector<FleetTotals> totals;
  totals.reserve(1 + missing_.size());
  if (own_.spent > 0) totals.push_back(own_);
  totals.insert(totals.end(), missing_.begin(), missing_.end());
  return totals;
}

std::size_t WindowLedger::live(SteadyTime since) const {
  return 1 + static_cast<std::size_t>(std::ranges::count_if(
                 known_, [&](const Other& other) { return other.grew_at && *other.grew_at >= since; }));
}

}  // namespace wx::open_meteo
