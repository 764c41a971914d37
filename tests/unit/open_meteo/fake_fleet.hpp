// The shared store of a fleet's budget as Redis holds it, without Redis.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "open_meteo/fleet_budget.hpp"

namespace wx::open_meteo {

// Thread-safety: any thread.
class FakeStore {
 public:
  FleetBudget::Counts exchange(const std::vector<FleetWindow>& windows) {
    const std::lock_guard lock(mutex_);
    FleetBudget::Counts counts;
    for (const auto& window : windows) {
      auto& held = totals_[window.name];
      for (const auto& totals : window.write) {
        auto& one = held[totals.id];
        one.id = totals.id;
        one.spent = std::max(one.spent, totals.spent);
        one.given_back = std::max(one.given_back, totals.given_back);
      }
      FleetCount count;
      for (const auto& [id, totals] : held) count.totals.push_back(totals);
      if (!window.plain_name.empty()) count.plain = plain_[window.plain_name];
      counts.push_back(std::move(count));
    }
    return counts;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    totals_.clear();
  }
  // As a process of version 0.1.0 counts.
  void count_plainly(const std::string& name, std::int64_t calls) {
    const std::lock_guard lock(mutex_);
    plain_[name] += calls;
  }
  // The calls that are counted in a window, in thousandths.
  [[nodiscard]] std::int64_t used(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    std::int64_t used = 0;
    const auto held = totals_.find(name);
    if (held == totals_.end()) return 0;
    for (const auto& [id, totals] : held->second) used += totals.spent - totals.given_back;
    return used;
  }
  [[nodiscard]] std::vector<std::string> windows() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, totals] : totals_) names.push_back(name);
    return names;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, FleetTotals>> totals_;
  std::map<std::string, std::int64_t> plain_;
};

// Answers at once, on the caller's thread.
class FakeFleet final : public FleetBudget {
 public:
  void exchange(std::vector<FleetWindow> windows, Patience /*patience*/, Done done, Late /*late*/) override {
    if (down) return done(fail(ErrorKind::redis_unavailable));
    done(store.exchange(windows));
  }
  FakeStore store;
  std::atomic<bool> down{false};
};

}  // namespace wx::open_meteo
