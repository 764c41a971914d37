// The gate before the provider: at most `concurrency` calls run, the others wait in line, the more urgent purposes
// ahead of the others. Who could not start before the caller gives up is turned away at once with a hint when to come
// back, rather than after a wait that was in vain.
//
// The estimate: every call is taken to last as long as calls lately did (an exponentially weighted mean of all calls,
// failed ones included: they hold a slot as well). The running calls then end at known times, sorted e0 <= e1 <= ...,
// and as all calls last equally long, the one with n others ahead of it starts at e[n mod c] + (n / c) * mean, where c
// is the concurrency.
//
// A state machine: events in, decisions out, no clock, no threads. Thread-safety: none; guard it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "cache/loader.hpp"

namespace wx::open_meteo {

struct GateOptions {
  std::size_t concurrency = 2;
  std::size_t max_queue = 1000;
  // What a call is thought to last until one has ended.
  nanoseconds first_estimate = milliseconds(500);
};

class Gate {
 public:
  using Ticket = std::uint64_t;
  using Purpose = cache::Purpose;
  // How a ticket gives its slot back.
  enum class Ending : std::uint8_t {
    called,      // after a call: it says how long calls last
    not_called,  // without one, since it was told to stand down
  };

  struct Start {};
  struct Wait {};
  struct Refuse {
    nanoseconds retry_after;  // when somebody as patient would be let in
  };
  using Decision = std::variant<Start, Wait, Refuse>;

  // What the end of a call allows.
  struct Turn {
    std::optional<Ticket> start;  // has the slot now; leave() must follow for it
    std::vector<Ticket> expired;  // waited beyond their deadline: forgotten
  };

  explicit Gate(GateOptions options);

  // `ticket` (not in use) wants to call. After Start it holds a slot, until leave(); after Wait a Turn names it; after
  // Refuse it is forgotten.
  [[nodiscard]] Decision enter(Ticket ticket, Purpose purpose, SteadyTime now, SteadyTime deadline);

  // `ticket` needs its slot no longer.
  [[nodiscard]] Turn leave(Ticket ticket, SteadyTime now, Ending ending = Ending::called);

  // Forgets all that wait and returns them, for shutting down.
  [[nodiscard]] std::vector<Ticket> clear_queue();

  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t queued() const { return ahead_of(kPurposes); }
  // What a call is thought to last.
  [[nodiscard]] nanoseconds estimate() const { return estimate_; }

 private:
  struct Waiting {
    Ticket ticket;
    SteadyTime deadline;
  };

  static constexpr std::size_t kPurposes = static_cast<std::size_t>(Purpose::early) + 1;

  // How many wait in the first `lines` lines.
  [[nodiscard]] std::size_t ahead_of(std::size_t lines) const;
  [[nodiscard]] nanoseconds expected_wait(std::size_t ahead, SteadyTime now) const;

  GateOptions options_;
  nanoseconds estimate_;
  std::unordered_map<Ticket, SteadyTime> running_;    // -> when it started
  std::array<std::deque<Waiting>, kPurposes> lines_;  // by purpose, the most urgent first
};

}  // namespace wx::open_meteo
