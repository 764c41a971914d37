// The breaker before the provider: when it fails, it is left alone, and asked again through one load at a time.
//
//            failures in a row                   the wait is over: the next load
//   closed ----------------------> open ------------------------------------------> half-open
//     ^                              ^                                                 |  |
//     |                              +-------- it failed: the wait doubles ------------+  |
//     +----------------------------------------- it succeeded ---------------------------+
//
// A failure is: unreachable, no whole answer in time, an error, a bad reply, a refused key; and an answer that took so
// long that the next one may not come in time. A refused question (400) and a limit (429) say nothing about health; a
// probe that ends with one leaves its place to the next load. The probe is whatever load comes first, of any purpose:
// one that nobody waits for is the cheapest of all. Calls that started before the breaker opened change nothing.
//
// A 429 closes the provider until the end of what it names, independent of all this.
//
// Thread-safety: none; guard it.
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
  nanoseconds slow{0};    // answers that take at least this long count as failures; 0: none does
  nanoseconds first_wait = milliseconds(500);
  nanoseconds longest_wait = milliseconds(30'000);
};

class Breaker {
 public:
  enum class State : std::uint8_t { closed, half_open, open, limited };

  // What a call holds from its admission to its verdict; each must end in exactly one of succeeded(), failed() and
  // release().
  struct Pass {
    bool probe = false;
    std::uint64_t era = 0;
  };
  struct Refusal {
    ErrorKind kind = ErrorKind::provider_error;  // of the last failure; provider_limited after a 429
    nanoseconds retry_after{0};
  };

  Breaker(BreakerOptions options, Random random) : options_(options), random_(random), wait_(options.first_wait) {}

  // Whether enter() would let a call pass; changes nothing.
  [[nodiscard]] std::expected<void, Refusal> check(SteadyTime now) const;
  // Lets a call pass, as the probe if it is time for one.
  [[nodiscard]] std::expected<Pass, Refusal> enter(SteadyTime now);

  void succeeded(Pass pass, nanoseconds duration, SteadyTime now);
  void failed(Pass pass, ErrorKind kind, SteadyTime now);
  // The call was not made, or ended without a word about health.
  void release(Pass pass);

  // The provider said 429: no calls for `span`. Comes beside the release() of the call's pass.
  void limit(nanoseconds span, SteadyTime now);

  [[nodiscard]] State state(SteadyTime now) const;
  // How long until the next call may pass, as far as is known; 0 when it is closed.
  [[nodiscard]] nanoseconds wait(SteadyTime now) const;

  // How often it has opened, or opened again after a probe.
  [[nodiscard]] std::uint64_t openings() const { return era_; }
  // Whether an answer came so late that it counts as a failure.
  [[nodiscard]] bool is_slow(nanoseconds duration) const {
    return options_.slow > nanoseconds(0) && duration >= options_.slow;
  }
  // Whether a fault of this kind is a failure in the sense above.
  [[nodiscard]] static bool is_failure(ErrorKind kind);

 private:
  void open(ErrorKind kind, SteadyTime now);

  const BreakerOptions options_;
  Random random_;
  nanoseconds wait_;  // before jitter: of the next opening
  State state_ = State::closed;
  std::uint64_t era_ = 0;  // counts the openings
  unsigned failures_ = 0;
  ErrorKind kind_ = ErrorKind::provider_error;
  SteadyTime open_until_;
  SteadyTime limited_until_;
};

// "closed", "half-open", "open", "limited"
[[nodiscard]] std::string_view name(Breaker::State state);

}  // namespace wx::open_meteo
