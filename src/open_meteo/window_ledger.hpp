// The provider calls of a fleet in one window of the budget, as one process knows them.
//
// Each process has an id and two totals that only grow: spent and given back. A message with totals therefore may be
// repeated, late, lost or out of order: the highest total seen of an id is right, and nothing is ever counted twice
// (a state-based counter, "PN-Counter" in Shapiro et al., "A comprehensive study of convergent and commutative
// replicated data types", INRIA 2011). Every process keeps the totals of all, so it can put them back into a store that
// has lost them, those of processes that have ended included.
//
// All amounts are in thousandths of a call.
//
// A pure kernel. Thread-safety: none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace wx::open_meteo {

// The totals of one process, as they are stored and sent.
struct FleetTotals {
  std::string id;
  std::int64_t spent = 0;
  std::int64_t given_back = 0;

  friend bool operator==(const FleetTotals&, const FleetTotals&) = default;
};

class WindowLedger {
 public:
  // The highest total that is believed. No limit allows so many calls (see parse_rate()).
  static constexpr std::int64_t kMost = 1'000'000'000'000;
  // The number of other processes that are remembered; further ones are ignored. FLEET_SIZE is at most as high.
  static constexpr std::size_t kMostIds = 10'000;

  // Whether a process whose totals are there at the first look counts as at work. It does if the window is so short
  // that they must be recent. In an hour or a day they may be those of a process that has ended long ago, so only their
  // growth afterwards shows that it is at work.
  enum class AtFirstLook : std::uint8_t { at_work, unknown };
  explicit WindowLedger(std::string own_id, AtFirstLook first = AtFirstLook::at_work) : at_first_look_(first) {
    own_.id = std::move(own_id);
  }

  // Adds to the totals of this process.
  void spend(std::int64_t amount) { own_.spent += amount; }
  void give_back(std::int64_t amount) { own_.given_back += amount; }

  // Takes all totals that the store holds. Ignores those that cannot be (negative, above kMost). Own totals that are
  // higher than ours are from before this ledger was made anew (the clock was set), so they are added to ours.
  void merge(const std::vector<FleetTotals>& stored, SteadyTime now);
  // Takes the count of the processes that do not write totals (version 0.1.0). It only grows, too.
  void merge_plain(std::int64_t amount);

  [[nodiscard]] std::int64_t own() const { return net(own_); }
  [[nodiscard]] std::int64_t others() const { return others_; }
  [[nodiscard]] std::int64_t used() const { return own() + others(); }

  // Notes that the store held `own` of this process at its last reply. What the process spends beyond that, the others
  // cannot know.
  void confirm(std::int64_t own) { confirmed_ = own; }
  [[nodiscard]] std::int64_t confirmed() const { return std::min(confirmed_, own()); }

  // The totals to write: the own ones, and those that the store lacked the last time.
  [[nodiscard]] std::vector<FleetTotals> to_write() const;
  // The store lacked totals at the last reply that this process knows and does not own.
  [[nodiscard]] bool store_lacks() const { return !missing_.empty(); }
  // The number of processes whose totals have grown since `since` (see AtFirstLook), this one included.
  [[nodiscard]] std::size_t live(SteadyTime since) const;

 private:
  struct Other {
    FleetTotals known;
    FleetTotals stored;  // by the last reply; without an id
    std::optional<SteadyTime> grew_at;
  };
  [[nodiscard]] static std::int64_t net(const FleetTotals& totals) {
    return std::max<std::int64_t>(totals.spent - totals.given_back, 0);
  }
  void merge_own(const FleetTotals& stored);
  void merge_other(const FleetTotals& stored, SteadyTime now);

  AtFirstLook at_first_look_;
  bool looked_ = false;
  FleetTotals own_;
  std::vector<Other> known_;  // sorted by id
  std::int64_t plain_ = 0;
  std::int64_t others_ = 0;  // the sum of known_ and plain_
  std::int64_t confirmed_ = 0;
  std::vector<FleetTotals> missing_;
};

}  // namespace wx::open_meteo
