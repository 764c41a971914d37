// The circuit breaker for the provider: after repeated failures it pauses all calls, then lets one load at a time
// probe.
//
//            failures in a row                   the wait is over: the next load
//   closed ----------------------> open ------------------------------------------> half-open
//     ^                              ^                                                 |  |
//     |                              +-------- it failed: the wait doubles ------------+  |
//     +----------------------------------------- it succeeded ---------------------------+
//
// Failures are: unreachable, no complete answer in time, an error, a reply that is cut short or not from the provider,
// denied access, and an answer so slow that the next one may miss the timeout (BreakerOptions::slow). A whole reply
// that is wrong for its place alone (Error::of_query) shows, as an answer does, that the provider works. A refused
// query (400) and a 429 say nothing about health; if a probe ends with one, the next load becomes the probe. The first
// load after the wait is the probe, whatever its purpose; a background refresh is the cheapest one, because no client
// waits for it. The breaker refuses all others meanwhile; which of them wait for the probe is decided above
// (Admission). The outcome of a call that started before the breaker opened is ignored.
//
// A 429, and any other failed reply with a Retry-After, blocks calls until the time that it names, in every state of
// the breaker.
//
// Thread-safety: none. The caller holds a lock.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace wx::open_meteo {

struct BreakerOptions {
  unsigned failures = 5;  // in a row; 0: never opens
  nanoseconds slow{0};    // answers that take at least this long count as failures; 0: disabled
  nanoseconds first_wait = milliseconds(500);
  nanoseconds longest_wait = milliseconds(30'000);
};

class ProviderBreaker {
 public:
  enum class State : std::uint8_t { closed, half_open, open, limited };

  // A call holds a pass from its admission to its outcome. Each pass ends with exactly one call of succeeded(),
  // failed() or release().
  struct Pass {
    bool probe = false;
    std::uint64_t era = 0;
  };
  struct Refusal {
    ErrorKind kind = ErrorKind::provider_error;  // of the last failure, or of limit()
    nanoseconds retry_after{0};
    bool probing = false;  // a probe is under way, so its outcome will decide soon
    bool limited = false;  // by limit()
  };

  ProviderBreaker(BreakerOptions options, Random random)
      : options_(options), random_(random), wait_(options.first_wait) {}

  // Checks whether enter() would let a call pass; changes nothing.
  [[nodiscard]] std::expected<void, Refusal> check(SteadyTime now) const;
  // Lets a call pass, as the probe if one is due, or refuses it.
  [[nodiscard]] std::expected<Pass, Refusal> enter(SteadyTime now);

  void succeeded(Pass pass, nanoseconds duration, SteadyTime now);
  void failed(Pass pass, ErrorKind kind, SteadyTime now);
  // Ends the pass of a call that was not made, or whose outcome says nothing about health.
  void release(Pass pass);

  // Blocks calls for `span`, because the provider said so in a fault of this kind. The longer of two such spans counts.
  // The caller also ends the call's pass.
  void limit(nanoseconds span, ErrorKind kind, SteadyTime now);

  [[nodiscard]] State state(SteadyTime now) const;
  // Returns true while a probe is under way.
  [[nodiscard]] bool probing() const { return state_ == State::half_open; }
  // The expected time until the next call may pass; 0 if it may pass now.
  [[nodiscard]] nanoseconds wait(SteadyTime now) const;

  // The number of openings, including those after a failed probe.
  [[nodiscard]] std::uint64_t openings() const { return era_; }
  // Returns true if an answer took so long that it counts as a failure.
  [[nodiscard]] bool is_slow(nanoseconds duration) const {
    return options_.slow > nanoseconds(0) && duration >= options_.slow;
  }
  // What a fault says about the provider.
  enum class Health : std::uint8_t { well, ill, unknown };
  [[nodiscard]] static Health health(const Error& fault);

 private:
  void open(ErrorKind kind, SteadyTime now);

  const BreakerOptions options_;
  Random random_;
  nanoseconds wait_;  // the wait of the next opening, before jitter
  State state_ = State::closed;
  std::uint64_t era_ = 0;  // counts the openings
  unsigned failures_ = 0;
  ErrorKind kind_ = ErrorKind::provider_error;
  SteadyTime open_until_;
  SteadyTime limited_until_;
  ErrorKind limited_kind_ = ErrorKind::provider_limited;
};

// "closed", "half-open", "open", "limited"
[[nodiscard]] std::string_view name(ProviderBreaker::State state);

}  // namespace wx::open_meteo
