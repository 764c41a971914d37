// Limits concurrent provider calls. At most `concurrency` calls run; the others wait in one queue per purpose, the most
// urgent purpose first. A call that is not expected to start before its deadline is refused at once, with a time to
// retry after, instead of after a useless wait.
//
// The estimate. The expected duration of a call is an exponentially weighted mean of recent calls, including failed
// ones, because they hold a slot as well. With it the running calls have expected ends e0 <= e1 <= ..., and a call with
// n others ahead of it starts at e[n mod c] + (n / c) * mean, where c is the concurrency.
//
// The bodies. Running calls hold the bytes of their replies that have come so far. While these are at or above
// `max_bytes`, no call starts, except one if none runs. A body is dropped at the end of its call, so leave() is where
// the waiting calls go on: as many as there are slots then.
//
// A state machine: it takes events, returns decisions, and uses no clock and no threads. Thread-safety: none. The
// caller holds a lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
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
  std::size_t max_bytes = 128UL * 1024 * 1024;
};

class Gate {
 public:
  using Ticket = std::uint64_t;
  using Purpose = cache::Purpose;
  // The ways in which a ticket releases its slot.
  enum class Ending : std::uint8_t {
    called,      // after a call, whose duration updates the estimate
    not_called,  // without a call, because it was not wanted any more or was refused
  };

  struct Start {};
  struct Wait {};
  struct Refuse {
    nanoseconds retry_after;  // after this time a call with the same time to its deadline would be accepted
  };
  using Decision = std::variant<Start, Wait, Refuse>;

  // The effects of a released slot.
  struct Turn {
    std::vector<Ticket> start;    // hold a slot now; leave() must follow for each
    std::vector<Ticket> expired;  // their deadline has passed; removed
  };

  explicit Gate(GateOptions options);

  // Requests a slot for `ticket`, a number not in use. After Start the ticket holds a slot until leave(). After Wait a
  // later Turn names the ticket. After Refuse the gate keeps nothing of it. `bytes` are those of the running calls.
  [[nodiscard]] Decision enter(Ticket ticket, Purpose purpose, SteadyTime now, SteadyTime deadline,
                               std::size_t bytes = 0);

  // Releases the slot of `ticket` and passes it on. `bytes` are those of the calls that still run.
  [[nodiscard]] Turn leave(Ticket ticket, SteadyTime now, Ending ending = Ending::called, std::size_t bytes = 0);

  // The call of `ticket`, which has held its slot without calling, begins now: that time says nothing about a call.
  void restart(Ticket ticket, SteadyTime now);

  // Removes a ticket that waits. Returns false if it does not wait.
  bool remove(Ticket ticket);

  // Removes and returns all waiting tickets, for shutdown.
  [[nodiscard]] std::vector<Ticket> clear_queue();

  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t queued() const { return ahead_of(kPurposes); }

 private:
  struct Waiting {
    Ticket ticket;
    SteadyTime deadline;
  };

  static constexpr std::size_t kPurposes = static_cast<std::size_t>(Purpose::early) + 1;

  // Whether a call may start.
  [[nodiscard]] bool has_room(std::size_t bytes) const;
  // The number of tickets waiting in the first `lines` queues.
  [[nodiscard]] std::size_t ahead_of(std::size_t lines) const;
  [[nodiscard]] nanoseconds expected_wait(std::size_t ahead, SteadyTime now) const;

  GateOptions options_;
  nanoseconds estimate_;                              // the expected duration of a call
  std::unordered_map<Ticket, SteadyTime> running_;    // the value is the start time
  std::array<std::deque<Waiting>, kPurposes> lines_;  // by purpose, the most urgent first
};

}  // namespace wx::open_meteo
