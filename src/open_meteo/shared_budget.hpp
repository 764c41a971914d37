// The budget of provider calls of a process whose fleet counts together. A call is counted before it is made, in fixed
// windows of the fleet's time (base/fleet_clock), by these steps:
//
//   reserve     the call is added to this process's totals (WindowLedger)
//   exchange    the totals are written to the shared store, and those of all processes are read (FleetBudget)
//   settle      the call is allowed if what the others have used and what this process had used with the call included
//               are within the limit; otherwise it is given back
//
// Totals only grow, so a timeout is harmless: the next exchange writes the same totals or higher ones, and a call is
// counted once, however often it is sent. A store that has lost totals (a flush, a failover) gets those of all
// processes back from any process that knows them.
//
// Counting alone. If the store does not answer, each process may use its part of what was left when it was last heard:
// (limit - known) / n, where n is FLEET_SIZE or the number of processes seen at work in the last five minutes,
// whichever is higher. In a window of which nothing is known, that is limit / n.
//
// After an outage of the store, whoever is back first sees nothing yet of what the others have counted alone. So for
// kReturn after its first reply, a process leaves their parts of what was left before the outage to the others that
// were at work. A late reply is no outage.
//
// Boundaries. The provider's windows may begin slightly earlier or later than ours, and a call is under way for some
// time. So within 2 s of a boundary a call counts in both windows, and is refused if either is full.
//
// The throttle levels are those of Budget. Other purposes than cold and revalidate have refusals at 80 % and 90 %.
//
// Thread-safety: none. The caller holds a lock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "open_meteo/budget.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "open_meteo/limits.hpp"
#include "open_meteo/window_ledger.hpp"

namespace wx::open_meteo {

enum class Counting : std::uint8_t { alone, fleet };
// Why an exchange without a call is due: the store can be used again (a new connection, or a breaker that has closed),
// or half a minute has passed.
enum class Watch : std::uint8_t { connected, interval };

class SharedBudget {
 public:
  using Purpose = cache::Purpose;
  using Refusal = Budget::Refusal;
  using Usage = Budget::Usage;

  // Longer than a process usually takes to be back: the pauses before a connection and before a probe of the breaker
  // are at most a second each.
  static constexpr nanoseconds kReturn = std::chrono::seconds(5);

  // `id` distinguishes this process from every other, past ones included.
  SharedBudget(const Limits& limits, unsigned fleet_size, std::string id)
      : limits_(limits), fleet_size_(fleet_size), id_(std::move(id)) {}

  // Returns the refusal of a call for this purpose by what is known now, or nothing. Counts nothing.
  [[nodiscard]] std::optional<Refusal> check(Purpose purpose, WallTime wall) const;

  // The windows of one exchange, and what this process had used in each at that time.
  struct Part {
    Window window = Window::minute;
    std::int64_t number = 0;
    std::int64_t own = 0;
  };
  using Parts = std::vector<Part>;

  // Counts one call, in every window that it concerns.
  [[nodiscard]] Parts reserve(SteadyTime now, WallTime wall);
  // The windows for an exchange without a call, which gives a store that has lost totals those that this process knows.
  // After a connection all windows are read. Later those are exchanged of which something is known: each time within
  // ten minutes of the last call, and every five minutes otherwise, because an idle process should cost little.
  [[nodiscard]] Parts watch(Watch why, SteadyTime now, WallTime wall);
  // The exchange of these windows. The time of expiry is set in any case until a reply for the window has come,
  // with each watch and after a loss: the key may be new, and the reply that says so may be lost.
  enum class Expire : std::uint8_t { if_new, always };
  [[nodiscard]] std::vector<FleetWindow> to_exchange(const Parts& parts, SteadyTime now,
                                                     Expire expire = Expire::if_new);
  // Takes a reply, at any time and in any order. `counts` has the size of `parts`.
  void merge(const Parts& parts, const FleetBudget::Counts& counts, SteadyTime now);
  // Those of the windows of which the store lacked totals at the last reply. Exchange them at once, because nobody else
  // may know those totals; but only once after each reply, because the store may not keep them.
  [[nodiscard]] Parts lacking(const Parts& parts) const;

  // Decides on a reserved call, after merge() or without a reply. A refused call is given back, but only in this
  // process: exchange `parts` once more.
  [[nodiscard]] std::optional<Refusal> settle(Purpose purpose, const Parts& parts, SteadyTime now, WallTime wall);
  // `why` there was no reply: the store could not be reached, or the reply is late.
  enum class Silence : std::uint8_t { outage, late };
  [[nodiscard]] std::optional<Refusal> settle_alone(Purpose purpose, const Parts& parts, Silence why, SteadyTime now,
                                                    WallTime wall);

  [[nodiscard]] Usage usage(Window window, Counting counting, SteadyTime now, WallTime wall) const;
  // The strictest level of all windows.
  [[nodiscard]] ThrottleLevel throttle_level(Counting counting, SteadyTime now, WallTime wall) const;

 private:
  // The counts of the last reply before an outage. They limit this process during the outage and for kReturn after it.
  struct Outage {
    std::int64_t known = 0;           // calls of all processes
    std::int64_t confirmed = 0;       // those of this process among them
    std::optional<SteadyTime> until;  // when it no longer matters; unknown until a reply comes
  };
  struct Numbered {
    std::int64_t number;
    WindowLedger ledger;
    bool heard = false;            // a reply for this window has come
    std::optional<Outage> outage;  // the last one
  };

  void roll(WallTime wall);
  [[nodiscard]] Numbered* numbered(Window window, std::int64_t number);
  [[nodiscard]] const Numbered* numbered(Window window, std::int64_t number) const;
  [[nodiscard]] WindowLedger* find(Window window, std::int64_t number);
  [[nodiscard]] const WindowLedger* find(Window window, std::int64_t number) const;
  [[nodiscard]] WindowLedger& at(Window window, std::int64_t number);
  [[nodiscard]] std::uint64_t limit_of(Window window) const;
  // The number of processes among which a limit is shared out.
  [[nodiscard]] std::int64_t sharers(SteadyTime now) const;
  // The number of processes that are at work, this one included.
  [[nodiscard]] std::int64_t at_work(SteadyTime now) const;
  void note_outage(Numbered& numbered, SteadyTime now) const;
  // Refuses a call that could take what the others may have used in an outage. Counting alone, a process keeps to its
  // own part.
  [[nodiscard]] std::optional<Refusal> leave_parts(const Parts& parts, Counting counting, SteadyTime now) const;
  // Refuses the call if `refuses` says so for one of its windows, or else with `otherwise`, and gives it back then.
  template <class Refuses>
  [[nodiscard]] std::optional<Refusal> decide(const Parts& parts, WallTime wall,
                                              const std::optional<Refusal>& otherwise, Refuses refuses);
  void give_back(const Parts& parts);
  void count_unlimited(WallTime wall);

  const Limits limits_;
  const unsigned fleet_size_;
  const std::string id_;
  std::array<std::vector<Numbered>, kWindows> ledgers_;  // by window: those of the present number and its neighbours
  // Processes of version 0.1.0 have their own counter. Without any, it is looked at now and then only.
  bool plain_seen_ = false;
  bool heard_ever_ = false;  // a reply has come
  std::optional<SteadyTime> plain_looked_at_;
  std::optional<SteadyTime> called_at_;
  std::optional<SteadyTime> watched_at_;
};

}  // namespace wx::open_meteo
