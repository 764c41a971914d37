// A seeded random generator, given to its users as a parameter so that tests can repeat it: for jitter and request ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace wx {

// Maps 64 random or hashed bits evenly to [0, 1).
[[nodiscard]] constexpr double fraction_of(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

// A xorshift64* generator (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
// Not for secrets.
// Thread-safety: none; use one per thread.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed == 0 ? 0x9e3779b97f4a7c15ULL : seed) {}

  constexpr std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dULL;
  }
  // In [0, 1).
  constexpr double fraction() { return fraction_of(next()); }
  // In [low, high), or `low` if the two are equal: a span with jitter.
  constexpr nanoseconds between(nanoseconds low, nanoseconds high) {
    return low + nanoseconds(static_cast<nanoseconds::rep>(fraction() * static_cast<double>((high - low).count())));
  }

 private:
  std::uint64_t state_;
};

// Up to 16 hexadecimal digits, for names that must differ. Not for secrets.
[[nodiscard]] std::string random_hex(Random& random, std::size_t digits);

// A seed from the operating system.
[[nodiscard]] std::uint64_t random_seed();

}  // namespace wx
