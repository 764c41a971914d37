// The gate before the provider. At most `concurrency` calls run; the others wait in lines by purpose, the most urgent
// first. A call that could not start before its deadline is refused at once, with a hint when to come back, instead of
// after a useless wait.
//
// The estimate. Every call is expected to last as long as recent calls did: an exponentially weighted mean of all
// calls, including failed ones, because they hold a slot as well. So the running calls end at known times, sorted
// e0 <= e1 <= ..., and a call with n others ahead of it starts at e[n mod c] + (n / c) * mean, where c is the
// concurrency.
//
// A state machine: events in, decisions out, no clock, no threads. Thread-safety: none. The caller holds a lock.
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
  // The expected duration of a call until one has ended.
  nanoseconds first_estimate = milliseconds(500);
};

class Gate {
 public:
  using Ticket = std::uint64_t;
  using Purpose = cache::Purpose;
  // How a ticket gives its slot back.
  enum class Ending : std::uint8_t {
    called,      // after a call, whose duration updates the estimate
    not_called,  // without a call, because it stood down
  };

  struct Start {};
  struct Wait {};
  struct Refuse {
    nanoseconds retry_after;  // after which a call with the same deadline span would be let in
  };
  using Decision = std::variant<Start, Wait, Refuse>;

  // The consequences of a call's end.
  struct Turn {
    std::optional<Ticket> start;  // holds the slot now; leave() must follow for it
    std::vector<Ticket> expired;  // waited beyond their deadline and are forgotten
  };

  explicit Gate(GateOptions options);

  // Asks for a slot for `ticket`, a number that is not in use. After Start the ticket holds a slot until leave(). After
  // Wait a later Turn names it. After Refuse it is forgotten.
  [[nodiscard]] Decision enter(Ticket ticket, Purpose purpose, SteadyTime now, SteadyTime deadline);

  // Gives the slot of `ticket` back.
  [[nodiscard]] Turn leave(Ticket ticket, SteadyTime now, Ending ending = Ending::called);

  // Forgets all waiting tickets and returns them, for shutting down.
  [[nodiscard]] std::vector<Ticket> clear_queue();

  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t queued() const { return ahead_of(kPurposes); }

 private:
  struct Waiting {
    Ticket ticket;
    SteadyTime deadline;
  };

  static constexpr std::size_t kPurposes = static_cast<std::size_t>(Purpose::early) + 1;

  // The number of tickets that wait in the first `lines` lines.
  [[nodiscard]] std::size_t ahead_of(std::size_t lines) const;
  [[nodiscard]] nanoseconds expected_wait(std::size_t ahead, SteadyTime now) const;

  GateOptions options_;
  nanoseconds estimate_;                              // the expected duration of a call
  std::unordered_map<Ticket, SteadyTime> running_;    // -> when it started
  std::array<std::deque<Waiting>, kPurposes> lines_;  // by purpose, the most urgent first
};

}  // namespace wx::open_meteo
